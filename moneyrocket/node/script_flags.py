"""Which script rules hold in a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.consensus.params import Deployment
from moneyrocket.script.flags import (
    VERIFY_CHECKLOCKTIMEVERIFY,
    VERIFY_CHECKSEQUENCEVERIFY,
    VERIFY_DERSIG,
    VERIFY_NULLDUMMY,
    VERIFY_P2SH,
    VERIFY_TAPROOT,
    VERIFY_WITNESS,
)

if TYPE_CHECKING:
    from moneyrocket.consensus.block_tree import BlockTreeEntry
    from moneyrocket.consensus.params import ChainParams


def block_script_flags(index: BlockTreeEntry, params: ChainParams) -> int:
    """Verification flags for the scripts in the block ``index``.

    BIP16, BIP141 and BIP341 are taken to hold from the first block on, since but for a few blocks, which are named in
    the chain's parameters, no older block breaks them.
    """
    flags = params.script_flag_exceptions.get(index.hash, VERIFY_P2SH | VERIFY_WITNESS | VERIFY_TAPROOT)
    if params.is_active_at(Deployment.DERSIG, index):
        flags |= VERIFY_DERSIG
    if params.is_active_at(Deployment.CLTV, index):
        flags |= VERIFY_CHECKLOCKTIMEVERIFY
    if params.is_active_at(Deployment.CSV, index):
        flags |= VERIFY_CHECKSEQUENCEVERIFY
    if params.is_active_at(Deployment.SEGWIT, index):
        flags |= VERIFY_NULLDUMMY
    return flags
