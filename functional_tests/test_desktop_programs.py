"""moneyrocket-qt and moneyrocket-gui without a display: who runs where, and how all of it ends.

A build without Qt has neither; then these tests hold that it has none.
"""

import os
import signal
from pathlib import Path

import pytest

from functional_tests.framework.executables import Executables
from functional_tests.framework.mini_wallet import MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.process import session_members
from functional_tests.framework.rpc_client import JsonRpcError
from functional_tests.framework.waiting import wait_until

PROGRAMS = ("moneyrocket-qt", "moneyrocket-gui")


@pytest.fixture(params=PROGRAMS)
def desktop(
    request: pytest.FixtureRequest,
    executables: Executables,
    node_factory: NodeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Node | None:
    """A running desktop program with the pre-mined chain, None if the build has no such program."""
    program: str = request.param
    if not executables.node.with_name(program).exists():
        assert program == "moneyrocket-gui" or not executables.node.with_name("moneyrocket-gui").exists()
        return None
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    node = node_factory.create("-server=1", program=program)
    node.start()
    return node


def _pids(node: Node) -> dict[str, int]:
    """The processes that a desktop program consists of, by the name of their executable."""
    return {
        name: process.pid
        for process in node.processes()
        # A process that is about to become another program has no such command line yet.
        for name in (Path(word).name for word in process.command[:3])
        if name.startswith("moneyrocket-")
    }


def _loaded_wallets(node: Node) -> object:
    try:
        return node.rpc.listwallets()
    except JsonRpcError as error:
        return error


def test_processes(desktop: Node | None) -> None:
    if desktop is None:
        return
    name = desktop.settings.executables.node.name
    others = ["moneyrocket-node", "moneyrocket-wallet"] if name == "moneyrocket-gui" else []

    assert sorted(_pids(desktop)) == [name, *others]
    desktop.terminate()


def test_payment(desktop: Node | None) -> None:
    if desktop is None:
        return
    desktop.rpc.createwallet("w")
    wallet = desktop.wallet("w")
    MiniWallet(desktop).fund(wallet.getnewaddress(), 10 * 100_000_000)

    txid = wallet.sendtoaddress(wallet.getnewaddress(), 1)

    assert desktop.rpc.getrawmempool() == [txid]
    assert "/data" in desktop.cli("getrpcinfo").stdout
    desktop.stop()


def test_killed_windows(desktop: Node | None) -> None:
    if desktop is None:
        return
    session = desktop.pid
    height = desktop.rpc.getblockcount()

    desktop.kill()

    assert session_members(session) == []
    if desktop.settings.executables.node.name == "moneyrocket-gui":
        assert "Shutdown done" in desktop.debug_log.path.read_text()
    desktop.start()
    assert desktop.rpc.getblockcount() == height


def test_processes_come_back(desktop: Node | None) -> None:
    if desktop is None or desktop.settings.executables.node.name != "moneyrocket-gui":
        return
    desktop.rpc.createwallet("w", load_on_startup=True)
    wallet_pid = _pids(desktop)["moneyrocket-wallet"]

    os.kill(wallet_pid, signal.SIGKILL)

    wait_until(
        lambda: _pids(desktop).get("moneyrocket-wallet"),
        "another wallet process",
        timeout=desktop.timeout(30),
        accept=lambda pid: pid not in (None, wallet_pid),
    )
    wait_until(
        lambda: _loaded_wallets(desktop),
        "its wallet loaded again",
        timeout=desktop.timeout(30),
        accept=lambda names: names == ["w"],
    )
    node_pid = _pids(desktop)["moneyrocket-node"]

    os.kill(node_pid, signal.SIGKILL)

    wait_until(
        lambda: _pids(desktop).get("moneyrocket-node"),
        "another node process",
        timeout=desktop.timeout(30),
        accept=lambda pid: pid not in (None, node_pid),
    )
    desktop.wait_until_ready()
    assert sorted(_pids(desktop)) == ["moneyrocket-gui", "moneyrocket-node", "moneyrocket-wallet"]
    desktop.terminate()
