"""Durations and points in time as numbers, and numbers that are none."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from libmultiprocess import ConversionError
from libmultiprocess.chrono import (
    from_fractional_ticks,
    from_ticks,
    from_unix_ticks,
    to_fractional_ticks,
    to_ticks,
    to_unix_ticks,
)

SECOND = 10**9
MILLISECOND = 10**6


@pytest.mark.parametrize(
    ("value", "unit", "count"),
    [
        (timedelta(days=1), SECOND, 86400),
        (timedelta(milliseconds=-7), MILLISECOND, -7),
        (timedelta(microseconds=3), 1, 3000),
        (timedelta.max, 1000, 86399999999999999999),
        (timedelta.min, 1000, -86399999913600000000),
    ],
)
def test_whole_ticks(value: timedelta, unit: int, count: int) -> None:
    assert to_ticks(value, unit, "field") == count
    assert from_ticks(count, unit, "field") == value


def test_what_is_finer_than_a_microsecond_is_rounded_down() -> None:
    assert from_ticks(1999, 1, "field") == timedelta(microseconds=1)
    assert from_ticks(-1, 1, "field") == timedelta(microseconds=-1)


@pytest.mark.parametrize("value", [timedelta(milliseconds=1500), timedelta(microseconds=-1), 5, None])
def test_what_is_no_whole_number_of_ticks_is_refused(value: Any) -> None:
    with pytest.raises(ConversionError, match=r"^Thing\.wait: timeout: "):
        to_ticks(value, SECOND, "Thing.wait: timeout")


@pytest.mark.parametrize("count", [2**63 - 1, -(2**63), 10**30])
def test_ticks_that_a_timedelta_cannot_hold_are_refused(count: int) -> None:
    with pytest.raises(ConversionError, match=r"^Thing\.wait: timeout: .* too long for a timedelta"):
        from_ticks(count, SECOND, "Thing.wait: timeout")


@pytest.mark.parametrize(("value", "count"), [(timedelta(microseconds=2500), 2.5), (timedelta(days=-1), -86400000.0)])
def test_fractional_ticks(value: timedelta, count: float) -> None:
    assert to_fractional_ticks(value, MILLISECOND, "field") == count
    assert from_fractional_ticks(count, MILLISECOND, "field") == value


@pytest.mark.parametrize("count", [float("inf"), float("nan"), 1.7976931348623157e308])
def test_fractional_ticks_that_a_timedelta_cannot_hold_are_refused(count: float) -> None:
    with pytest.raises(ConversionError, match=r"^Thing\.wait: timeout: "):
        from_fractional_ticks(count, MILLISECOND, "Thing.wait: timeout")


def test_points_in_time() -> None:
    elsewhere = timezone(timedelta(hours=2))

    assert to_unix_ticks(datetime(1970, 1, 1, 2, 0, 1, tzinfo=elsewhere), SECOND, "field") == 1
    assert from_unix_ticks(-1, SECOND, "field") == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("value", [datetime(2009, 1, 3), datetime(2009, 1, 3, 0, 0, 0, 5, tzinfo=UTC), 5])
def test_what_is_no_point_in_time_is_refused(value: Any) -> None:
    with pytest.raises(ConversionError, match=r"^Thing\.wait: since: "):
        to_unix_ticks(value, SECOND, "Thing.wait: since")


@pytest.mark.parametrize("count", [10**12, -(10**12), 2**63 - 1])
def test_a_point_in_time_beyond_the_calendar_is_refused(count: int) -> None:
    with pytest.raises(ConversionError, match=r"^Thing\.wait: since: "):
        from_unix_ticks(count, SECOND, "Thing.wait: since")
