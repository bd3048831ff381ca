"""New coins in a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.primitives.amount import COIN

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams


def block_subsidy(height: int, params: ChainParams) -> int:
    """What the coinbase at ``height`` may pay besides the fees, sat."""
    return (50 * COIN) >> height // params.subsidy_halving_interval
