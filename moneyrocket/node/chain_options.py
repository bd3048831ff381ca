"""Settings of block storage and chain state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.node.block_files import MAX_FILE_SIZE
from moneyrocket.node.pruning import prune_target
from moneyrocket.node.storage import Durability

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager
    from moneyrocket.consensus.params import ChainParams

DEFAULT_MAX_TIP_AGE: Final = 24 * 60 * 60
_FAST_PRUNE_FILE_SIZE: Final = 0x10000


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """How the chain state is kept and checked.

    Attributes:
        chainstate_dir: folder of the UTXO set.
        blocks_dir: folder of the block files.
        index_dir: folder of the block index.
        durability: what a commit survives.
        blocks_xor: obfuscate block files.
        max_file_size: size at which a new block file is begun, bytes.
        max_tip_age: a tip older than this means initial download, seconds.
        minimum_chain_work: a chain with less work means initial download.
        assume_valid: hash of a block whose ancestors' scripts need no check, internal byte order; None for none.
        check_blocks: how many blocks are verified at start-up, 0 for all.
        check_level: how thoroughly, 0 to 4.
        reindex: build index and UTXO set anew from the block files.
        reindex_chainstate: build the UTXO set anew.
        stop_at_height: stop the node at this height, 0 for never.
        prune_target: bytes that block files may take, 0 for no limit, `PRUNE_MANUALLY` for one only on demand.
    """

    chainstate_dir: Path
    blocks_dir: Path
    index_dir: Path
    durability: Durability = Durability.POWER
    blocks_xor: bool = True
    max_file_size: int = MAX_FILE_SIZE
    max_tip_age: int = DEFAULT_MAX_TIP_AGE
    minimum_chain_work: int = 0
    assume_valid: bytes | None = None
    check_blocks: int = 6
    check_level: int = 3
    reindex: bool = False
    reindex_chainstate: bool = False
    stop_at_height: int = 0
    prune_target: int = 0

    @property
    def prunes(self) -> bool:
        """Whether old block files may be deleted."""
        return self.prune_target != 0

    @property
    def can_defer(self) -> bool:
        """Whether commits are slow enough to be worth holding back in initial download."""
        return self.durability is Durability.POWER


def chain_options(args: ArgsManager, params: ChainParams) -> ChainOptions:
    """The options as the user set them.

    Raises:
        InitError: if one has no valid value.
    """
    return ChainOptions(
        chainstate_dir=args.datadir_net / "chainstate",
        blocks_dir=args.blocks_dir,
        index_dir=args.datadir_net / "blocks" / "index",
        # Chains made on demand are for tests, which start and kill nodes by the hundred but never pull the plug.
        durability=Durability.PROCESS if params.mine_blocks_on_demand else Durability.POWER,
        blocks_xor=args.get_bool("-blocksxor", True),
        max_file_size=_FAST_PRUNE_FILE_SIZE if args.get_bool("-fastprune", False) else MAX_FILE_SIZE,
        max_tip_age=args.get_int("-maxtipage", DEFAULT_MAX_TIP_AGE),
        minimum_chain_work=_minimum_chain_work(args, params),
        assume_valid=_assume_valid(args, params),
        check_blocks=args.get_int("-checkblocks", 6),
        check_level=args.get_int("-checklevel", 3),
        reindex=args.get_bool("-reindex", False),
        reindex_chainstate=args.get_bool("-reindex-chainstate", False),
        stop_at_height=args.get_int("-stopatheight", 0),
        prune_target=prune_target(args),
    )


def _hex_value(text: str, wrong: str) -> int:
    """Read up to 64 hexadecimal digits, with or without 0x in front."""
    digits = text.removeprefix("0x").removeprefix("0X")
    try:
        if not digits or len(digits) > 64:
            raise ValueError
        return int(digits, 16)
    except ValueError:
        raise InitError(wrong) from None


def _minimum_chain_work(args: ArgsManager, params: ChainParams) -> int:
    text = args.get_opt("-minimumchainwork")
    if text is None:
        return params.minimum_chain_work
    return _hex_value(text, f"Invalid minimum work specified ({text}), must be up to 64 hex digits")


def _assume_valid(args: ArgsManager, params: ChainParams) -> bytes | None:
    text = args.get_opt("-assumevalid")
    if text is None or args.is_negated("-assumevalid"):
        return None if args.is_negated("-assumevalid") else params.assume_valid
    wrong = f"Invalid assumevalid block hash specified ({text}), must be up to 64 hex digits (or 0 to disable)"
    value = _hex_value(text, wrong)
    return value.to_bytes(32, "little") if value else None
