"""Durations and points in time as numbers: annotations that mpgen knows.

    def wait(self, timeout: Milliseconds, since: UnixSeconds) -> Seconds: ...

A `Seconds` is a `datetime.timedelta` to Python and its type checkers, and a whole number of seconds in an integer field
of any size, as a ``std::chrono::seconds`` is in C++. In a ``Float64`` field fractions are kept. A `UnixSeconds` is a
`datetime.datetime` with a time zone, and the seconds since 1970-01-01 in UTC.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Final

from libmultiprocess.errors import ConversionError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NANOSECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Unit:
    """What one tick of a number stands for. Make more with ``Annotated[timedelta, Unit("Days", 86400 * 10**9)]``.

    Attributes:
        name: for messages.
        nanoseconds: length of a tick.
    """

    name: str
    nanoseconds: int


Hours = Annotated[timedelta, Unit("Hours", 3600 * 10**9)]
Minutes = Annotated[timedelta, Unit("Minutes", 60 * 10**9)]
Seconds = Annotated[timedelta, Unit("Seconds", 10**9)]
Milliseconds = Annotated[timedelta, Unit("Milliseconds", 10**6)]
Microseconds = Annotated[timedelta, Unit("Microseconds", 10**3)]
Nanoseconds = Annotated[timedelta, Unit("Nanoseconds", 1)]
UnixSeconds = Annotated[datetime, Unit("UnixSeconds", 10**9)]
UnixMilliseconds = Annotated[datetime, Unit("UnixMilliseconds", 10**6)]
UnixMicroseconds = Annotated[datetime, Unit("UnixMicroseconds", 10**3)]
UnixNanoseconds = Annotated[datetime, Unit("UnixNanoseconds", 1)]


def _nanoseconds(value: timedelta, where: str) -> int:
    if not isinstance(value, timedelta):
        raise ConversionError(f"{where}: {value!r} is no timedelta")
    return value // _MICROSECOND * _NANOSECONDS


def to_ticks(value: timedelta, nanoseconds: int, where: str) -> int:
    """A duration as a number of ticks.

    Args:
        value: the duration.
        nanoseconds: length of a tick.
        where: the field, for the message.

    Raises:
        ConversionError: if it is no duration, or no whole number of ticks.
    """
    count, rest = divmod(_nanoseconds(value, where), nanoseconds)
    if rest:
        raise ConversionError(f"{where}: {value} is no whole number of units of {nanoseconds} ns")
    return count


def from_ticks(count: int, nanoseconds: int, where: str) -> timedelta:
    """The inverse of `to_ticks`. A timedelta counts microseconds, so what is finer is rounded down to one.

    Raises:
        ConversionError: if a timedelta cannot hold it.
    """
    try:
        return timedelta(microseconds=count * nanoseconds // _NANOSECONDS)
    except OverflowError:
        raise ConversionError(f"{where}: {count} units of {nanoseconds} ns are too long for a timedelta") from None


def to_fractional_ticks(value: timedelta, nanoseconds: int, where: str) -> float:
    """A duration as a number of ticks with a fraction. The arguments are those of `to_ticks`.

    Raises:
        ConversionError: if it is no duration.
    """
    return float(Fraction(_nanoseconds(value, where), nanoseconds))


def from_fractional_ticks(count: float, nanoseconds: int, where: str) -> timedelta:
    """The inverse of `to_fractional_ticks`, rounded to microseconds.

    Raises:
        ConversionError: if a timedelta cannot hold it.
    """
    try:
        return timedelta(microseconds=round(Fraction(count) * nanoseconds / _NANOSECONDS))
    except (OverflowError, ValueError):
        raise ConversionError(f"{where}: {count} units of {nanoseconds} ns are no timedelta") from None


def to_unix_ticks(value: datetime, nanoseconds: int, where: str) -> int:
    """A point in time as a number of ticks since 1970-01-01 in UTC.

    Raises:
        ConversionError: if it is no point in time, has no time zone, or is no whole number of ticks.
    """
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ConversionError(f"{where}: {value!r} is no datetime with a time zone")
    return to_ticks(value - _EPOCH, nanoseconds, where)


def from_unix_ticks(count: int, nanoseconds: int, where: str) -> datetime:
    """The inverse of `to_unix_ticks`, in UTC.

    Raises:
        ConversionError: if a datetime cannot hold it.
    """
    try:
        return _EPOCH + from_ticks(count, nanoseconds, where)
    except OverflowError:
        raise ConversionError(f"{where}: {count} units of {nanoseconds} ns are too far for a datetime") from None
