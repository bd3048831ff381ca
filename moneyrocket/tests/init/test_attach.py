"""Desktop programs that attach to a node: several at once, coming and going, and what becomes of the node."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.options import OptionSpec
from moneyrocket.common.options_node import IPC_OPTIONS, NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.init.attach_source import AttachSource, address_to_attach
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component
from moneyrocket.interfaces.node import NodeAbsentError, NodeStartError
from moneyrocket.interfaces.process import ProcessRole
from moneyrocket.interfaces.wallet_values import AddressType, NewWallet
from moneyrocket.ipc.address import KEYS_FOLDER, UnixAddress, parse_address
from moneyrocket.ipc.attach import attach_node
from moneyrocket.ipc.connect import IpcConnectError
from moneyrocket.ipc.keys import own_certificate
from moneyrocket.ipc.peers import Peers
from moneyrocket.tests.init.test_desktop import (
    Recorder,
    mine,
    pid_of,
    process_path,
    started,
    wait_until,
    wallets_of,
)

__all__ = ["process_path"]

StartNode = Callable[..., "subprocess.Popen[bytes]"]
StartSource = Callable[..., AttachSource]


@pytest.fixture
def address(tmp_path: Path) -> UnixAddress:
    return UnixAddress(tmp_path / "regtest" / "node.sock")


@pytest.fixture
def start_node(tmp_path: Path, process_path: None) -> Iterator[StartNode]:
    """Starts moneyrocket-node, and returns when it can be attached to unless told otherwise."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*options: str, listening: bool = True) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "moneyrocket.init.moneyrocket_node", f"-datadir={tmp_path}", "-regtest"]
        quiet = ["-listen=0", "-server=0", "-printtoconsole=0", "-keypool=3", "-fallbackfee=0.0002", "-ipcbind=unix"]
        process = subprocess.Popen([*command, *quiet, *options])
        begun.append(process)
        if listening:
            wait_until((tmp_path / "regtest" / "node.sock").exists, "socket")
        return process

    yield start
    for process in begun:
        process.terminate()
        process.wait(60)


@pytest.fixture
def start_source(address: UnixAddress) -> Iterator[StartSource]:
    made: list[AttachSource] = []

    def start(**changes: str) -> AttachSource:
        made.append(AttachSource(**{"address": address, "chain": "regtest", "own_name": "tests", **changes}))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for source in made:
        source.close()


def at_height(recorder: Recorder, height: int) -> bool:
    return bool(recorder.tips) and recorder.tips[-1].height == height


def test_nobody_there(start_source: StartSource, address: UnixAddress) -> None:
    with pytest.raises(NodeAbsentError, match=f"^Nobody listens at {address.path}"):
        start_source().connect(Recorder())


def test_two_programs_come_and_go(start_node: StartNode, start_source: StartSource) -> None:
    process = start_node()
    one, two = Recorder(), Recorder()
    first, second = start_source(), start_source()
    node, same = started(first, one), started(second, two)

    wallet = wallets_of(node).create(NewWallet("w")).wallet
    mine(node, wallet, 1)

    for recorder in (one, two):
        wait_until(partial(at_height, recorder, 1), "tip")
    assert [each.name() for each in wallets_of(same).loaded()] == ["w"]
    first.close()
    with pytest.raises(ConnectionError):
        node.chain_state()
    mine(same, wallets_of(same).loaded()[0], 1)
    wait_until(partial(at_height, two, 2), "tip")
    assert one.tips[-1].height == 1
    assert started(first, one).chain_state().height == 2
    assert process.poll() is None


def test_stopping_is_for_who_asks_for_it(start_node: StartNode, start_source: StartSource) -> None:
    process = start_node()
    recorder, source = Recorder(), start_source()
    node = started(source, recorder)

    node.stop()
    assert not node.shutdown_requested()
    assert node.chain_state().height == 0
    node.request_shutdown()

    assert process.wait(60) == 0
    wait_until(lambda: "node lost" in recorder.events, "events")
    with pytest.raises(NodeAbsentError):
        source.connect(recorder)


def test_a_killed_node_comes_back(start_node: StartNode, start_source: StartSource) -> None:
    process = start_node()
    recorder, source = Recorder(), start_source()
    node = started(source, recorder)
    wallet = wallets_of(node).create(NewWallet("w", load_on_startup=True)).wallet
    mine(node, wallet, 3)

    process.kill()
    process.wait()
    wait_until(lambda: "node lost" in recorder.events, "events")
    with pytest.raises(NodeAbsentError, match="Nobody listens"):
        source.connect(recorder)
    assert not any(stats.alive for stats in source.process_stats() if stats.role is not ProcessRole.GUI)
    (Path(source.attached_to.removeprefix("unix:"))).unlink()
    start_node()

    again = started(source, recorder)
    assert again.chain_state().height == 3
    assert [each.name() for each in wallets_of(again).loaded()] == ["w"]
    assert source.ping(10)


