"""Arithmetic on fee rates.

A fee rate that is a setting or a result is an `int` in sat/kvB. A fee rate that is compared exactly is a pair of fee
(sat) and size (vB or weight units); pairs are compared by cross-multiplication, so nothing is rounded.
"""

from moneyrocket.primitives.amount import COIN


def fee_at_rate(rate: int, vsize: int) -> int:
    """Fee in sat that ``vsize`` vB cost at ``rate`` sat/kvB, rounded up."""
    return -(-rate * vsize // 1000)


def rate_of(fee: int, vsize: int) -> int:
    """Fee rate in sat/kvB of ``fee`` sat over ``vsize`` vB, rounded down. Zero for no size."""
    return fee * 1000 // vsize if vsize > 0 else 0


def higher_rate(fee_a: int, size_a: int, fee_b: int, size_b: int) -> bool:
    """Whether ``fee_a / size_a`` is strictly above ``fee_b / size_b``."""
    return fee_a * size_b > fee_b * size_a


def format_rate(rate: int) -> str:
    """Spell ``rate`` (sat/kvB) as logs and errors do, in BTC/kvB."""
    return f"{rate // COIN}.{rate % COIN:08d} BTC/kvB"
