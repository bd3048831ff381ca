"""A node as a desktop program has it: the same in its own process and in others, and what becomes of those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moneyrocket.common import logging
from moneyrocket.common.settings import Settings
from moneyrocket.init.node_sources import LocalSource, ProcessSource
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.node import LogSink, Node, NodeNotifications, NodeSource, NodeSourceEvents, NodeStartError
from moneyrocket.interfaces.node_values import BlockTip
from moneyrocket.interfaces.process import ProcessRole
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications, Wallets
from moneyrocket.interfaces.wallet_values import AddressType, FeeChoice, NewWallet, Payment, TxQuery, TxType

COIN = 100_000_000
FOREIGN = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of a condition."""
    end = time.monotonic() + 60
    while not (value := condition()):
        assert time.monotonic() < end, f"{what}: last value {value!r}"
        time.sleep(0.02)
    return value


class Recorder(NodeNotifications, NodeSourceEvents, WalletNotifications, LogSink):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.handlers: list[Handler] = []
        self.tips: list[BlockTip] = []
        self.events: list[str] = []
        self.log: list[str] = []
        self.txids: set[bytes] = set()

    def init_message(self, message: str) -> None:
        self.messages.append(message)

    def block_tip(self, tip: BlockTip) -> None:
        self.tips.append(tip)

    def network_active(self, active: bool) -> None:
        self.events.append(f"network {active}")

    def banned_list_changed(self) -> None:
        self.events.append("banned")

    def wallets_ready(self) -> None:
        self.events.append("wallets ready")

    def wallets_lost(self) -> None:
        self.events.append("wallets lost")

    def shutdown_requested(self) -> None:
        self.events.append("shutdown")

    def lost(self, message: str) -> None:
        self.events.append("node lost")

    def quit_requested(self) -> None:
        self.events.append("quit")

    def transactions_changed(self, txids: list[bytes]) -> None:
        self.txids.update(txids)

    def lines(self, lines: list[str]) -> None:
        self.log += lines


def settings(datadir: Path) -> Settings:
    given = {"datadir": str(datadir), "regtest": "1", "listen": "0", "fallbackfee": "0.0002", "keypool": "3"}
    return Settings(command_line={name: [value] for name, value in given.items()})


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    yield
    # A node in this process has begun to write one.
    logging.stop_logging()


@pytest.fixture
def process_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.fixture(params=["local", "process"])
def source(request: pytest.FixtureRequest, tmp_path: Path, process_path: None) -> Iterator[NodeSource]:
    made: LocalSource | ProcessSource
    if request.param == "local":
        made = LocalSource(settings(tmp_path), "regtest")
    else:
        made = ProcessSource(settings(tmp_path), "regtest", "tests")
    yield made
    made.close()


@pytest.fixture
def processes(tmp_path: Path, process_path: None) -> Iterator[ProcessSource]:
    made = ProcessSource(settings(tmp_path), "regtest", "tests")
    yield made
    made.close()


def started(source: NodeSource, recorder: Recorder) -> Node:
    node = source.connect(recorder)
    recorder.handlers.append(node.handle_notifications(recorder))
    node.start()
    return node


def wallets_of(node: Node) -> Wallets:
    wallets = node.wallets()
    assert wallets is not None
    return wallets


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie, which only its parent can take away."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def mine(node: Node, wallet: Wallet, blocks: int = 101) -> None:
    address = wallet.new_address("", AddressType.BECH32)
    node.execute_rpc("generatetoaddress", [blocks, address], "/")


def pid_of(source: NodeSource, role: ProcessRole) -> int:
    return next(stats.pid for stats in source.process_stats() if stats.role is role)