def test_its_processes_are_shown(start_node: StartNode, start_source: StartSource) -> None:
    process = start_node()
    source = start_source()
    started(source, Recorder())

    stats = {each.role: each for each in source.process_stats()}

    assert set(stats) == {ProcessRole.GUI, ProcessRole.NODE, ProcessRole.WALLET}
    assert stats[ProcessRole.NODE].pid == process.pid
    assert stats[ProcessRole.NODE].alive


def test_without_wallets(start_node: StartNode, start_source: StartSource) -> None:
    start_node("-disablewallet")
    node = started(start_source(), Recorder())

    assert node.wallets() is None
    assert not node.info().wallet_enabled


def test_a_wallet_process_that_dies_is_made_anew_once(start_node: StartNode, start_source: StartSource) -> None:
    start_node()
    recorders = [Recorder(), Recorder()]
    sources = [start_source(), start_source()]
    nodes = [started(source, recorder) for source, recorder in zip(sources, recorders, strict=True)]
    wallets_of(nodes[0]).create(NewWallet("w", load_on_startup=True))

    os.kill(pid_of(sources[0], ProcessRole.WALLET), signal.SIGKILL)
    for recorder in recorders:
        wait_until(partial(recorder.events.count, "wallets lost"), "events")
    threads = [threading.Thread(target=node.restart_wallets) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for node, recorder in zip(nodes, recorders, strict=True):
        wait_until(partial(recorder.events.count, "wallets ready"), "events")
        assert [each.name() for each in wallets_of(node).loaded()] == ["w"]


KEPT = 3
"""Threads and descriptors that are made once, whoever comes."""
HANGING = """
import sys, threading
from pathlib import Path
from moneyrocket.init.attach_source import AttachSource
from moneyrocket.ipc.address import UnixAddress
from moneyrocket.tests.init.test_desktop import Recorder, started, wallets_of
source, recorder = AttachSource(UnixAddress(Path(sys.argv[1])), "regtest", "hanging"), Recorder()
node = started(source, recorder)
wallets = wallets_of(node)
kept = [wallets.handle_loaded(lambda wallet: None), node.handle_log("ipc", recorder)]
kept += [wallet.handle_notifications(recorder) for wallet in wallets.loaded()]
print("ready", flush=True)
threading.Event().wait()
"""


@contextmanager
def hanging_program(address: UnixAddress) -> Iterator[None]:
    """A program that subscribes to everything and takes nothing of it; killed at the end of the block."""
    with subprocess.Popen([sys.executable, "-c", HANGING, str(address.path)], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        program.send_signal(signal.SIGSTOP)
        yield
        program.kill()


def test_a_program_that_hangs_holds_up_nobody(
    start_node: StartNode, start_source: StartSource, address: UnixAddress
) -> None:
    process = start_node()
    node = started(start_source(), Recorder())
    wallet = wallets_of(node).create(NewWallet("w")).wallet

    with hanging_program(address):
        mine(node, wallet, 20)
        wallet.new_address("label", AddressType.BECH32)

        assert node.chain_state().height == 20
        wait_until(lambda: wallet.balances().immature > 0, "balance")
        wallets_of(node).unload("w", False)
        node.request_shutdown()
        assert process.wait(60) == 0


def test_nothing_is_left_of_a_program_that_dies(
    start_node: StartNode, start_source: StartSource, address: UnixAddress
) -> None:
    start_node()
    source = start_source()
    node = started(source, Recorder())
    wallet = wallets_of(node).create(NewWallet("w")).wallet

    def used() -> dict[ProcessRole, tuple[int, int]]:
        return {
            stats.role: (stats.threads, sum(1 for _ in Path(f"/proc/{stats.pid}/fd").iterdir()))
            for stats in source.process_stats()
            if stats.role is not ProcessRole.GUI
        }

    def as_before() -> bool:
        return all(now[i] <= before[role][i] + KEPT for role, now in used().items() for i in (0, 1))

    before = used()
    for _ in range(2 * KEPT):
        with hanging_program(address):
            mine(node, wallet, 2)

    wait_until(as_before, f"no more than {before} and {KEPT}")


def test_other_version_and_other_chain_are_told(start_node: StartNode, address: UnixAddress) -> None:
    start_node()
    fitting = Component("moneyrocket-gui", "9.9", PROTOCOL_VERSION, "regtest")

    for component, words in (
        (replace(fitting, protocol=PROTOCOL_VERSION + 1), ("moneyrocket-gui 9.9 (protocol 2)", "(protocol 1)")),
        (replace(fitting, chain="signet"), ("moneyrocket-gui is set to the chain signet", "this node to regtest")),
    ):
        with pytest.raises(IpcConnectError) as caught:
            attach_node(address, component, 10)
        assert not caught.value.absent
        for word in words:
            assert word in str(caught.value)


def test_a_node_that_hangs_is_given_up(address: UnixAddress) -> None:
    address.path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(address.path))
        silent.listen()

        with pytest.raises(IpcConnectError, match=r"no answer from unix:.* within 0\.2 seconds") as caught:
            attach_node(address, Component("tests", "1", PROTOCOL_VERSION, "regtest"), 0.2)

    assert caught.value.absent


def test_an_address_that_cannot_be_is_no_node_that_is_away(address: UnixAddress) -> None:
    address.path.parent.mkdir()
    address.path.write_text("no socket")

    with pytest.raises(IpcConnectError, match="is not a socket") as caught:
        attach_node(address, Component("tests", "1", PROTOCOL_VERSION, "regtest"), 1)

    assert not caught.value.absent


def test_a_host_that_is_not_known_may_be_known_later(tmp_path: Path) -> None:
    address = parse_address("tcp:nowhere.invalid:8500", tmp_path)
    keys = tmp_path / KEYS_FOLDER
    own_certificate(keys, "gui")
    Peers(keys).add(own_certificate(tmp_path / "other", "node"))

    with pytest.raises(IpcConnectError, match=r"nowhere\.invalid") as caught:
        attach_node(address, Component("moneyrocket-gui", "1", PROTOCOL_VERSION, "regtest"), 10)

    assert caught.value.absent


class TestWhereTo:
    @pytest.fixture
    def args(self, tmp_path: Path) -> Callable[..., ArgsManager]:
        def make(**given: str | bool) -> ArgsManager:
            line = {"datadir": str(tmp_path), "regtest": "1", **given}
            options = (*NODE_OPTIONS, *IPC_OPTIONS, OptionSpec("-ipcconnect=<address>"))
            args = ArgsManager(options, Settings(command_line={name: [value] for name, value in line.items()}))
            args.select_network("regtest")
            args.datadir_net.mkdir(exist_ok=True)
            return args

        return make

    def test_a_node_is_started_unless_told_otherwise(self, args: Callable[..., ArgsManager]) -> None:
        assert address_to_attach(args()) is None
        assert address_to_attach(args(ipcconnect=False)) is None
        assert address_to_attach(args(ipcbind="unix")) is None

    def test_the_socket_of_the_chain(self, args: Callable[..., ArgsManager], address: UnixAddress) -> None:
        assert address_to_attach(args(ipcconnect="unix")) == address
        assert address_to_attach(args(ipcconnect="unix:n")) == UnixAddress(address.path.with_name("n"))
        assert str(address_to_attach(args(ipcconnect="tcp:127.0.0.1:8500"))) == "tcp:127.0.0.1:8500"

    def test_auto_looks_who_listens(self, args: Callable[..., ArgsManager], address: UnixAddress) -> None:
        assert address_to_attach(args(ipcconnect="auto")) is None
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(address.path))
            assert address_to_attach(args(ipcconnect="auto", ipcbind="unix")) is None
            listening.listen()
            assert address_to_attach(args(ipcconnect="auto", ipcbind="unix")) == address

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"ipcconnect": "nonsense"}, "Invalid -ipcconnect: Unrecognized address 'nonsense'. Use auto, unix, "),
            ({"ipcconnect": ""}, "Invalid -ipcconnect: Unrecognized address ''. Use auto, unix, "),
            ({"ipcconnect": "unix:" + 110 * "x"}, "exceeded maximum socket path length"),
            ({"ipcconnect": "unix", "ipcbind": "unix"}, "Cannot set -ipcconnect=unix together with -ipcbind"),
        ],
    )
    def test_what_makes_no_sense(self, args: Callable[..., ArgsManager], given: dict[str, str], words: str) -> None:
        with pytest.raises(InitError, match=words):
            address_to_attach(args(**given))


def test_a_node_that_starts_says_how_far_it_is(
    start_node: StartNode, start_source: StartSource, address: UnixAddress
) -> None:
    recorder = Recorder()
    source = start_source()
    start_node()

    node = source.connect(recorder)
    recorder.handlers.append(node.handle_notifications(recorder))
    node.start()

    assert node.chain_state().height == 0
    assert wallets_of(node).loaded() == []


def test_a_node_start_error_is_one(start_node: StartNode, start_source: StartSource) -> None:
    start_node()

    with pytest.raises(NodeStartError, match="set to the chain main") as caught:
        start_source(chain="main").connect(Recorder())

    assert not isinstance(caught.value, NodeAbsentError)
