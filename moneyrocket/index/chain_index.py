"""What all indexes have in common: they catch up with the active chain, then follow it."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import category_logger
from moneyrocket.common.threads import start_thread
from moneyrocket.node.signals import ValidationSubscriber
from moneyrocket.node.storage import Durability, open_environment
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    import lmdb

    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.signals import ValidationSignals
    from moneyrocket.primitives.block import Block

log = category_logger("")

_BEST_BLOCK: Final = b"best block"
_COMMIT_SECONDS: Final = 0.5
"""While catching up, so much work goes into one commit."""


class ChainIndex(ValidationSubscriber, ABC):
    """An index in a database of its own.

    It is complete up to its best block. That is written together with the entries, so a crash loses nothing but time.
    """

    name: str
    """As in RPC results and logs."""

    def __init__(
        self, folder: Path, chainman: ChainstateManager, signals: ValidationSignals, durability: Durability
    ) -> None:
        """Open the database.

        Args:
            folder: where all indexes are.
            chainman: the chain.
            signals: its events.
            durability: what a commit survives.

        Raises:
            InitError: if it cannot be opened.
        """
        self._chainman = chainman
        self._signals = signals
        self._env = open_environment(folder / self.name, durability)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._synced = False
        self._best: BlockIndex | None = None

    @property
    def synced(self) -> bool:
        """Whether it has caught up and follows the chain now."""
        return self._synced

    @property
    def best_height(self) -> int:
        """Height up to which it is complete, 0 if it is empty."""
        return self._best.height if self._best is not None else 0

    @abstractmethod
    def write_block(self, transaction: lmdb.Transaction, block: Block, index: BlockIndex) -> None:
        """Add a block's entries; its parent's are there."""

    def erase_block(self, transaction: lmdb.Transaction, index: BlockIndex) -> None:
        """Take a block's entries out after a reorganization; nothing to do where newer entries replace them."""

    def start(self) -> None:
        """Begin to catch up, on a thread of its own."""
        with self._env.begin() as transaction:
            value = transaction.get(_BEST_BLOCK)
        self._best = self._chainman.lookup(bytes(value)) if value is not None else None
        self._thread = start_thread(self.name, self._catch_up)

    def stop(self) -> None:
        """Stop following, and close the database."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._signals.unsubscribe(self)
        self._env.close()

    def wait_until_synced(self) -> bool:
        """Wait until all events up to now have arrived; False if it has not caught up yet."""
        if not self._synced:
            return False
        if self._best is not self._chainman.tip:
            log.info("%s is catching up on block notifications", self.name)
            self._signals.sync()
        return True

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        if self._best is not None and index.is_ancestor_of(self._best):
            # It was read while catching up, before its event arrived.
            return
        with self._env.begin(write=True) as transaction:
            self._append(transaction, block, index)

    def _catch_up(self) -> None:
        while not self._stop.is_set():
            with self._chainman.lock:
                following = self._next()
                if following is None:
                    # Under the lock no block can be connected, so no event falls between.
                    self._signals.subscribe(self)
                    self._synced = True
                    break
            if self._best is None or following.prev is not self._best:
                log.info("Syncing %s with block chain from height %d", self.name, following.height)
            self._copy_for_a_while(following)
        if self._synced:
            log.info("%s is enabled at height %d", self.name, self.best_height)
        else:
            log.info("%s: m_interrupt set; exiting ThreadSync", self.name)

    def _copy_for_a_while(self, following: BlockIndex | None) -> None:
        end = time.monotonic() + _COMMIT_SECONDS
        with self._env.begin(write=True) as transaction:
            while following is not None and not self._stop.is_set() and time.monotonic() < end:
                self._append(transaction, self._chainman.read_block(following), following)
                with self._chainman.lock:
                    following = self._next()

    def _next(self) -> BlockIndex | None:
        """The block of the active chain to add next, None at its tip."""
        chain = self._chainman.active_chain
        if self._best is None:
            return chain.get(0)
        fork = chain.find_fork(self._best)
        return chain.next(fork) if fork is not None else chain.get(0)

    def _append(self, transaction: lmdb.Transaction, block: Block, index: BlockIndex) -> None:
        while self._best is not None and self._best is not index.prev:
            if index.height == 0 or self._best.prev is None:
                raise RuntimeError(f"{self.name} cannot go from {self._best} to {index}")
            self.erase_block(transaction, self._best)
            self._best = self._best.prev
        self.write_block(transaction, block, index)
        transaction.put(_BEST_BLOCK, index.hash)
        self._best = index
        log.debug("%s: block %s added", self.name, hash_to_hex(index.hash))