def test_from_start_to_end(source: NodeSource, tmp_path: Path) -> None:
    recorder = Recorder()
    node = source.connect(recorder)
    assert node.chain_state().height == -1
    handler = node.handle_notifications(recorder)
    node.start()

    info = node.info()
    assert (info.chain, info.data_dir, info.rpc_server) == ("regtest", str(tmp_path / "regtest"), False)
    wait_until(lambda: "wallets ready" in recorder.events, "events")
    assert "Done loading" in recorder.messages
    assert node.chain_state().height == 0
    wallet = wallets_of(node).create(NewWallet("w")).wallet
    watch = wallet.handle_notifications(recorder)
    mine(node, wallet)
    tip = wait_until(lambda: recorder.tips and recorder.tips[-1].height == 101 and recorder.tips[-1], "tips")
    state = node.chain_state()
    assert (state.height, state.tip_hash, state.header_height) == (101, tip.hash, 101)

    payments = [Payment(FOREIGN, COIN, label="shop")]
    prepared = wallet.prepare_payment(payments, FeeChoice(fee_rate=2000), True)
    txid = wallet.commit_payment(prepared.tx, payments)

    wait_until(lambda: txid in recorder.txids, "txids")
    assert wallet.transactions(TxQuery(types=(TxType.SENT,)), 0, 10).rows[0].label == "shop"
    mempool = node.mempool_state()
    assert (mempool.transactions, mempool.total_fee) == (1, prepared.fee)
    assert [band.transactions for band in node.mempool_bands([0, 1900, 3000])] == [0, 1, 0]
    watch.disconnect()
    handler.disconnect()
    node.stop()
    assert not (tmp_path / "regtest" / "moneyrocketd.pid").exists()


def test_console_settings_network_and_bans(source: NodeSource) -> None:
    recorder = Recorder()
    node = started(source, recorder)

    methods = {method.name: method for method in node.rpc_methods()}
    assert [(arg.name, arg.is_json) for arg in methods["getblockhash"].arguments] == [("height", True)]
    assert methods["getnewaddress"].category == "wallet"
    assert node.execute_rpc("getblockcount", [], "/") == 0
    with pytest.raises(RpcError) as caught:
        node.execute_rpc("getblockhash", [7], "/")
    assert caught.value.code == -8

    assert node.setting("listen").overridden
    assert node.setting("prune").value is None
    assert node.update_setting("prune", "550")
    assert (node.setting("prune").stored, node.setting("prune").restart_needed) == ("550", True)

    assert not node.ban("nonsense", 60)
    assert node.ban("10.1.2.3:8333", 60)
    assert [entry.subnet for entry in node.banned()] == ["10.1.2.3/32"]
    assert node.unban("10.1.2.3/32")
    assert node.banned() == []
    assert not node.disconnect_peer(99)
    assert node.peers() == []
    node.set_network_active(False)
    assert not node.network_state().active
    wait_until(lambda: {"network False", "banned"} <= set(recorder.events), "events")


def test_stop_by_rpc_is_told(source: NodeSource) -> None:
    recorder = Recorder()
    node = started(source, recorder)

    node.execute_rpc("stop", [], "/")

    wait_until(lambda: "shutdown" in recorder.events, "events")
    assert node.shutdown_requested()


def test_a_node_that_cannot_start_says_why(source: NodeSource, tmp_path: Path) -> None:
    (tmp_path / "regtest").mkdir()
    (tmp_path / "regtest" / "settings.json").write_text('{"maxmempool": "1"}')

    node = source.connect(Recorder())

    with pytest.raises(NodeStartError, match="-maxmempool must be at least"):
        node.start()
    node.stop()


def test_stop_before_start(source: NodeSource) -> None:
    node = source.connect(Recorder())
    node.stop()
    node.start()
    assert node.chain_state().height == -1


def test_three_processes_and_their_numbers(processes: ProcessSource) -> None:
    recorder = Recorder()
    node = started(processes, recorder)
    handler = node.handle_log("ipc", recorder)

    first = {stats.role: stats for stats in processes.process_stats()}
    node.execute_rpc("getbalances", [], "/") if wallets_of(node).loaded() else node.execute_rpc("listwallets", [], "/")
    second = {stats.role: stats for stats in processes.process_stats()}

    assert set(first) == {ProcessRole.GUI, ProcessRole.NODE, ProcessRole.WALLET}
    assert len({stats.pid for stats in first.values()}) == 3
    assert all(stats.alive and stats.memory > 10_000_000 and stats.threads for stats in second.values())
    assert second[ProcessRole.GUI].calls_made > first[ProcessRole.GUI].calls_made
    assert second[ProcessRole.NODE].calls_served > first[ProcessRole.NODE].calls_served
    assert second[ProcessRole.WALLET].calls_served > first[ProcessRole.WALLET].calls_served
    assert processes.ping(10)
    wait_until(lambda: any("Node.executeRpc" in line for line in recorder.log), "log")
    handler.disconnect()
    assert not any("LogSink" in line for line in recorder.log)
    assert not any("[ipc]" in line for line in (Path(node.info().log_path)).read_text().splitlines())


