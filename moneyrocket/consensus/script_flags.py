"""Which script rules hold in a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """Script verification flags for the block ``index``.

    BIP16, segwit and taproot are taken to hold from the first block on: but for the exceptions, no older block breaks
    them.
    """
    flags = params.script_flag_exceptions.get(index.hash, VERIFY_P2SH | VERIFY_WITNESS | VERIFY_TAPROOT)
    height = index.height
    if height >= params.bip66_height:
        flags |= VERIFY_DERSIG
    if height >= params.bip65_height:
        flags |= VERIFY_CHECKLOCKTIMEVERIFY
    if height >= params.csv_height:
        flags |= VERIFY_CHECKSEQUENCEVERIFY
    if height >= params.segwit_height:
        flags |= VERIFY_NULLDUMMY
    return flags
