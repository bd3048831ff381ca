"""A process whose `Init` serves objects that answer from their arguments; the tests start it and call every method."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from moneyrocket.interfaces.chain import BlockInfo, Chain, ChainNotifications, RemovalReason
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.init import GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.mining import BlockCreateOptions, BlockTemplate, Mining, MiningError
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.rpc import Rpc, RpcCommand, RpcError, RpcHandler, RpcRequest
from moneyrocket.interfaces.wallet import Wallet, WalletLoader, Wallets
from moneyrocket.ipc.process import inherited_descriptor, serve_inherited
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.tests.ipc.answering import answering


class ReversingEcho(Echo):
    """Shows that the text went through here."""

    def echo(self, echo: str) -> str:
        return echo[::-1]


class RpcMethod(RpcHandler):
    """An RPC method of this process."""

    def call(self, request: RpcRequest) -> Json:
        match request.method:
            case "echo":
                return [request.params, request.uri, request.auth_user, request.peer_addr, int(request.mode)]
            case "types":
                params: Json = request.params
                return [type(params).__name__, params]
            case "thread":
                return [os.getpid(), threading.get_native_id()]
            case "fail":
                raise RpcError(-4, "as documented")
            case "hang":
                Path(str(request.params)).touch()
                time.sleep(3600)
        raise ZeroDivisionError("a bug")


class Recorder(ChainNotifications):
    """Passes every notification on as a start-up message."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        self._chain.init_message(f"added {tx.txid.hex()}")

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        self._chain.init_message(f"removed {tx.txid.hex()} {reason.name}")

    def block_connected(self, block: BlockInfo) -> None:
        self._chain.init_message(f"connected {block.height} {block.data.hash.hex()}")

    def block_disconnected(self, block: BlockInfo) -> None:
        self._chain.init_message(f"disconnected {block.height} {block.prev_hash.hex()} {block.max_time}")

    def updated_block_tip(self) -> None:
        self._chain.init_message("tip")

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        self._chain.init_message(f"flushed {len(locator.hashes)}")


class Loader(WalletLoader):
    """Uses the chain in the way of a wallet."""

    def __init__(self, settings: str, chain: Chain) -> None:
        self._settings = settings
        self._chain = chain
        self._handlers: list[Handler] = []
        self._time = 0

    def register_rpcs(self) -> None:
        for name in ("echo", "types", "thread", "fail", "hang", "bug"):
            command = RpcCommand("wallet", name, ("first", "second|other"), RpcMethod())
            self._handlers.append(self._chain.handle_rpc(command))

    def verify(self) -> bool:
        self._handlers.append(self._chain.handle_notifications(Recorder(self._chain)))
        return self._settings == "{}"

    def load(self) -> bool:
        self._chain.request_mempool_transactions(Recorder(self._chain))
        return False

    def start(self, schedule_rebroadcast: bool) -> None:
        self._chain.init_message(f"start {schedule_rebroadcast}")

    def stop(self) -> None:
        for handler in self._handlers:
            handler.disconnect()
        self._handlers.clear()

    def set_mock_time(self, time: int) -> None:
        self._time = time

    def scheduler_mock_forward(self, seconds: int) -> None:
        self._time += seconds

    def loaded_wallets(self) -> list[str]:
        # Calls every question that a wallet can ask and shows the answers.
        return [str(self._time), *answers(self._chain)]

    def wallets(self) -> Wallets:
        return answering(Wallets, {"Wallet": lambda: answering(Wallet)})


