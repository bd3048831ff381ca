"""Two real processes over the generated proxies: every method, and either side dying."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.chain import (
    BlockInfo,
    BlockRef,
    BroadcastMethod,
    Chain,
    ChainError,
    ChainNotifications,
    Coin,
    FeeEstimate,
    FoundBlock,
    MempoolAncestry,
    RemovalReason,
)
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.init import GlobalArgs, NotOfferedError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcMode, RpcRequest
from moneyrocket.ipc.process import ChildProcess, inherited_descriptor, spawn_process
from moneyrocket.primitives.block import Block, BlockHeader, BlockLocator
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.tests.ipc.served import answers

MODULE = "moneyrocket.tests.ipc.served"
HASH = bytes(range(32))
TX = Transaction(1, (TxIn(OutPoint(HASH, 0)),), (TxOut(1, b""),), 0)
BLOCK = Block(BlockHeader(4, HASH, HASH, 1, 2, 3), (TX,))


class AnsweringHandler(Handler):
    """Remembers that it was disconnected."""

    def __init__(self) -> None:
        self.disconnected = threading.Event()

    def disconnect(self) -> None:
        self.disconnected.set()


class AnsweringChain(Chain):
    """Answers from its arguments, without a node."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.threads: set[int] = set()
        self.notifications: ChainNotifications | None = None
        self.commands: dict[str, RpcCommand] = {}
        self.handlers: list[AnsweringHandler] = []

    def get_height(self) -> int | None:
        return None

    def get_block_hash(self, height: int) -> bytes:
        if height < 0:
            raise ChainError("too low")
        return bytes([height]) * 32

    def find_block(self, block_hash: bytes) -> FoundBlock | None:
        return FoundBlock(block_hash, 1, 2**32, 3, 4, True, None) if block_hash else None

    def read_block(self, block_hash: bytes) -> Block | None:
        return BLOCK if block_hash else None

    def get_locator(self) -> BlockLocator:
        return BlockLocator((HASH, HASH))

    def get_block_locator(self, block_hash: bytes) -> BlockLocator | None:
        return BlockLocator((block_hash,)) if block_hash else None

    def find_locator_fork(self, locator: BlockLocator) -> int | None:
        return 0 if locator.hashes else None

    def find_first_block_with_time_and_height(self, min_time: int, min_height: int) -> BlockRef | None:
        return BlockRef(HASH, min_height) if min_time == 2**33 else None

    def find_coins(self, outpoints: list[OutPoint]) -> list[Coin | None]:
        return [Coin(TxOut(item.n, item.txid), 0x7FFFFFFF, False) if item.n == 1 else None for item in outpoints]

    def guess_verification_progress(self, block_hash: bytes) -> float:
        return 0.1

    def has_blocks(self, block_hash: bytes, min_height: int) -> bool:
        return min_height == 4

    def is_in_mempool(self, txid: bytes) -> bool:
        return txid == HASH

    def has_descendants_in_mempool(self, txid: bytes) -> bool:
        return txid != HASH

    def get_mempool_ancestry(self, txid: bytes) -> MempoolAncestry | None:
        return MempoolAncestry(1, 2, 3, 4) if txid else None

    def check_chain_limits(self, tx: Transaction) -> str | None:
        return f"too long: {tx.txid.hex()}" if tx.inputs else None

    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        return f"{tx.wtxid.hex()} {method!r}" if max_tx_fee else None

    def request_mempool_transactions(self, notifications: ChainNotifications) -> None:
        self.threads.add(threading.get_ident())
        notifications.transaction_added_to_mempool(TX)

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        return FeeEstimate(1000, conf_target, []) if conservative else FeeEstimate(None, 0, ["no data"])

    def estimate_max_blocks(self) -> int:
        return 1008

    def mempool_min_fee(self) -> int:
        return 1

    def relay_min_fee(self) -> int:
        return 2

    def relay_incremental_fee(self) -> int:
        return 3

    def relay_dust_fee(self) -> int:
        return 4

    def have_pruned(self) -> bool:
        return False

    def is_ready_to_broadcast(self) -> bool:
        return True

    def is_initial_block_download(self) -> bool:
        return False

    def shutdown_requested(self) -> bool:
        return False

    def init_message(self, message: str) -> None:
        self.messages.append(message)
        self.threads.add(threading.get_ident())

    def init_warning(self, message: str) -> None:
        self.messages.append("warning " + message)

    def init_error(self, message: str) -> None:
        self.messages.append("error " + message)

    def show_progress(self, title: str, progress: int, resume_possible: bool) -> None:
        self.messages.append(f"{title} {progress} {resume_possible}")

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        self.notifications = notifications
        return self._handler()

    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        self.messages.append(f"wait {old_tip.hex()}")

    def handle_rpc(self, command: RpcCommand) -> Handler:
        self.commands[command.name] = command
        return self._handler()

    def rpc_enable_deprecated(self, feature: str) -> bool:
        return feature == "feature"

    def get_rw_setting(self, name: str) -> Json:
        return ["w1", "w2"]

    def update_rw_setting(self, name: str, value: Json) -> bool:
        return value == {"a": [Decimal("1.10"), None]}

    def _handler(self) -> Handler:
        handler = AnsweringHandler()
        self.handlers.append(handler)
        return handler


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChildProcess]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    process = spawn_process("no-such-executable", MODULE, "tests")
    yield process
    process.close(60)


