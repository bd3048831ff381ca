"""Settings of block templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.consensus.limits import MAX_BLOCK_WEIGHT
from moneyrocket.primitives.amount import COIN, money_range

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager

MIN_RESERVED_WEIGHT: Final = 2000
DEFAULT_RESERVED_WEIGHT: Final = 8000
COINBASE_SIGOPS: Final = 400
"""Signature operation cost kept free for the coinbase's outputs."""


@dataclass(frozen=True, slots=True)
class MiningOptions:
    """What new blocks are like.

    Attributes:
        max_weight: largest weight, weight units (-blockmaxweight).
        reserved_weight: weight kept free for header and coinbase (-blockreservedweight).
        min_rate: fee rate below which no transaction is taken, sat/kvB (-blockmintxfee).
        version: block version, None for what the deployments ask for (-blockversion).
        print_rates: log the fee rate of each transaction taken (-printpriority).
    """

    max_weight: int = MAX_BLOCK_WEIGHT
    reserved_weight: int = DEFAULT_RESERVED_WEIGHT
    min_rate: int = 1
    version: int | None = None
    print_rates: bool = False


def mining_options(args: ArgsManager, *, allow_version: bool) -> MiningOptions:
    """Read the options of block templates.

    Args:
        args: the node's settings.
        allow_version: whether the chain lets -blockversion count.

    Raises:
        InitError: if a value is out of range or no amount.
    """
    max_weight = args.get_int("-blockmaxweight", MAX_BLOCK_WEIGHT)
    if max_weight > MAX_BLOCK_WEIGHT:
        raise InitError(f"-blockmaxweight ({max_weight}) exceeds consensus maximum block weight ({MAX_BLOCK_WEIGHT})")
    reserved = args.get_int("-blockreservedweight", DEFAULT_RESERVED_WEIGHT)
    if reserved > MAX_BLOCK_WEIGHT:
        raise InitError(
            f"-blockreservedweight ({reserved}) exceeds consensus maximum block weight ({MAX_BLOCK_WEIGHT})"
        )
    if reserved < MIN_RESERVED_WEIGHT:
        raise InitError(
            f"-blockreservedweight ({reserved}) is lower than minimum safety value of ({MIN_RESERVED_WEIGHT})"
        )
    if reserved > max_weight:
        raise InitError(f"-blockreservedweight ({reserved}) exceeds -blockmaxweight ({max_weight})")
    version = args.get_int("-blockversion", 0) if allow_version and args.is_set("-blockversion") else None
    return MiningOptions(max_weight, reserved, _min_rate(args), version, args.get_bool("-printpriority", False))


def _min_rate(args: ArgsManager) -> int:
    from moneyrocket.rpc.values import parse_fixed_point

    text = args.get_opt("-blockmintxfee")
    if text is None:
        return MiningOptions().min_rate
    amount = parse_fixed_point(text, len(str(COIN)) - 1)
    if amount is None or not money_range(amount):
        raise InitError(f"Invalid amount for -blockmintxfee=<amount>: '{text}'")
    return amount
