"""Checks stored blocks, undo data and coins against one another (verifychain, and at start-up)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.node.block_files import BlockFileError
from moneyrocket.node.coins import CoinsLayer
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager

DEFAULT_CHECK_LEVEL: Final = 3
DEFAULT_CHECK_BLOCKS: Final = 6

log = category_logger("")


def verify_chain(
    chainman: ChainstateManager, level: int, blocks: int, interrupted: Callable[[], bool] = lambda: False
) -> bool:
    """Check the last blocks of the active chain; changes nothing.

    Args:
        chainman: the chain.
        level: 0 reads the blocks, 1 checks each by itself, 2 reads the undo data, 3 disconnects them in memory, 4
            connects them again.
        blocks: how many, 0 or fewer for all.
        interrupted: whether to end early, which counts as success.

    Returns:
        Whether all is well; the log has the reason if not.
    """
    with chainman.lock:
        height = chainman.tip.height
        depth = min(blocks if blocks > 0 else height, height)
        level = max(0, min(level, 4))
        log.info("Verifying last %d blocks at level %d", depth, level)
        layer = CoinsLayer(chainman.coins)
        index = chainman.tip
        for _ in range(depth):
            if interrupted():
                return True
            if not _check_block(chainman, index, level, layer):
                return False
            assert index.prev is not None
            index = index.prev
        if level >= 4 and not _connect_again(chainman, index, layer, interrupted):
            return False
        log.info("Verification: checked last %d blocks at level %d", depth, level)
        return True


def _check_block(chainman: ChainstateManager, index: BlockIndex, level: int, layer: CoinsLayer) -> bool:
    where = f"at {index.height}, hash={hash_to_hex(index.hash)}"
    try:
        block = chainman.read_block(index)
    except BlockFileError as error:
        log.error("Verification error: ReadBlock failed %s (%s)", where, error)
        return False
    if level >= 1:
        try:
            chainman.validator.check_block(block)
        except ValidationError as error:
            log.error("Verification error: found bad block %s (%s)", where, error)
            return False
    if level >= 2:
        try:
            undo = chainman.read_undo(index)
            if level >= 3:
                chainman.validator.disconnect(block, undo, layer)
        except (BlockFileError, ValueError) as error:
            log.error("Verification error: found bad undo data %s (%s)", where, error)
            return False
    return True


def _connect_again(
    chainman: ChainstateManager, start: BlockIndex, layer: CoinsLayer, interrupted: Callable[[], bool]
) -> bool:
    for height in range(start.height + 1, chainman.tip.height + 1):
        if interrupted():
            return True
        index = chainman.active_chain[height]
        try:
            chainman.validator.connect(chainman.read_block(index), index, layer)
        except (BlockFileError, ValidationError) as error:
            log.error(
                "Verification error: found unconnectable block at %d, hash=%s (%s)",
                height, hash_to_hex(index.hash), error,
            )  # fmt: skip
            return False
    return True