def call(chain: AnsweringChain, method: str, params: Json = None) -> Json:
    return chain.commands[method].handler.call(RpcRequest(method, params))


def test_echo(child: ChildProcess) -> None:
    echo = child.init.make_echo()
    assert echo.echo("Überall") == "llarebÜ"


def test_every_question_has_the_same_answer_there_as_here(child: ChildProcess) -> None:
    chain, here = AnsweringChain(), AnsweringChain()
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), chain)
    loader.set_mock_time(2**40)
    loader.scheduler_mock_forward(5)
    assert loader.loaded_wallets() == [str(2**40 + 5), *answers(here)]
    assert chain.messages == here.messages


def test_wallet_start_up_and_notifications(child: ChildProcess) -> None:
    chain = AnsweringChain()
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), chain)
    assert loader.verify() is True
    assert loader.load() is False
    loader.start(True)
    assert chain.notifications is not None
    chain.notifications.transaction_added_to_mempool(TX)
    chain.notifications.transaction_removed_from_mempool(TX, RemovalReason.REPLACED)
    info = BlockInfo(BLOCK.hash, HASH, 7, 2**32, BLOCK)
    chain.notifications.block_connected(info)
    chain.notifications.block_disconnected(info)
    chain.notifications.updated_block_tip()
    chain.notifications.chain_state_flushed(BlockLocator((HASH,)))
    assert chain.messages == [
        f"added {TX.txid.hex()}",
        "start True",
        f"added {TX.txid.hex()}",
        f"removed {TX.txid.hex()} REPLACED",
        f"connected 7 {BLOCK.hash.hex()}",
        f"disconnected 7 {HASH.hex()} {2**32}",
        "tip",
        "flushed 1",
    ]
    # All of it within calls of this thread, so all calls back came to this thread.
    assert chain.threads == {threading.get_ident()}


def test_rpc_methods(child: ChildProcess) -> None:
    chain = AnsweringChain()
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), chain)
    loader.register_rpcs()
    command = chain.commands["echo"]
    assert (command.category, command.arg_names) == ("wallet", ("first", "second|other"))
    request = RpcRequest("echo", {"a": Decimal("0.10")}, "/wallet/w", "user", "127.0.0.1:1", RpcMode.GET_ARGS)
    assert command.handler.call(request) == [{"a": Decimal("0.10")}, "/wallet/w", "user", "127.0.0.1:1", 2]
    assert call(chain, "types", 0.5) == ["float", 0.5]
    with pytest.raises(RpcError) as caught:
        call(chain, "fail")
    assert (caught.value.code, caught.value.message) == (-4, "as documented")
    with pytest.raises(Exception, match="ZeroDivisionError: a bug"):
        call(chain, "bug")
    loader.stop()
    assert all(handler.disconnected.is_set() for handler in chain.handlers)


