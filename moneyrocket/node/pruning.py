"""Deletes old block files, so that the chain takes less room (-prune)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import category_logger
from moneyrocket.node.block_index import BlockStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moneyrocket.common.args import ArgsManager
    from moneyrocket.node.block_index import ActiveChain, BlockIndex
    from moneyrocket.node.block_store import BlockStore

MIN_TARGET: Final = 550 * 2**20
"""Block files are never kept below this size, bytes."""
PRUNE_MANUALLY: Final = 2**64 - 1
"""As target: files are deleted only when pruneblockchain asks for it."""
MIN_BLOCKS_TO_KEEP: Final = 288
"""The last blocks of the chain stay, for peers and reorganisations."""
_BUFFER: Final = 17 * 2**20
"""Room for what is written before the next look at the target, bytes."""

log = category_logger("")
prune_log = category_logger("prune")


def prune_target(args: ArgsManager) -> int:
    """The -prune option as bytes: 0 for off, `PRUNE_MANUALLY` for 1.

    Raises:
        InitError: if it is negative or too small.
    """
    mebibytes = args.get_int("-prune", 0)
    if mebibytes < 0:
        raise InitError("Prune cannot be configured with a negative value.")
    if mebibytes == 1:
        return PRUNE_MANUALLY
    minimum = 1 if args.get_bool("-fastprune", False) else MIN_TARGET // 2**20
    if 0 < mebibytes < minimum:
        raise InitError(
            f"Prune configured below the minimum of {MIN_TARGET // 2**20} MiB.  Please use a higher number."
        )
    return mebibytes * 2**20


def last_pruned_height(chain: ActiveChain) -> int | None:
    """Height of the highest block of the chain whose data, or that of a block above it, is gone; None if all is here.

    The genesis block, which needs no undo data, does not count.
    """
    tip = chain.tip
    if tip is None or tip.prev is None:
        return None
    both = BlockStatus.HAVE_DATA | BlockStatus.HAVE_UNDO
    walk: BlockIndex | None = tip
    while walk is not None and walk.prev is not None and walk.status & both == both:
        walk = walk.prev
    return walk.height if walk is not None and walk.prev is not None else None


def prune_to_height(store: BlockStore, tip_height: int, height: int) -> int:
    """Delete all files that hold no block above ``height`` nor among the last of the chain.

    Returns:
        How many pairs of files were deleted.
    """
    limit = min(height, tip_height - MIN_BLOCKS_TO_KEEP)
    infos = store.files.infos
    numbers = [n for n, info in enumerate(infos[:-1]) if info.size and info.height_last <= limit]
    _delete(store, numbers)
    log.info("Prune (Manual): prune_height=%d removed %d blk/rev pairs", limit, len(numbers))
    return len(numbers)


def prune_to_target(store: BlockStore, tip_height: int, target: int) -> int:
    """Delete the oldest files until all fit into ``target`` bytes. Returns how many pairs were deleted."""
    limit = tip_height - MIN_BLOCKS_TO_KEEP
    usage = store.files.total_size
    numbers = []
    for number, info in enumerate(store.files.infos[:-1]):
        if usage + _BUFFER < target:
            break
        if info.size and info.height_last <= limit:
            numbers.append(number)
            usage -= info.size + info.undo_size
    _delete(store, numbers)
    if numbers:
        prune_log.debug("target=%d actual=%d removed %d blk/rev pairs", target, usage, len(numbers))
    return len(numbers)


def _delete(store: BlockStore, numbers: Iterable[int]) -> None:
    gone = set(numbers)
    if not gone:
        return
    for index in store.blocks.values():
        if index.file in gone:
            index.status &= ~(BlockStatus.HAVE_DATA | BlockStatus.HAVE_UNDO)
            index.file = -1
            index.data_pos = index.undo_pos = 0
            store.mark_dirty(index)
    for number in gone:
        store.files.forget(number)
    # Nobody may look for data that is being deleted, not even after a crash.
    store.flush()
    for number in gone:
        store.files.delete(number)
