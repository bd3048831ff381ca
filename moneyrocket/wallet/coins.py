"""Coins that a transaction may spend, and groups of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from moneyrocket.primitives.transaction import WITNESS_SCALE_FACTOR, OutPoint, TxOut

MAX_GROUP_SIZE: Final = 100
"""Coins on one script beyond this number make further groups."""


def fee_for(fee_rate: int, size: int) -> int:
    """The fee in sat for ``size`` vB at ``fee_rate`` sat/kvB, rounded up."""
    return -(-fee_rate * size // 1000)


@dataclass(frozen=True, slots=True)
class SpendableCoin:
    """An output that could be spent.

    Attributes:
        outpoint: which output.
        out: its value and script.
        depth: confirmations, 0 in the mempool.
        input_size: vB that spending it takes, with the largest signature; -1 when unknown.
        solvable: whether the wallet knows the keys and scripts, leaving private keys aside.
        safe: confirmed, or unconfirmed and made of the wallet's own coins.
        from_me: whether its transaction spends coins of the wallet.
        output_type: address type, ``legacy`` … ``bech32m`` or ``unknown``.
        fee: sat for spending it at the transaction's fee rate.
        long_term_fee: sat for spending it at the long-term fee rate.
    """

    outpoint: OutPoint
    out: TxOut
    depth: int
    input_size: int
    solvable: bool = True
    safe: bool = True
    from_me: bool = True
    output_type: str = "unknown"
    fee: int = 0
    long_term_fee: int = 0

    @property
    def value(self) -> int:
        """Its value in sat."""
        return self.out.value

    @property
    def effective_value(self) -> int:
        """Value less the fee for spending it, sat."""
        return self.out.value - self.fee

    def at_fee_rates(self, fee_rate: int, long_term_fee_rate: int) -> SpendableCoin:
        """The coin with its fees for rates in sat/kvB."""
        size = max(self.input_size, 0)
        return replace(self, fee=fee_for(fee_rate, size), long_term_fee=fee_for(long_term_fee_rate, size))


@dataclass(frozen=True, slots=True)
class CoinGroup:
    """Coins that are spent together or not at all.

    Attributes:
        coins: the coins.
        selection_value: what they count for: effective value, or plain value when the recipients pay the fee. sat.
        fee: sat for spending them.
        long_term_fee: sat for spending them at the long-term fee rate.
        weight: weight units of the inputs.
        depth: confirmations of the youngest.
        from_me: all are outputs of transactions of the wallet.
        ancestors: largest number of unconfirmed ancestors, themselves included.
    """

    coins: tuple[SpendableCoin, ...]
    selection_value: int
    fee: int
    long_term_fee: int
    weight: int
    depth: int
    from_me: bool
    ancestors: int

    @classmethod
    def of(cls, coins: Iterable[SpendableCoin], *, subtract_fee: bool, ancestors: int = 0) -> CoinGroup:
        """Group coins.

        Args:
            coins: at least one.
            subtract_fee: the recipients pay the fee.
            ancestors: largest number of unconfirmed ancestors.
        """
        members = tuple(coins)
        return cls(
            coins=members,
            selection_value=sum(coin.value if subtract_fee else coin.effective_value for coin in members),
            fee=sum(coin.fee for coin in members),
            long_term_fee=sum(coin.long_term_fee for coin in members),
            weight=sum(max(coin.input_size, 0) for coin in members) * WITNESS_SCALE_FACTOR,
            depth=min(coin.depth for coin in members),
            from_me=all(coin.from_me for coin in members),
            ancestors=ancestors,
        )


@dataclass(frozen=True, slots=True)
class Eligibility:
    """How picky a selection is.

    Attributes:
        own_depth: confirmations that the wallet's own change needs.
        foreign_depth: confirmations that coins from others need.
        max_ancestors: unconfirmed ancestors allowed.
        partial_groups: a group that is one of several on its script may be used.
    """

    own_depth: int
    foreign_depth: int
    max_ancestors: int
    partial_groups: bool = False

    def admits(self, group: CoinGroup) -> bool:
        """Whether a group may be used."""
        wanted = self.own_depth if group.from_me else self.foreign_depth
        return group.depth >= wanted and group.ancestors <= self.max_ancestors


def group_by_script(coins: Sequence[SpendableCoin]) -> list[tuple[list[SpendableCoin], bool]]:
    """Gather coins on the same script, `MAX_GROUP_SIZE` at a time.

    Returns:
        Groups, each with whether it is the incomplete one of several on its script.
    """
    by_script: dict[bytes, list[SpendableCoin]] = {}
    for coin in coins:
        by_script.setdefault(coin.out.script_pubkey, []).append(coin)
    groups: list[tuple[list[SpendableCoin], bool]] = []
    for members in by_script.values():
        parts = [members[start : start + MAX_GROUP_SIZE] for start in range(0, len(members), MAX_GROUP_SIZE)]
        groups.extend((part, len(parts) > 1 and len(part) < MAX_GROUP_SIZE) for part in parts)
    return groups