def test_each_thread_has_its_own_in_the_child(child: ChildProcess) -> None:
    chain = AnsweringChain()
    child.init.make_wallet_loader(GlobalArgs("{}"), chain).register_rpcs()
    seen: list[Json] = [call(chain, "thread"), call(chain, "thread")]
    other = threading.Thread(target=lambda: seen.append(call(chain, "thread")))
    other.start()
    other.join()
    assert seen[0] == seen[1] != seen[2]
    assert seen[0][0] == child.pid  # type: ignore[index]


def test_what_a_process_does_not_offer(child: ChildProcess) -> None:
    with pytest.raises(NotOfferedError, match="no settings, no wallet"):
        child.init.make_wallet_loader(GlobalArgs(""), AnsweringChain())


def test_child_killed_during_a_call(child: ChildProcess, tmp_path: Path) -> None:
    chain = AnsweringChain()
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), chain)
    loader.register_rpcs()
    gone = threading.Event()
    let_go: list[bool] = []

    def on_disconnect() -> None:
        let_go.extend(handler.disconnected.is_set() for handler in chain.handlers)
        gone.set()

    child.on_disconnect(on_disconnect)
    result = SimpleNamespace(error=None)

    def hang() -> None:
        try:
            call(chain, "hang", str(tmp_path / "hanging"))
        except Exception as error:
            result.error = error

    caller = threading.Thread(target=hang)
    caller.start()
    while not (tmp_path / "hanging").exists():
        assert caller.is_alive()
        caller.join(0.01)
    os.kill(child.pid, signal.SIGKILL)
    caller.join(60)
    assert isinstance(result.error, ConnectionError)
    assert "no-such-executable" in str(result.error)
    assert gone.wait(60)
    assert not child.connected
    with pytest.raises(ConnectionError):
        loader.loaded_wallets()
    # What the child had registered here was let go before, as if it had done so itself.
    assert let_go == [True] * 6
    assert child.close(60) == -signal.SIGKILL


def test_child_ends_with_its_parent() -> None:
    program = f"""
import os, signal
from moneyrocket.ipc.process import spawn_process
child = spawn_process("no-such-executable", {MODULE!r}, "parent")
child.init.make_echo().echo("")
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # Reading to the end of the pipe, which the child inherits, waits for both to be gone.
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert done.stdout
    assert done.stderr == b""


def test_ordinary_hang_up_ends_the_child(child: ChildProcess) -> None:
    assert child.close(60) == 0


def test_command_line() -> None:
    assert inherited_descriptor(["-ipcfd=7"]) == 7
    assert inherited_descriptor(["-ipcfd=7", "-regtest"]) is None
    assert inherited_descriptor([]) is None


def test_log_shows_methods_but_no_secrets(child: ChildProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    logger = category_logger("ipc")
    monkeypatch.setattr(type(logger), "debug", lambda _, text, *args: lines.append(text % args))
    chain = AnsweringChain()
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), chain)
    loader.register_rpcs()
    lines.clear()
    logger.debug_on = True
    try:
        child.init.make_wallet_loader(GlobalArgs('{"rpcpassword": "secret"}'), chain)
        call(chain, "echo", ["my passphrase"])
    finally:
        logger.debug_on = False
    text = "\n".join(lines)
    assert "IPC client send Init.makeWalletLoader$Params (...)" in text
    assert 'IPC client send RpcHandler.call$Params (request = (method = "echo"' in text
    assert f"{{tests-{os.getpid()}/{threading.current_thread().name}-{threading.get_native_id()}}}" in text
    assert "secret" not in text
    assert "passphrase" not in text
