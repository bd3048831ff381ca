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


def _programs(node: Node) -> list[str]:
    """Names of the executables that a desktop program consists of."""
    return sorted(Path(process.command[2]).name for process in node.processes())


def _pid_of(node: Node, program: str) -> int:
    return next(process.pid for process in node.processes() if Path(process.command[2]).name == program)


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

    assert _programs(desktop) == [name, *others]
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
    wallet_pid = _pid_of(desktop, "moneyrocket-wallet")

    os.kill(wallet_pid, signal.SIGKILL)

    wait_until(
        lambda: [process.pid for process in desktop.processes() if "wallet" in process.command[2]],
        "another wallet process",
        timeout=desktop.timeout(30),
        accept=lambda pids: bool(pids) and wallet_pid not in pids,
    )
    wait_until(
        lambda: _loaded_wallets(desktop),
        "its wallet loaded again",
        timeout=desktop.timeout(30),
        accept=lambda names: names == ["w"],
    )
    node_pid = _pid_of(desktop, "moneyrocket-node")

    os.kill(node_pid, signal.SIGKILL)

    wait_until(
        lambda: [process.pid for process in desktop.processes() if "node" in process.command[2]],
        "another node process",
        timeout=desktop.timeout(30),
        accept=lambda pids: bool(pids) and node_pid not in pids,
    )
    desktop.wait_until_ready()
    assert _programs(desktop) == ["moneyrocket-gui", "moneyrocket-node", "moneyrocket-wallet"]
    desktop.terminate()
