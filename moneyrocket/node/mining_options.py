"""Settings of block templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.consensus.limits import MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT
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
        coinbase_sigops: signature operation cost kept free for the coinbase's outputs.
    """

    max_weight: int = MAX_BLOCK_WEIGHT
    reserved_weight: int = DEFAULT_RESERVED_WEIGHT
    min_rate: int = 1
    version: int | None = None
    print_rates: bool = False
    coinbase_sigops: int = COINBASE_SIGOPS

    def fault(self, max_weight_name: str, reserved_weight_name: str, coinbase_sigops_name: str) -> str | None:
        """What is out of range, None if nothing is.

        Args:
            max_weight_name: what the message calls `max_weight`.
            reserved_weight_name: what it calls `reserved_weight`.
            coinbase_sigops_name: what it calls `coinbase_sigops`.
        """
        reserved, limit = f"{reserved_weight_name} ({self.reserved_weight})", f"({MAX_BLOCK_WEIGHT})"
        if self.reserved_weight < MIN_RESERVED_WEIGHT:
            return f"{reserved} is lower than minimum safety value of ({MIN_RESERVED_WEIGHT})"
        if self.reserved_weight > MAX_BLOCK_WEIGHT:
            return f"{reserved} exceeds consensus maximum block weight {limit}"
        if self.max_weight > MAX_BLOCK_WEIGHT:
            return f"{max_weight_name} ({self.max_weight}) exceeds consensus maximum block weight {limit}"
        if self.reserved_weight > self.max_weight:
            return f"{reserved} exceeds {max_weight_name} ({self.max_weight})"
        if self.coinbase_sigops > MAX_BLOCK_SIGOPS_COST:
            return (
                f"{coinbase_sigops_name} ({self.coinbase_sigops}) exceeds consensus maximum block sigops cost "
                f"({MAX_BLOCK_SIGOPS_COST})"
            )
        return None


def mining_options(args: ArgsManager, *, allow_version: bool) -> MiningOptions:
    """Read the options of block templates.

    Args:
        args: the node's settings.
        allow_version: whether the chain lets -blockversion count.

    Raises:
        InitError: if a value is out of range or no amount.
    """
    options = MiningOptions(
        max_weight=args.get_int("-blockmaxweight", MAX_BLOCK_WEIGHT),
        reserved_weight=args.get_int("-blockreservedweight", DEFAULT_RESERVED_WEIGHT),
        min_rate=_min_rate(args),
        version=args.get_int("-blockversion", 0) if allow_version and args.is_set("-blockversion") else None,
        print_rates=args.get_bool("-printpriority", False),
    )
    fault = options.fault("-blockmaxweight", "-blockreservedweight", "coinbase_sigops")
    if fault is not None:
        raise InitError(fault)
    return options


def _min_rate(args: ArgsManager) -> int:
    from moneyrocket.rpc.values import parse_fixed_point

    text = args.get_opt("-blockmintxfee")
    if text is None:
        return MiningOptions().min_rate
    amount = parse_fixed_point(text, len(str(COIN)) - 1)
    if amount is None or not money_range(amount):
        raise InitError(f"Invalid amount for -blockmintxfee=<amount>: '{text}'")
    return amount
