"""Chooses which coins a transaction spends.

Three searches run, and the result that wastes least wins. Waste is what the inputs cost more now than they would at the
long-term fee rate, plus the cost of a change output, or without one the excess that goes to the fee.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moneyrocket.wallet.coins import CoinGroup, SpendableCoin
from moneyrocket.wallet.errors import SpendError

CHANGE_LOWER: Final = 50_000
"""Change aims at this amount at least, sat."""
CHANGE_UPPER: Final = 1_000_000

_BRANCH_AND_BOUND_TRIES: Final = 100_000
_KNAPSACK_TRIES: Final = 1_000
_KNAPSACK_STEPS: Final = 100_000
"""Bound on tries times groups, so that a wallet of thousands of coins still answers at once."""

_TOO_HEAVY: Final = (
    "The inputs size exceeds the maximum weight. "
    "Please try sending a smaller amount or manually consolidating your wallet's UTXOs"
)


@dataclass(frozen=True, slots=True)
class SelectionParams:
    """What a selection must reach and what it costs. Amounts in sat.

    Attributes:
        target: value to be reached, in the measure of `CoinGroup.selection_value`.
        change_fee: fee for the change output.
        cost_of_change: that, and the fee for spending it one day.
        min_viable_change: smaller change goes to the fee.
        change_target: change that the knapsack search aims at, fee included.
        max_weight: weight units for the inputs when there is no change.
        change_weight: weight units of the change output.
        subtract_fee: the recipients pay the fee.
    """

    target: int
    change_fee: int
    cost_of_change: int
    min_viable_change: int
    change_target: int
    max_weight: int
    change_weight: int
    subtract_fee: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Coins chosen for a target.

    Attributes:
        coins: the coins.
        algorithm: the search that found them: ``bnb``, ``knapsack``, ``srd`` or ``manual``.
        change: sat for the change output, 0 for none.
        waste: see the module.
    """

    coins: tuple[SpendableCoin, ...]
    algorithm: str
    change: int
    waste: int

    @property
    def value(self) -> int:
        """Sum of the coins' values, sat."""
        return sum(coin.value for coin in self.coins)

    @property
    def input_weight(self) -> int:
        """Weight units of the inputs."""
        return 4 * sum(max(coin.input_size, 0) for coin in self.coins)


def change_target(payment: int, change_fee: int, rng: random.Random) -> int:
    """A change amount that does not give away which output is the change.

    Args:
        payment: average amount of the payments, sat.
        change_fee: fee for the change output, sat.
        rng: source of randomness.
    """
    if payment <= CHANGE_LOWER // 2:
        return change_fee + CHANGE_LOWER
    upper = min(payment * 2, CHANGE_UPPER)
    return change_fee + CHANGE_LOWER + rng.randrange(upper - CHANGE_LOWER)


def evaluate(coins: Sequence[SpendableCoin], algorithm: str, params: SelectionParams) -> Selection:
    """Work out change and waste of chosen coins."""
    values = (coin.value if params.subtract_fee else coin.effective_value for coin in coins)
    excess = sum(values) - params.target
    # When recipients pay the fee, the change owes nothing.
    change = excess if params.subtract_fee else excess - params.change_fee
    if change < params.min_viable_change:
        change = 0
    waste = sum(coin.fee - coin.long_term_fee for coin in coins) + (params.cost_of_change if change else excess)
    return Selection(tuple(coins), algorithm, change, waste)


def select(
    positive: Sequence[CoinGroup], mixed: Sequence[CoinGroup], params: SelectionParams, rng: random.Random
) -> Selection | None:
    """Choose coins that reach the target.

    Args:
        positive: groups whose coins are all worth their fee.
        mixed: groups with all their coins; the knapsack search may spend dust.
        params: what to reach.
        rng: source of randomness.

    Returns:
        The best selection, None if the coins do not suffice.

    Raises:
        SpendError: the coins suffice, but only in a transaction that is too heavy.
    """
    if params.max_weight <= 0:
        raise SpendError("Maximum transaction weight is less than transaction weight without inputs")
    with_change = params.max_weight - params.change_weight
    found: list[Selection] = []
    too_heavy = False

    def consider(groups: list[CoinGroup] | None, algorithm: str, max_weight: int) -> None:
        nonlocal too_heavy
        if groups is None:
            return
        if sum(group.weight for group in groups) > max_weight:
            too_heavy = True
            return
        found.append(evaluate([coin for group in groups for coin in group.coins], algorithm, params))

    # When recipients pay the fee there is no effective value to match exactly.
    if not params.subtract_fee:
        consider(
            branch_and_bound(positive, params.target, params.cost_of_change, params.max_weight),
            "bnb",
            params.max_weight,
        )
    if with_change < 0 and not found:
        raise SpendError("Maximum transaction weight is too low, can not accommodate change output")
    consider(knapsack(mixed, params.target, params.change_target, rng), "knapsack", with_change)
    consider(
        single_random_draw(positive, params.target, params.change_fee, with_change, rng),
        "srd",
        with_change,
    )
    if found:
        # Of equal ones, the one that spends more coins tidies up more.
        return min(found, key=lambda selection: (selection.waste, -len(selection.coins)))
    if too_heavy:
        raise SpendError(_TOO_HEAVY)
    return None


