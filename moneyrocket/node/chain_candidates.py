"""Chooses the best chain: which tips could be connected, and which of them has the most work."""

from collections import defaultdict, deque
from collections.abc import Iterable

from moneyrocket.node.block_index import BlockIndex, BlockStatus

_FROM_DISK = 1
"""Sequence id of blocks that were there before the start; those of the active chain have 0, later ones count on."""


class ChainCandidates:
    """Keeps the blocks that have all data down to the genesis block and at least as much work as the tip.

    Among equal work the block that arrived first wins, until `prefer` (preciousblock) says otherwise.
    """

    def __init__(self) -> None:
        self._candidates: set[BlockIndex] = set()
        self._waiting: defaultdict[BlockIndex, list[BlockIndex]] = defaultdict(list)
        self._next_sequence = _FROM_DISK + 1
        self._next_precious = -1
        self._precious_work = 0

    def load(self, blocks: Iterable[BlockIndex], tip: BlockIndex | None) -> None:
        """Begin with the blocks of the index; ``tip`` is the last one connected, and its chain has sequence id 0."""
        self._candidates.clear()
        self._waiting.clear()
        for index in sorted(blocks, key=lambda block: block.height):
            index.sequence_id = _FROM_DISK
            if not index.n_tx:
                continue
            if index.prev is None:
                index.chain_tx = index.n_tx
            elif index.prev.chain_tx:
                index.chain_tx = index.prev.chain_tx + index.n_tx
            else:
                self._waiting[index.prev].append(index)
        walk = tip
        while walk is not None:
            walk.sequence_id = 0
            walk = walk.prev
        for index in blocks:
            self.consider(index, tip)

    def received(self, index: BlockIndex, tip: BlockIndex | None) -> None:
        """Note that a block's transactions arrived; blocks upon it that waited for it become candidates too."""
        if index.prev is not None and not index.prev.chain_tx:
            if index not in self._waiting[index.prev]:
                self._waiting[index.prev].append(index)
            return
        queue = deque((index,))
        while queue:
            block = queue.popleft()
            block.chain_tx = (block.prev.chain_tx if block.prev is not None else 0) + block.n_tx
            block.sequence_id = self._next_sequence
            self._next_sequence += 1
            self.consider(block, tip)
            queue.extend(self._waiting.pop(block, ()))

    def consider(self, index: BlockIndex, tip: BlockIndex | None) -> None:
        """Make a block a candidate if it qualifies."""
        if (
            index.chain_tx
            and index.is_valid(BlockStatus.VALID_TRANSACTIONS)
            and (tip is None or not self._worse(index, tip))
        ):
            self._candidates.add(index)

    def discard(self, index: BlockIndex) -> None:
        """Take a block out of the choice."""
        self._candidates.discard(index)

    def prune(self, tip: BlockIndex) -> None:
        """Drop the candidates that lose against a new tip."""
        self._candidates = {block for block in self._candidates if not self._worse(block, tip)}

    def best(self) -> BlockIndex | None:
        """The candidate with the most work whose data is all here; those without are dropped until it arrives."""
        while self._candidates:
            best = max(self._candidates, key=_rank)
            obstacle = self._obstacle(best)
            if obstacle is None:
                return best
            self._drop_descendants(best, obstacle)
        return None

    def prefer(self, index: BlockIndex, tip: BlockIndex | None) -> None:
        """Treat ``index`` as if it had arrived before all others of the same work (preciousblock)."""
        if tip is not None and tip.chain_work > self._precious_work:
            self._next_precious = -1
        self._precious_work = tip.chain_work if tip is not None else 0
        index.sequence_id = self._next_precious
        self._next_precious -= 1
        self.consider(index, tip)

    def __contains__(self, index: BlockIndex) -> bool:
        return index in self._candidates

    def _worse(self, index: BlockIndex, tip: BlockIndex) -> bool:
        return index is not tip and _rank(index) < _rank(tip)

    def _obstacle(self, best: BlockIndex) -> BlockIndex | None:
        """The first block below ``best``, down to one already connected, that is invalid or without data."""
        walk: BlockIndex | None = best
        while walk is not None and walk.status & BlockStatus.VALID_MASK < BlockStatus.VALID_SCRIPTS:
            if walk.failed or not walk.have_data:
                return walk
            walk = walk.prev
        return walk if walk is not None and walk.failed else None

    def _drop_descendants(self, best: BlockIndex, obstacle: BlockIndex) -> None:
        walk: BlockIndex | None = best
        while walk is not None and walk is not obstacle:
            self._candidates.discard(walk)
            if obstacle.failed:
                walk.status |= BlockStatus.FAILED
            elif walk.prev is not None:
                self._waiting[walk.prev].append(walk)
            walk = walk.prev
        self._candidates.discard(obstacle)


def _rank(index: BlockIndex) -> tuple[int, int]:
    return index.chain_work, -index.sequence_id
