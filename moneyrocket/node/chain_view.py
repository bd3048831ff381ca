"""The node's chain as it is: opens the state on disk and answers questions about it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moneyrocket.common import clock
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.deployments import VersionBits
from moneyrocket.interfaces.chain import Coin
from moneyrocket.node.block_index import ActiveChain, BlockIndex
from moneyrocket.node.block_store import BlockStore, BlockStoreOptions
from moneyrocket.node.block_validation import BlockValidator
from moneyrocket.node.chain_options import ChainOptions
from moneyrocket.node.chainstate import Chainstate, MempoolHooks, TipReport
from moneyrocket.node.coins import CoinsCache, CoinsDb
from moneyrocket.node.progress import verification_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.node.notifications import TipNotifications
    from moneyrocket.node.script_checks import ScriptChecker
    from moneyrocket.node.signals import ValidationSignals
    from moneyrocket.node.undo import BlockUndo
    from moneyrocket.primitives.block import Block, BlockLocator
    from moneyrocket.primitives.transaction import OutPoint

log = category_logger("")


class ChainView:
    """Block storage, header tree, active chain and coins, without what changes them (see `ChainstateManager`).

    Methods take the lock themselves where they need it. Hold `lock` to read several things of the same moment.

    Attributes:
        params: the chain's rules and constants.
        options: how the state is kept.
        lock: guards everything here.
        store: known headers and stored blocks.
        coins_db: the coins on disk, for scans.
        scripts: checks scripts, with the cache that the mempool shares.
        validator: checks blocks.
        version_bits: states of BIP9 deployments.
        best_header: the valid header with the most work.
    """

    def __init__(
        self,
        params: ChainParams,
        options: ChainOptions,
        signals: ValidationSignals,
        notifications: TipNotifications,
        scripts: ScriptChecker,
        request_shutdown: Callable[[], None] = lambda: None,
    ) -> None:
        """Open the state in the folders that ``options`` name, or begin a new one; `load` must follow.

        Args:
            params: the chain.
            options: how the state is kept.
            signals: whom to tell of blocks.
            notifications: whom to tell of a new tip.
            scripts: checks scripts.
            request_shutdown: called when the node shall stop (-stopatheight).

        Raises:
            InitError: if the state cannot be used.
        """
        self.params = params
        self.options = options
        self.lock = threading.RLock()
        self.scripts = scripts
        self._signals = signals
        self._notifications = notifications
        self._request_shutdown = request_shutdown
        self._initial_download = True
        self._closed = False
        self.store = BlockStore(
            BlockStoreOptions(
                options.blocks_dir, options.index_dir, params.magic, options.durability, options.blocks_xor,
                options.max_file_size, options.reindex,
            )
        )  # fmt: skip
        self.coins_db = CoinsDb(options.chainstate_dir, options.durability)
        if self.store.reindexing or options.reindex_chainstate:
            self.coins_db.clear()
        self.version_bits = VersionBits(params)
        self.validator = BlockValidator(params, scripts, options, self.lookup, lambda: self.best_header)
        self._chainstate = Chainstate(
            self.store,
            CoinsCache(self.coins_db, self.coins_db.best_block() or bytes(32)),
            self.validator,
            signals,
            self._report_tip,
            lambda: self.options.can_defer and self.is_initial_block_download(),
        )
        self.best_header = self._genesis_index()

    def _genesis_index(self) -> BlockIndex:
        """The genesis block's entry, after it was stored if the index is new."""
        genesis = self.params.genesis
        if self.store.blocks and genesis.hash not in self.store.blocks:
            raise InitError("Incorrect or no genesis block found. Wrong datadir for network?")
        index = self.store.add_header(genesis.header)
        if not index.have_data and not (self.store.reindexing and self.store.files.count_on_disk()):
            self.store.save_block(genesis, index)
        return index

    @property
    def mempool(self) -> MempoolHooks | None:
        """The mempool that is told of every block."""
        return self._chainstate.mempool

    @mempool.setter
    def mempool(self, mempool: MempoolHooks | None) -> None:
        self._chainstate.mempool = mempool

    @property
    def active_chain(self) -> ActiveChain:
        """The best chain, indexable by height."""
        return self._chainstate.chain

    @property
    def tip(self) -> BlockIndex:
        """The last block of the active chain."""
        return self._chainstate.tip

    @property
    def coins(self) -> CoinsCache:
        """The unspent outputs as of the tip; read them with the lock held."""
        return self._chainstate.coins

    @property
    def block_index(self) -> dict[bytes, BlockIndex]:
        """All known headers by hash; do not change it."""
        return self.store.blocks

    @property
    def best_invalid(self) -> BlockIndex | None:
        """The invalid block with the most work."""
        return self._chainstate.best_invalid

    def lookup(self, block_hash: bytes) -> BlockIndex | None:
        """The known header with this hash."""
        return self.store.blocks.get(block_hash)

    def get_coin(self, outpoint: OutPoint) -> Coin | None:
        """The unspent output at ``outpoint`` as of the tip."""
        with self.lock:
            return self._chainstate.coins.get(outpoint)

    def read_block(self, index: BlockIndex) -> Block:
        """A stored block.

        Raises:
            BlockFileError: if it is not stored or cannot be read.
        """
        return self.store.read_block(index)

    def read_undo(self, index: BlockIndex) -> BlockUndo:
        """The coins that a block spent.

        Raises:
            BlockFileError: if they are not stored or cannot be read.
        """
        return self.store.read_undo(index)

    @property
    def have_pruned(self) -> bool:
        """Whether the data of any block has been deleted."""
        return any(index.n_tx and not index.have_data for index in self.store.blocks.values())

    def find_fork(self, locator: BlockLocator) -> BlockIndex:
        """The highest block that ``locator`` and the active chain share, at least the genesis block."""
        with self.lock:
            for block_hash in locator.hashes:
                index = self.store.blocks.get(block_hash)
                if index is None:
                    continue
                if index in self.active_chain:
                    return index
                if self.tip.height < index.height and self.tip.is_ancestor_of(index):
                    return self.tip
            return self.active_chain[0]

    def is_initial_block_download(self) -> bool:
        """Whether the node is still catching up. Once False it stays so."""
        return self._initial_download

    def blocks_ahead_of_tip(self) -> int:
        """How many blocks upon the tip are missing of whose headers are known; 0 if the best header is elsewhere."""
        with self.lock:
            best, tip = self.best_header, self.tip
            if best.chain_work <= tip.chain_work or not tip.is_ancestor_of(best):
                return 0
            return best.height - tip.height

    def guess_progress(self, index: BlockIndex) -> float:
        """Estimated share of the whole chain that lies at or below ``index``, 0 to 1."""
        return verification_progress(self.params, index, self.best_header, clock.now())

    def _update_initial_download(self) -> None:
        tip = self.active_chain.tip
        if (
            self._initial_download
            and tip is not None
            and tip.chain_work >= self.options.minimum_chain_work
            and tip.time >= clock.now() - self.options.max_tip_age
        ):
            log.info("Leaving InitialBlockDownload (latching to false)")
            self._initial_download = False

    def _report_tip(self, tip: BlockIndex) -> TipReport:
        # The header of a connected block is at least as good as the best one known, whatever was known before.
        if tip.chain_work > self.best_header.chain_work:
            self.best_header = tip
        self._update_initial_download()
        return TipReport(self.guess_progress(tip))
