"""Amounts of money, in satoshi."""

COIN = 100_000_000
"""Satoshi in one bitcoin."""

MAX_MONEY = 21_000_000 * COIN
"""No valid amount is larger (a sanity bound of consensus, not the supply)."""


def money_range(amount: int) -> bool:
    """Whether ``amount`` (sat) lies in the range that consensus allows."""
    return 0 <= amount <= MAX_MONEY


def format_money(amount: int) -> str:
    """Spell ``amount`` (sat) in BTC with eight decimals."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), COIN)
    return f"{sign}{whole}.{rest:08d}"