def branch_and_bound(
    groups: Sequence[CoinGroup], target: int, cost_of_change: int, max_weight: int
) -> list[CoinGroup] | None:
    """Search for a set that needs no change: its value lies between the target and that plus ``cost_of_change``.

    Depth first over include and omit, largest value first; a branch ends when it cannot reach the target any more,
    overshoots, or wastes more than the best so far. Of sets found the one with least waste is returned.
    """
    pool = sorted(
        (group for group in groups if group.selection_value > 0),
        key=lambda group: (-group.selection_value, group.fee - group.long_term_fee),
    )
    remaining = [0] * (len(pool) + 1)
    for index in range(len(pool) - 1, -1, -1):
        remaining[index] = remaining[index + 1] + pool[index].selection_value
    if remaining[0] < target:
        return None
    fees_are_high = bool(pool) and pool[0].fee > pool[0].long_term_fee

    best: list[int] | None = None
    best_waste: int | None = None
    chosen: list[int] = []
    value = waste = weight = 0
    index = 0
    for _ in range(_BRANCH_AND_BOUND_TRIES):
        backtrack = False
        if (
            value + remaining[index] < target
            or value > target + cost_of_change
            or weight > max_weight
            or (best_waste is not None and fees_are_high and waste > best_waste)
        ):
            backtrack = True
        elif value >= target:
            total_waste = waste + value - target
            if best_waste is None or total_waste <= best_waste:
                best, best_waste = chosen.copy(), total_waste
            backtrack = True
        if backtrack:
            if not chosen:
                break
            index = chosen.pop()
            group = pool[index]
            value -= group.selection_value
            waste -= group.fee - group.long_term_fee
            weight -= group.weight
            index += 1
            # Omitting one of several equal groups and taking the next would try the same set again.
            while (
                index < len(pool)
                and pool[index].selection_value == group.selection_value
                and pool[index].fee == group.fee
            ):
                index += 1
            continue
        group = pool[index]
        chosen.append(index)
        value += group.selection_value
        waste += group.fee - group.long_term_fee
        weight += group.weight
        index += 1
    return None if best is None else [pool[number] for number in best]


def single_random_draw(
    groups: Sequence[CoinGroup], target: int, change_fee: int, max_weight: int, rng: random.Random
) -> list[CoinGroup] | None:
    """Take groups at random until they cover the target and a sensible change; when too heavy, drop the least."""
    wanted = target + CHANGE_LOWER + change_fee
    order = list(groups)
    rng.shuffle(order)
    chosen: list[CoinGroup] = []
    value = weight = 0
    for group in order:
        chosen.append(group)
        value += group.selection_value
        weight += group.weight
        while weight > max_weight and chosen:
            least = min(range(len(chosen)), key=lambda number: chosen[number].selection_value)
            dropped = chosen.pop(least)
            value -= dropped.selection_value
            weight -= dropped.weight
        if value >= wanted:
            return chosen
    return None


def knapsack(
    groups: Sequence[CoinGroup], target: int, change_target: int, rng: random.Random
) -> list[CoinGroup] | None:
    """Search at random for the smallest set that reaches the target exactly, or with ``change_target`` to spare."""
    order = list(groups)
    rng.shuffle(order)
    smaller: list[CoinGroup] = []
    next_larger: CoinGroup | None = None
    total = 0
    for group in order:
        if group.selection_value == target:
            return [group]
        if group.selection_value < target + change_target:
            smaller.append(group)
            total += group.selection_value
        elif next_larger is None or group.selection_value < next_larger.selection_value:
            next_larger = group
    if total == target:
        return smaller
    if total < target:
        return None if next_larger is None else [next_larger]

    smaller.sort(key=lambda group: -group.selection_value)
    best = _closest_subset(smaller, target, rng)
    best_value = sum(group.selection_value for group in best)
    if best_value != target and total >= target + change_target:
        best = _closest_subset(smaller, target + change_target, rng)
        best_value = sum(group.selection_value for group in best)
    short_of_change = best_value != target and best_value < target + change_target
    if next_larger is not None and (short_of_change or next_larger.selection_value <= best_value):
        return [next_larger]
    return best


def _closest_subset(groups: Sequence[CoinGroup], target: int, rng: random.Random) -> list[CoinGroup]:
    """The set of smallest value that reaches ``target`` of many drawn at random. All groups together reach it."""
    best = list(groups)
    best_value = sum(group.selection_value for group in groups)
    for _ in range(min(_KNAPSACK_TRIES, max(20, _KNAPSACK_STEPS // max(1, len(groups))))):
        if best_value == target:
            break
        included = [False] * len(groups)
        value = 0
        reached = False
        # A first pass takes each with even odds, a second one tops up with what was left out.
        for second in (False, True):
            if reached:
                break
            for number, group in enumerate(groups):
                take = not included[number] if second else bool(rng.getrandbits(1))
                if not take:
                    continue
                value += group.selection_value
                included[number] = True
                if value >= target:
                    reached = True
                    if value < best_value:
                        best_value = value
                        best = [member for member, flag in zip(groups, included, strict=True) if flag]
                    value -= group.selection_value
                    included[number] = False
    return best
