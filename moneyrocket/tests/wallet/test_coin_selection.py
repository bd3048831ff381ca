import random

import pytest

from moneyrocket.primitives.transaction import OutPoint, TxOut
from moneyrocket.wallet.coin_selection import (
    CHANGE_LOWER,
    SelectionParams,
    branch_and_bound,
    change_target,
    evaluate,
    knapsack,
    select,
    single_random_draw,
)
from moneyrocket.wallet.coins import CoinGroup, SpendableCoin, group_by_script
from moneyrocket.wallet.errors import SpendError

SIZE = 68


def coin(value: int, n: int = 0, *, fee: int = 0, script: bytes = b"\x00\x14" + bytes(20)) -> SpendableCoin:
    return SpendableCoin(OutPoint(bytes(32), n), TxOut(value, script), 1, SIZE, fee=fee, long_term_fee=fee)


def groups(*values: int, fee: int = 0) -> list[CoinGroup]:
    return [CoinGroup.of([coin(value, n, fee=fee)], subtract_fee=False) for n, value in enumerate(values)]


def params(target: int, *, max_weight: int = 400_000) -> SelectionParams:
    return SelectionParams(
        target=target,
        change_fee=31,
        cost_of_change=99,
        min_viable_change=300,
        change_target=CHANGE_LOWER,
        max_weight=max_weight,
        change_weight=124,
    )


def values(chosen: list[CoinGroup] | None) -> list[int]:
    assert chosen is not None
    return sorted(coin.value for group in chosen for coin in group.coins)


def test_branch_and_bound_finds_an_exact_set_among_many() -> None:
    pool = groups(*(2**n + 1 for n in range(20)))

    chosen = branch_and_bound(pool, 2**3 + 2**7 + 2**11 + 3, cost_of_change=0, max_weight=400_000)

    assert values(chosen) == [2**3 + 1, 2**7 + 1, 2**11 + 1]


def test_branch_and_bound_accepts_an_excess_up_to_the_cost_of_change() -> None:
    assert values(branch_and_bound(groups(1000, 5000), 950, 50, 400_000)) == [1000]
    assert branch_and_bound(groups(1000, 5000), 949, 50, 400_000) is None


def test_branch_and_bound_respects_the_weight() -> None:
    pool = groups(1000, 1000, 1000)

    assert branch_and_bound(pool, 3000, 0, max_weight=3 * 4 * SIZE - 1) is None
    assert values(branch_and_bound(pool, 3000, 0, max_weight=3 * 4 * SIZE)) == [1000] * 3


def test_knapsack_prefers_an_exact_set_and_leaves_room_for_change_otherwise() -> None:
    rng = random.Random(1)
    pool = groups(100_000, 200_000, 300_000, 7_000_000)

    assert values(knapsack(pool, 300_000, 50_000, rng)) in ([300_000], [100_000, 200_000])
    assert sum(values(knapsack(pool, 310_000, 50_000, rng))) >= 360_000
    assert values(knapsack(pool, 6_000_000, 50_000, rng)) == [7_000_000]
    assert knapsack(pool, 8_000_000, 50_000, rng) is None


def test_random_draw_reaches_target_and_change_and_drops_the_least_when_too_heavy() -> None:
    rng = random.Random(2)
    pool = groups(*[60_000] * 10, 10_000_000)

    chosen = single_random_draw(pool, 9_000_000, 31, max_weight=4 * SIZE * 2, rng=rng)

    assert 10_000_000 in values(chosen)
    assert len(values(chosen)) <= 2
    assert single_random_draw(pool, 11_000_000, 31, 400_000, rng) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_selection_always_pays_target_and_change(seed: int) -> None:
    rng = random.Random(seed)
    pool = groups(*(rng.randrange(1000, 10**7) for _ in range(50)), fee=68)
    target = sum(group.selection_value for group in pool) // 3

    found = select(pool, pool, params(target), rng)

    assert found is not None
    paid = sum(coin.effective_value for coin in found.coins)
    assert paid >= target + (found.change + 31 if found.change else 0)
    assert found.change == 0 or found.change >= 300


def test_a_selection_without_enough_coins_is_none() -> None:
    assert select(groups(1, 2), groups(1, 2), params(4), random.Random(0)) is None


def test_too_heavy_is_an_error_of_its_own() -> None:
    pool = groups(*[1000] * 100)

    with pytest.raises(SpendError, match="exceeds the maximum weight"):
        select(pool, pool, params(90_000, max_weight=4 * SIZE * 10), random.Random(0))


def test_change_below_what_is_worth_it_goes_to_the_fee() -> None:
    assert evaluate([coin(1000)], "manual", params(700)).change == 0
    assert evaluate([coin(1000)], "manual", params(669)).change == 300


def test_change_target_lies_between_its_bounds() -> None:
    rng = random.Random(3)

    assert change_target(1000, 31, rng) == CHANGE_LOWER + 31
    assert all(CHANGE_LOWER + 31 <= change_target(10**9, 31, rng) <= 1_000_000 + 31 for _ in range(100))


def test_coins_on_one_script_form_groups_of_a_hundred() -> None:
    coins = [coin(1000, n) for n in range(250)] + [coin(1, 999, script=b"\x51")]

    found = group_by_script(coins)

    assert [(len(members), partial) for members, partial in found] == [
        (100, False),
        (100, False),
        (50, True),
        (1, False),
    ]
