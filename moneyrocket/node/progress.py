"""How far the chain is: an estimate of the share of all transactions that was processed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.node.block_index import BlockIndex

_RECENT: Final = 2 * 60 * 60
"""A block younger than this is measured by height, because miners' clocks are too coarse then; seconds."""


def verification_progress(params: ChainParams, index: BlockIndex | None, best_header: BlockIndex, now: int) -> float:
    """Share of the chain's transactions, 0 to 1, that lie at or below ``index``.

    Args:
        params: the chain, with a known point of its growth and the rate since.
        index: the block.
        best_header: the best header known.
        now: current time, unix seconds.
    """
    if index is None or not index.chain_tx:
        return 0.0
    known = params.chain_tx_data
    if index.chain_tx <= known.tx_count:
        total = known.tx_count + (now - known.time) * known.tx_rate
    else:
        block_time = index.time
        if abs(now - index.time) <= _RECENT:
            block_time = now - (best_header.height - index.height) * params.pow_target_spacing
        total = index.chain_tx + (now - block_time) * known.tx_rate
    return min(index.chain_tx / total, 1.0) if total > 0 else 1.0
