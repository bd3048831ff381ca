"""The tree of known block headers."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from moneyrocket.consensus.pow import block_proof
from moneyrocket.primitives.block import BlockHeader, BlockLocator

MEDIAN_TIME_SPAN: Final = 11
"""Blocks whose times the median time past is taken from."""


class BlockStatus:
    """How far a block was checked, what is stored of it, and whether it is known to be bad.

    The low three bits are a level, compared as a number; the others are flags. Plain integers, because they are
    combined for every block.
    """

    VALID_TREE: Final = 2
    """The header fits onto its parent."""
    VALID_TRANSACTIONS: Final = 3
    """The block passed all checks that need no chain state."""
    VALID_CHAIN: Final = 4
    VALID_SCRIPTS: Final = 5
    """The block was connected once."""
    VALID_MASK: Final = 7
    HAVE_DATA: Final = 8
    HAVE_UNDO: Final = 16
    FAILED: Final = 32
    """The block or one of its ancestors is invalid."""


class FilePosition(NamedTuple):
    """Place in a blk or rev file: the file's number and the offset of the data behind its size field."""

    file: int
    offset: int


class BlockIndex:
    """A node of the header tree. Compared by identity; there is one object for each known block.

    Attributes:
        hash: block hash, internal byte order.
        prev: the parent, None for the genesis block.
        skip: an ancestor far below, for fast walks down.
        height: distance from the genesis block.
        chain_work: expected number of hashes behind the chain up to here.
        status: `BlockStatus` bits.
        n_tx: number of transactions, 0 while the block was never received.
        chain_tx: transactions in the chain up to here, 0 while some block of it was never received.
        file: number of the blk and rev file, -1 without data.
        data_pos: offset of the block in its blk file, 0 without data.
        undo_pos: offset of the undo data in its rev file, 0 without undo data.
        sequence_id: order of arrival; the smaller wins among chains of equal work.
        time_max: largest time of this block and all its ancestors.
    """

    __slots__ = (
        "_median_time_past",
        "bits",
        "chain_tx",
        "chain_work",
        "data_pos",
        "file",
        "hash",
        "height",
        "merkle_root",
        "n_tx",
        "nonce",
        "prev",
        "sequence_id",
        "skip",
        "status",
        "time",
        "time_max",
        "undo_pos",
        "version",
    )

    def __init__(self, header: BlockHeader, prev: "BlockIndex | None", block_hash: bytes | None = None) -> None:
        self.hash = header.hash if block_hash is None else block_hash
        self.version = header.version
        self.merkle_root = header.merkle_root
        self.time = header.time
        self.bits = header.bits
        self.nonce = header.nonce
        self.prev = prev
        self.status = BlockStatus.VALID_TREE
        self.n_tx = 0
        self.chain_tx = 0
        self.file = -1
        self.data_pos = 0
        self.undo_pos = 0
        self.sequence_id = 0
        self._median_time_past: int | None = None
        self.skip: BlockIndex | None
        if prev is None:
            self.height = 0
            self.skip = None
            self.chain_work = block_proof(header.bits)
            self.time_max = header.time
        else:
            self.height = prev.height + 1
            self.skip = prev.ancestor(_skip_height(self.height))
            self.chain_work = prev.chain_work + block_proof(header.bits)
            self.time_max = max(prev.time_max, header.time)

    def __repr__(self) -> str:
        return f"BlockIndex({self.height}, {self.hash[::-1].hex()})"

    @property
    def header(self) -> BlockHeader:
        """The block's header."""
        prev_hash = self.prev.hash if self.prev is not None else bytes(32)
        header = BlockHeader(self.version, prev_hash, self.merkle_root, self.time, self.bits, self.nonce)
        header.__dict__["hash"] = self.hash
        return header

    @property
    def prev_hash(self) -> bytes:
        """Hash of the parent, zero for the genesis block."""
        return self.prev.hash if self.prev is not None else bytes(32)

    @property
    def median_time_past(self) -> int:
        """Median of the times of this block and the ten before it, unix seconds (BIP113)."""
        if self._median_time_past is None:
            times: list[int] = []
            walk: BlockIndex | None = self
            while walk is not None and len(times) < MEDIAN_TIME_SPAN:
                times.append(walk.time)
                walk = walk.prev
            times.sort()
            self._median_time_past = times[len(times) // 2]
        return self._median_time_past

    @property
    def have_data(self) -> bool:
        """Whether the block is stored."""
        return bool(self.status & BlockStatus.HAVE_DATA)

    @property
    def have_undo(self) -> bool:
        """Whether its undo data is stored."""
        return bool(self.status & BlockStatus.HAVE_UNDO)

    @property
    def failed(self) -> bool:
        """Whether the block or one of its ancestors is known to be invalid."""
        return bool(self.status & BlockStatus.FAILED)

    @property
    def have_chain_data(self) -> bool:
        """Whether the block and all its ancestors were received at some time."""
        return self.chain_tx != 0

    def is_valid(self, level: int = BlockStatus.VALID_TRANSACTIONS) -> bool:
        """Whether the block was checked up to ``level`` and not found invalid."""
        return not self.status & BlockStatus.FAILED and (self.status & BlockStatus.VALID_MASK) >= level

    def raise_validity(self, level: int) -> bool:
        """Record that the block was checked up to ``level``. Returns whether that is news."""
        if self.status & BlockStatus.FAILED or (self.status & BlockStatus.VALID_MASK) >= level:
            return False
        self.status = (self.status & ~BlockStatus.VALID_MASK) | level
        return True

    def ancestor(self, height: int) -> "BlockIndex | None":
        """The ancestor (or the block itself) at ``height``, None if that is above it or negative."""
        if height > self.height or height < 0:
            return None
        walk: BlockIndex = self
        while walk.height != height:
            skip, parent = walk.skip, walk.prev
            assert parent is not None
            if skip is not None and skip.height >= height and not _better_via_parent(walk.height, height):
                walk = skip
            else:
                walk = parent
        return walk

    def is_ancestor_of(self, other: "BlockIndex") -> bool:
        """Whether ``other`` is this block or built upon it."""
        return other.ancestor(self.height) is self


def _skip_height(height: int) -> int:
    """Height of the block that ``height`` links to besides its parent: low bits cleared, so steps vary in length."""
    if height < 2:
        return 0
    if height & 1:
        return _clear_lowest_bit(_clear_lowest_bit(height - 1)) + 1
    return _clear_lowest_bit(height)


def _clear_lowest_bit(n: int) -> int:
    return n & (n - 1)


def _better_via_parent(height: int, wanted: int) -> bool:
    """Whether the parent's skip link leads closer to ``wanted`` than the block's own does."""
    own = _skip_height(height)
    via_parent = _skip_height(height - 1)
    return own != wanted and own > wanted and via_parent < own - 2 and via_parent >= wanted


def last_common_ancestor(a: BlockIndex, b: BlockIndex) -> BlockIndex:
    """The highest block that two chains share; both must have the same genesis block."""
    height = min(a.height, b.height)
    left, right = a.ancestor(height), b.ancestor(height)
    while left is not right:
        assert left is not None and right is not None
        if left.skip is not right.skip and left.skip is not None and right.skip is not None:
            left, right = left.skip, right.skip
        else:
            left, right = left.prev, right.prev
    assert left is not None
    return left


def make_locator(index: BlockIndex | None) -> BlockLocator:
    """Locator of the chain that ends in ``index``: ten blocks one by one, then in doubling steps, then genesis."""
    hashes: list[bytes] = []
    step = 1
    walk = index
    while walk is not None:
        hashes.append(walk.hash)
        if walk.height == 0:
            break
        walk = walk.ancestor(max(walk.height - step, 0))
        if len(hashes) > 10:
            step *= 2
    return BlockLocator(tuple(hashes))


class ActiveChain:
    """The best chain, indexable by height."""

    def __init__(self) -> None:
        self._blocks: list[BlockIndex] = []

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[BlockIndex]:
        return iter(self._blocks)

    def __getitem__(self, height: int) -> BlockIndex:
        """The block at ``height``.

        Raises:
            IndexError: if the chain is not that high.
        """
        if height < 0:
            raise IndexError("negative height")
        return self._blocks[height]

    def get(self, height: int) -> BlockIndex | None:
        """The block at ``height``, None outside of the chain."""
        return self._blocks[height] if 0 <= height < len(self._blocks) else None

    def __contains__(self, index: object) -> bool:
        return isinstance(index, BlockIndex) and self.get(index.height) is index

    @property
    def tip(self) -> BlockIndex | None:
        """The last block, None before the genesis block is connected."""
        return self._blocks[-1] if self._blocks else None

    @property
    def height(self) -> int:
        """Height of the tip, -1 before there is one."""
        return len(self._blocks) - 1

    def next(self, index: BlockIndex) -> BlockIndex | None:
        """The block after ``index``, None if that is the tip or not in the chain."""
        return self.get(index.height + 1) if index in self else None

    def find_fork(self, index: BlockIndex) -> BlockIndex | None:
        """The highest block of the chain that ``index`` is or descends from."""
        walk: BlockIndex | None = index.ancestor(self.height) if index.height > self.height else index
        while walk is not None and walk not in self:
            walk = walk.prev
        return walk

    def find_earliest_at_least(self, min_time: int, min_height: int) -> BlockIndex | None:
        """The first block whose ``time_max`` and height reach both bounds."""
        low, high = max(min_height, 0), len(self._blocks)
        while low < high:
            middle = (low + high) // 2
            if self._blocks[middle].time_max < min_time:
                low = middle + 1
            else:
                high = middle
        return self.get(low)

    def set_tip(self, index: BlockIndex | None) -> None:
        """Make the chain end in ``index``; only the part above the fork is touched."""
        if index is None:
            self._blocks.clear()
            return
        fresh: list[BlockIndex] = []
        walk: BlockIndex | None = index
        while walk is not None and walk not in self:
            fresh.append(walk)
            walk = walk.prev
        del self._blocks[(walk.height + 1 if walk is not None else 0) :]
        self._blocks.extend(reversed(fresh))

    def locator(self) -> BlockLocator:
        """Locator of the tip."""
        return make_locator(self.tip)

    def missing_from(self, index: BlockIndex) -> Iterable[BlockIndex]:
        """The blocks from the fork point (exclusive) up to ``index``, lowest first."""
        path: list[BlockIndex] = []
        walk: BlockIndex | None = index
        while walk is not None and walk not in self:
            path.append(walk)
            walk = walk.prev
        return reversed(path)