def answers(chain: Chain) -> list[str]:
    """The text of the answer to each question, asked in the same way in whatever process this runs."""
    from moneyrocket.interfaces.chain import BroadcastMethod, ChainError
    from moneyrocket.primitives.transaction import OutPoint, TxIn, TxOut

    hash1 = bytes(range(32))
    tx = Transaction(2, (TxIn(OutPoint(hash1, 7), b"\x51", 5, (b"w", b"")),), (TxOut(50, b"\x52"),), 9)
    questions: dict[str, Callable[[], object]] = {
        "get_height": chain.get_height,
        "get_block_hash": lambda: chain.get_block_hash(5),
        "find_block": lambda: chain.find_block(hash1),
        "find_block none": lambda: chain.find_block(b""),
        "read_block": lambda: chain.read_block(hash1),
        "read_block none": lambda: chain.read_block(b""),
        "get_locator": chain.get_locator,
        "get_block_locator": lambda: chain.get_block_locator(hash1),
        "get_block_locator none": lambda: chain.get_block_locator(b""),
        "find_locator_fork": lambda: chain.find_locator_fork(BlockLocator((hash1,))),
        "find_locator_fork none": lambda: chain.find_locator_fork(BlockLocator()),
        "find_first": lambda: chain.find_first_block_with_time_and_height(2**33, 3),
        "find_first none": lambda: chain.find_first_block_with_time_and_height(0, 0),
        "find_coins": lambda: chain.find_coins([OutPoint(hash1, 1), OutPoint(hash1, 2**32 - 1)]),
        "guess": lambda: chain.guess_verification_progress(hash1),
        "has_blocks": lambda: chain.has_blocks(hash1, 4),
        "is_in_mempool": lambda: chain.is_in_mempool(hash1),
        "has_descendants": lambda: chain.has_descendants_in_mempool(hash1),
        "ancestry": lambda: chain.get_mempool_ancestry(hash1),
        "ancestry none": lambda: chain.get_mempool_ancestry(b""),
        "limits": lambda: chain.check_chain_limits(tx),
        "limits none": lambda: chain.check_chain_limits(Transaction()),
        "broadcast": lambda: chain.broadcast_transaction(tx, 21 * 10**14, BroadcastMethod.MEMPOOL_ONLY),
        "broadcast none": lambda: chain.broadcast_transaction(tx, 0, BroadcastMethod.MEMPOOL_AND_RELAY),
        "estimate": lambda: chain.estimate_smart_fee(6, True),
        "estimate none": lambda: chain.estimate_smart_fee(1, False),
        "max_blocks": chain.estimate_max_blocks,
        "mempool_min_fee": chain.mempool_min_fee,
        "relay_min_fee": chain.relay_min_fee,
        "relay_incremental_fee": chain.relay_incremental_fee,
        "relay_dust_fee": chain.relay_dust_fee,
        "have_pruned": chain.have_pruned,
        "is_ready_to_broadcast": chain.is_ready_to_broadcast,
        "is_initial_block_download": chain.is_initial_block_download,
        "shutdown_requested": chain.shutdown_requested,
        "init_message": lambda: chain.init_message("m"),
        "init_warning": lambda: chain.init_warning("wörning"),
        "init_error": lambda: chain.init_error("e"),
        "show_progress": lambda: chain.show_progress("t", 50, True),
        "wait": lambda: chain.wait_for_notifications_if_tip_changed(hash1),
        "rpc_enable_deprecated": lambda: chain.rpc_enable_deprecated("feature"),
        "get_rw_setting": lambda: chain.get_rw_setting("wallet"),
        "update_rw_setting": lambda: chain.update_rw_setting("wallet", {"a": [Decimal("1.10"), None]}),
    }
    shown = [f"{name}: {question()!r}" for name, question in questions.items()]
    try:
        chain.get_block_hash(-1)
    except ChainError as error:
        shown.append(f"error: {error!r}")
    return shown


def served_mining() -> Mining:
    """Answers from the arguments, but for ``create_new_block``, which fails, hangs or makes nothing by its options."""
    made = answering(Mining, {"BlockTemplate": lambda: answering(BlockTemplate)})
    create, interrupted = made.create_new_block, threading.Event()

    def create_new_block(options: BlockCreateOptions, cooldown: bool = True) -> BlockTemplate | None:
        if not options.block_reserved_weight:
            raise MiningError("too light")
        if cooldown:
            interrupted.wait()
        return create(options, cooldown) if options.use_mempool else None

    made.create_new_block = create_new_block  # type: ignore[method-assign]
    made.interrupt = interrupted.set  # type: ignore[method-assign]
    return made


class ServedInit(Init):
    """Makes all of the above."""

    def make_echo(self) -> Echo:
        return ReversingEcho()

    def make_mining(self) -> Mining:
        return served_mining()

    def make_rpc(self) -> Rpc:
        return answering(Rpc)

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        if not global_args.settings:
            raise NotOfferedError("no settings, no wallet")
        return Loader(global_args.settings, chain)

    def make_node(self, global_args: GlobalArgs) -> Node:
        if not global_args.settings:
            raise NotOfferedError("no settings, no node")
        return answering(Node, {"Wallets": lambda: answering(Wallets, {"Wallet": lambda: answering(Wallet)})})


def main() -> None:
    """Serve, or show that nobody started this."""
    descriptor = inherited_descriptor(sys.argv[1:])
    if descriptor is None:
        sys.exit("not started by another process")
    serve_inherited(descriptor, ServedInit(), "served")


if __name__ == "__main__":
    main()
