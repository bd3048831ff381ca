"""Units of money, and amounts as text in them."""

from __future__ import annotations

import re
from enum import Enum

from moneyrocket.primitives.amount import MAX_MONEY

THIN_SPACE = "\u2009"
MINUS = "\u2212"


class Unit(Enum):
    """A unit. The value is how it is stored among the settings."""

    BTC = "BTC"
    MBTC = "mBTC"
    UBTC = "uBTC"
    SAT = "sat"

    @property
    def decimals(self) -> int:
        """Digits after the point."""
        return {Unit.BTC: 8, Unit.MBTC: 5, Unit.UBTC: 2, Unit.SAT: 0}[self]

    @property
    def label(self) -> str:
        """Its name, as printed after an amount."""
        return "\u00b5BTC" if self is Unit.UBTC else self.value


def split_amount(amount: int, unit: Unit, *, plus: bool = False) -> tuple[str, str]:
    """Spell ``amount`` (sat) in two parts: what says something, and the zeros at the end that only fill up.

    Args:
        amount: in sat.
        unit: what to spell it in.
        plus: Whether amounts above zero get a sign too.
    """
    sign = MINUS if amount < 0 else "+" if plus and amount else ""
    whole, rest = divmod(abs(amount), 10**unit.decimals)
    text = sign + f"{whole:,}".replace(",", THIN_SPACE)
    if not unit.decimals:
        return text, ""
    digits = f"{rest:0{unit.decimals}d}"
    kept = digits.rstrip("0")
    # Two decimals always count as said: 1.50 reads as money, 1.5 does not.
    kept = digits[: max(len(kept), min(2, unit.decimals))]
    return f"{text}.{kept}", digits[len(kept) :]


def format_amount(amount: int, unit: Unit, *, plus: bool = False, with_unit: bool = True) -> str:
    """Spell ``amount`` (sat) with all decimals of ``unit``, so that amounts below one another align."""
    said, zeros = split_amount(amount, unit, plus=plus)
    return f"{said}{zeros} {unit.label}" if with_unit else said + zeros


def parse_amount(text: str, unit: Unit) -> int | None:
    """Read an amount that a person typed.

    Returns:
        The amount in sat, or None when the text is no amount in ``unit``, or more than there can be.
    """
    text = re.sub(r"[\s_']", "", text)
    # A lone comma is a decimal point in half of the world. Commas that group are refused rather than guessed at.
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    match = re.fullmatch(r"([0-9]*)(?:\.([0-9]*))?", text)
    if match is None or not (match[1] or match[2]):
        return None
    rest = match[2] or ""
    if len(rest) > unit.decimals:
        return None
    amount = int(match[1] or "0") * 10**unit.decimals + int(rest.ljust(unit.decimals, "0") or "0")
    return amount if amount <= MAX_MONEY else None


def format_fee_rate(sat_per_kvb: float) -> str:
    """Spell a fee rate (sat/kvB) in the unit that people use."""
    return f"{sat_per_kvb / 1000:.2f}".rstrip("0").rstrip(".") + " sat/vB"
