"""A node without validation: blocks and mempool in memory, notifications delivered at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand
from moneyrocket.primitives.block import Block, BlockHeader, BlockLocator
from moneyrocket.primitives.hashes import ZERO_HASH
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut

MEMPOOL_HEIGHT = 0x7FFFFFFF
SUBSIDY = 50 * 100_000_000


class FakeHandler(Handler):
    """Ends a subscription by calling a function."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end

    def disconnect(self) -> None:
        self._end()


class FakeChain(Chain):
    """A chain to drive a wallet with. Time of block n is ``start_time + 600 * n``."""

    def __init__(self, start_time: int = 1_600_000_000) -> None:
        self.start_time = start_time
        self.blocks: list[Block] = []
        self.stale: dict[bytes, tuple[int, Block]] = {}
        self.mempool: dict[bytes, Transaction] = {}
        self.subscribers: list[ChainNotifications] = []
        self.commands: dict[str, RpcCommand] = {}
        self.settings: dict[str, Json] = {}
        self.messages: list[str] = []
        self.refusal: str | None = None
        self.min_relay_fee = 1000
        self._nonce = 0
        self.mine(b"\x51")

    # Driving it

    def mine(self, script: bytes, *, include: Iterable[Transaction] | None = None) -> Block:
        """Append a block that pays the subsidy to ``script`` and holds the mempool, or other transactions."""
        height = len(self.blocks)
        self._nonce += 1
        coinbase = Transaction(
            2, (TxIn(NULL_OUTPOINT, self._nonce.to_bytes(8, "little")),), (TxOut(SUBSIDY, script),), 0
        )
        transactions = (coinbase, *(self.mempool.values() if include is None else include))
        prev = self.blocks[-1].hash if self.blocks else ZERO_HASH
        time = self.start_time + 600 * height
        block = Block(BlockHeader(4, prev, coinbase.txid, time, 0x207FFFFF, self._nonce), transactions)
        self.blocks.append(block)
        spent = {txin.prevout for tx in transactions for txin in tx.inputs}
        for tx in list(self.mempool.values()):
            if tx in transactions:
                del self.mempool[tx.txid]
            elif any(txin.prevout in spent for txin in tx.inputs):
                del self.mempool[tx.txid]
                self._tell_removed(tx, RemovalReason.CONFLICT)
        self._tell(lambda s: s.block_connected(self._info(height)))
        self._tell(lambda s: s.updated_block_tip())
        return block

    def disconnect_tip(self) -> Block:
        """Take the tip off."""
        height = len(self.blocks) - 1
        info = self._info(height)
        block = self.blocks.pop()
        self.stale[block.hash] = (height, block)
        self._tell(lambda s: s.block_disconnected(info))
        return block

    def accept(self, tx: Transaction) -> None:
        """Put a transaction into the mempool."""
        self.mempool[tx.txid] = tx
        self._tell(lambda s: s.transaction_added_to_mempool(tx))

    def evict(self, tx: Transaction, reason: RemovalReason = RemovalReason.EXPIRY) -> None:
        """Drop a transaction from the mempool."""
        del self.mempool[tx.txid]
        self._tell_removed(tx, reason)

    def _tell_removed(self, tx: Transaction, reason: RemovalReason) -> None:
        self._tell(lambda s: s.transaction_removed_from_mempool(tx, reason))

    def _tell(self, event: Callable[[ChainNotifications], None]) -> None:
        for subscriber in list(self.subscribers):
            event(subscriber)

    def _info(self, height: int) -> BlockInfo:
        block = self.blocks[height]
        return BlockInfo(block.hash, block.header.prev_hash, height, block.header.time, block)

    def _height_of(self, block_hash: bytes) -> int | None:
        return next((height for height, block in enumerate(self.blocks) if block.hash == block_hash), None)

    def _unspent(self) -> dict[OutPoint, Coin]:
        coins: dict[OutPoint, Coin] = {}
        placed = [(height, tx) for height, block in enumerate(self.blocks) for tx in block.transactions]
        placed += [(MEMPOOL_HEIGHT, tx) for tx in self.mempool.values()]
        for height, tx in placed:
            for txin in tx.inputs:
                coins.pop(txin.prevout, None)
            for n, out in enumerate(tx.outputs):
                coins[OutPoint(tx.txid, n)] = Coin(out, height, tx.is_coinbase)
        return coins

    # Chain

    def get_height(self) -> int | None:
        return len(self.blocks) - 1

    def get_block_hash(self, height: int) -> bytes:
        if height >= len(self.blocks):
            raise ChainError("no such height")
        return self.blocks[height].hash

    def find_block(self, block_hash: bytes) -> FoundBlock | None:
        height = self._height_of(block_hash)
        if height is None:
            if block_hash not in self.stale:
                return None
            old_height, block = self.stale[block_hash]
            time = block.header.time
            return FoundBlock(block_hash, old_height, time, time, time, False, None)
        time = self.blocks[height].header.time
        following = self.blocks[height + 1].hash if height + 1 < len(self.blocks) else None
        return FoundBlock(block_hash, height, time, time, time, True, following)

    def read_block(self, block_hash: bytes) -> Block | None:
        height = self._height_of(block_hash)
        if height is None:
            return self.stale[block_hash][1] if block_hash in self.stale else None
        return self.blocks[height]

    def get_locator(self) -> BlockLocator:
        return BlockLocator(tuple(block.hash for block in reversed(self.blocks)))

    def get_block_locator(self, block_hash: bytes) -> BlockLocator | None:
        height = self._height_of(block_hash)
        if height is None:
            return None
        return BlockLocator(tuple(block.hash for block in reversed(self.blocks[: height + 1])))

    def find_locator_fork(self, locator: BlockLocator) -> int | None:
        return next((height for h in locator.hashes if (height := self._height_of(h)) is not None), None)

    def find_first_block_with_time_and_height(self, min_time: int, min_height: int) -> BlockRef | None:
        for height in range(min_height, len(self.blocks)):
            if self.blocks[height].header.time >= min_time:
                return BlockRef(self.blocks[height].hash, height)
        return None

    def find_coins(self, outpoints: list[OutPoint]) -> list[Coin | None]:
        coins = self._unspent()
        return [coins.get(outpoint) for outpoint in outpoints]

    def guess_verification_progress(self, block_hash: bytes) -> float:
        return 1.0

    def has_blocks(self, block_hash: bytes, min_height: int) -> bool:
        return True

    def is_in_mempool(self, txid: bytes) -> bool:
        return txid in self.mempool

    def has_descendants_in_mempool(self, txid: bytes) -> bool:
        return any(txin.prevout.txid == txid for tx in self.mempool.values() for txin in tx.inputs)

    def get_mempool_ancestry(self, txid: bytes) -> MempoolAncestry | None:
        if txid not in self.mempool:
            return None
        todo, seen = [txid], set[bytes]()
        while todo:
            current = todo.pop()
            if current in self.mempool and current not in seen:
                seen.add(current)
                todo.extend(txin.prevout.txid for txin in self.mempool[current].inputs)
        return MempoolAncestry(len(seen), 1, sum(self.mempool[t].vsize for t in seen), 0)

    def check_chain_limits(self, tx: Transaction) -> str | None:
        return None

    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        if self.refusal is not None:
            return self.refusal
        if tx.txid in self.mempool:
            return None
        coins = self._unspent()
        if any(txin.prevout not in coins for txin in tx.inputs):
            return "bad-txns-inputs-missingorspent"
        self.accept(tx)
        return None

    def request_mempool_transactions(self, notifications: ChainNotifications) -> None:
        for tx in list(self.mempool.values()):
            notifications.transaction_added_to_mempool(tx)

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        return FeeEstimate(None, conf_target, ["Insufficient data or no feerate found"])

    def estimate_max_blocks(self) -> int:
        return 1008

    def mempool_min_fee(self) -> int:
        return self.min_relay_fee

    def relay_min_fee(self) -> int:
        return self.min_relay_fee

    def relay_incremental_fee(self) -> int:
        return 1000

    def relay_dust_fee(self) -> int:
        return 3000

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

    def init_warning(self, message: str) -> None:
        self.messages.append(f"Warning: {message}")

    def init_error(self, message: str) -> None:
        self.messages.append(f"Error: {message}")

    def show_progress(self, title: str, progress: int, resume_possible: bool) -> None:
        pass

    def handle_notifications(self, notifications: ChainNotifications) -> Handler:
        self.subscribers.append(notifications)

        def end() -> None:
            if notifications in self.subscribers:
                self.subscribers.remove(notifications)

        return FakeHandler(end)

    def wait_for_notifications_if_tip_changed(self, old_tip: bytes) -> None:
        pass

    def handle_rpc(self, command: RpcCommand) -> Handler:
        self.commands[command.name] = command

        def end() -> None:
            self.commands.pop(command.name, None)

        return FakeHandler(end)

    def rpc_enable_deprecated(self, feature: str) -> bool:
        return False

    def get_rw_setting(self, name: str) -> Json:
        return self.settings.get(name)

    def update_rw_setting(self, name: str, value: Json) -> bool:
        if value is None:
            self.settings.pop(name, None)
        else:
            self.settings[name] = value
        return True