def test_a_wallet_process_that_dies_comes_back(processes: ProcessSource) -> None:
    recorder = Recorder()
    node = started(processes, recorder)
    wallet = wallets_of(node).create(NewWallet("w", load_on_startup=False)).wallet
    address = wallet.new_address("kept", AddressType.BECH32)

    for _ in range(2):
        recorder.events.clear()
        os.kill(pid_of(processes, ProcessRole.WALLET), signal.SIGKILL)
        wait_until(lambda: "wallets lost" in recorder.events, "events")
        with pytest.raises(ConnectionError):
            wallet.name()
        assert node.wallets() is None
        with pytest.raises(RpcError):
            node.execute_rpc("getbalance", [], "/")

        node.restart_wallets()

        (wallet,) = wallets_of(node).loaded()
        assert wallet.address_info(address).label == "kept"
        assert node.execute_rpc("getbalance", [], "/") == 0
    with pytest.raises(NodeStartError, match="has not ended"):
        node.restart_wallets()


def test_a_node_process_that_dies_is_told_and_can_be_made_anew(processes: ProcessSource) -> None:
    recorder = Recorder()
    node = started(processes, recorder)
    wallet_pid = pid_of(processes, ProcessRole.WALLET)

    os.kill(pid_of(processes, ProcessRole.NODE), signal.SIGKILL)

    wait_until(lambda: "node lost" in recorder.events, "events")
    with pytest.raises(ConnectionError):
        node.chain_state()
    assert not processes.ping(1)
    wait_until(lambda: not is_running(wallet_pid), "wallet process")
    assert not any(stats.alive for stats in processes.process_stats() if stats.role is not ProcessRole.GUI)
    again = started(processes, recorder)
    assert again.chain_state().height == 0


def test_a_node_that_hangs_does_not_answer(processes: ProcessSource) -> None:
    started(processes, Recorder())
    pid = pid_of(processes, ProcessRole.NODE)

    os.kill(pid, signal.SIGSTOP)
    try:
        assert not processes.ping(0.2)
        assert not processes.ping(0.2)
        stats = wait_until(
            lambda: [
                stats for stats in processes.process_stats() if stats.role is ProcessRole.NODE and not stats.alive
            ],
            "stats",
        )
        assert stats[0].pid == pid
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: processes.ping(1), "ping")


def test_all_processes_end_in_order_with_a_killed_gui(tmp_path: Path, process_path: None) -> None:
    program = f"""
import os, signal, sys
from pathlib import Path
from moneyrocket.init.node_sources import ProcessSource
from moneyrocket.tests.init.test_desktop import Recorder, settings, started
source = ProcessSource(settings(Path({str(tmp_path)!r})), "regtest", "parent")
node = started(source, Recorder())
print(*(stats.pid for stats in source.process_stats()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    # Reading to the end of the pipe, which all of them inherit, waits for all of them to be gone.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == -signal.SIGKILL
    pids = done.stdout.split()
    assert len(pids) == 3
    log = (tmp_path / "regtest" / "debug.log").read_text()
    assert "Shutdown done" in log
    assert not (tmp_path / "regtest" / "moneyrocketd.pid").exists()
    wait_until(lambda: not any(is_running(int(pid)) for pid in pids), "processes")


def test_a_signal_before_anybody_listens_is_not_lost(tmp_path: Path) -> None:
    source = LocalSource(settings(tmp_path), "regtest")
    recorder = Recorder()
    source.quit()

    source.connect(recorder)

    assert recorder.events == ["quit"]


def test_watchers_that_hang_do_not_keep_the_node_from_stopping(tmp_path: Path) -> None:
    source = LocalSource(settings(tmp_path), "regtest")
    release = threading.Event()

    class Hanging(NodeNotifications):
        def init_message(self, message: str) -> None:
            release.wait()

    node = source.connect(NodeSourceEvents())
    handler = node.handle_notifications(Hanging())
    node.start()
    node.stop()
    release.set()
    handler.disconnect()
