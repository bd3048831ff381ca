"""The object behind `foo_kinds.capnp`: a method for every kind of conversion that `foo` has none for."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple, NewType

import foo_base

from libmultiprocess.chrono import Milliseconds, Nanoseconds, Seconds, UnixSeconds

Repeated = tuple[str, int]
Txid = NewType("Txid", bytes)
Adder = Callable[[int, int], int]


class Color(IntEnum):
    """An enumeration of the schema."""

    RED = 0
    GREEN = 1


class Number(IntEnum):
    """An enumeration that travels as a number."""

    LOW = -1
    HIGH = 100


class Plain(Enum):
    """An enumeration that is no number itself."""

    A = 1
    B = 2


class Kind(StrEnum):
    """An enumeration that travels as text."""

    BIG = "big"
    SMALL = "small"


@dataclass(frozen=True)
class Box:
    """Two of its members are one field of the schema."""

    label: str
    width: int
    height: int


class Point(NamedTuple):
    """A named tuple."""

    x: int = -1
    y: int = 0


@dataclass(frozen=True, kw_only=True)
class Settings(foo_base.Named):
    """Members by keyword only, one of them inherited."""

    name: str = "unnamed"
    limit: int = 4000
    tags: tuple[str, ...] = ("a",)
    comment: str | None = None


DEFAULT_SETTINGS = Settings(base=foo_base.Name("default"))


@dataclass
class Tree:
    """Holds more of itself."""

    value: int
    children: list["Tree"] = field(default_factory=list)


@dataclass(frozen=True)
class Note:
    """Crosses by hooks, for which a null pointer is a note as well."""

    text: str


@dataclass(frozen=True)
class Span:
    """Crosses by hooks as a struct."""

    first: int
    length: int


@dataclass(frozen=True)
class Mark:
    """Crosses by hooks as a struct of one field, which is not what holds an optional."""

    text: str


@dataclass(frozen=True)
class Measure:
    """Several results."""

    length: int
    note: Note
    hash: bytes | None = None


@dataclass(frozen=True)
class Step:
    """Nested in the schema."""

    size: int


class BaseError(Exception):
    """A declared error."""


class DerivedError(BaseError):
    """A declared error that is another one as well."""


class CodeError(Exception):
    """A declared error that is a number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Counter:
    """Nested in the schema."""

    def __init__(self) -> None:
        self._value = 0

    def next(self, step: Step) -> int:
        self._value += step.size
        return self._value


class Kinds:
    """Gives back what it gets, where there is nothing better to do."""

    def slice(self, data: bytes, start: int, size: int, /, *, step: int = 1) -> bytes:
        return data[start : start + size : step]

    def repeat(self, text: str, times: int, loud: bool = False) -> str:
        return (text.upper() if loud else text) * times

    def pass_box(self, box: Box) -> Box:
        return box

    def sum_up(self, add: Adder, start: int) -> int:
        return add(start, 1)

    def pass_times(
        self,
        seconds: Seconds,
        millis: Milliseconds,
        nanos: Nanoseconds,
        exact: Milliseconds = timedelta(milliseconds=1.5),
    ) -> tuple[Seconds, Milliseconds, Nanoseconds, Milliseconds]:
        return seconds, millis, nanos, exact

    def pass_instant(self, instant: UnixSeconds) -> UnixSeconds:
        return instant

    def pass_colors(
        self, color: Color, number: Number = Number.LOW, plain: Plain = Plain.B, name: Kind = Kind.SMALL
    ) -> tuple[Color, Number, Plain, Kind]:
        return color, number, plain, name

    def pass_color_list(self, colors: list[Color]) -> list[Color]:
        return colors

    def pass_nothing(self, nothing: None) -> None:
        assert nothing is None

    def count_nothings(self, nothings: list[None]) -> int:
        assert all(item is None for item in nothings)
        return len(nothings)

    def pass_matrix(
        self, matrix: list[list[int]], names: tuple[list[set[str]], ...]
    ) -> tuple[list[list[int]], tuple[list[set[str]], ...]]:
        return matrix, names

    def pass_tree(self, tree: Tree) -> Tree:
        return tree

    def pass_nested(self, dicts: dict[str, dict[int, Point | None]]) -> dict[str, dict[int, Point | None]]:
        return dicts

    def pass_maybe(
        self, values: list[tuple[int, int] | None], parts: tuple[int | None, Point | None]
    ) -> tuple[list[tuple[int, int] | None], tuple[int | None, Point | None]]:
        return values, parts

    def pass_generic(
        self, point: tuple[str, Point], deep: tuple[list[int], tuple[str, bytes]]
    ) -> tuple[tuple[str, Point], tuple[list[int], tuple[str, bytes]]]:
        return point, deep

    def pass_buffers(self, array: bytearray, view: memoryview) -> tuple[bytearray, memoryview]:
        return array, view

    def pass_others(
        self, queue: deque[int], ordered: OrderedDict[str, str], frozen: frozenset[int], txid: Txid
    ) -> tuple[deque[int], OrderedDict[str, str], frozenset[int], Txid]:
        return queue, ordered, frozen, txid

    def pass_optionals(
        self,
        text: str | None = None,
        data: bytes | None = None,
        numbers: list[int] | None = None,
        flag: bool | None = None,
        count: int | None = None,
    ) -> tuple[bool, ...]:
        return tuple(item is None for item in (text, data, numbers, flag, count))

    def call_all(
        self, adders: list[Adder], by_name: dict[str, Adder], maybe: list[Adder | None], one: Adder | None = None
    ) -> tuple[int, ...]:
        found = [*adders, *by_name.values(), *maybe, one]
        return tuple(-1 if adder is None else adder(1, 2) for adder in found)

    def make_counter(self) -> Counter:
        return Counter()

    def fail(self, code: int) -> None:
        if code == 0:
            raise BaseError("base")
        if code == 1:
            raise DerivedError("derived")
        if code == 2:
            raise CodeError(0)

    def divide(self, a: int, b: int) -> tuple[int, int]:
        return divmod(a, b)

    def pass_names(self, connection: Adder, wire: int, results: int, result: int) -> int:
        return connection(wire, results) + result

    def pass_defaults(
        self, text: str, numbers: list[int], point: Point, settings: Settings, pair: tuple[int, int]
    ) -> tuple[str, list[int], Point, Settings, tuple[int, int]]:
        return text, numbers, point, settings, pair

    def pass_note(self, note: Note) -> Note:
        return note

    def measure(self, data: bytes | bytearray | memoryview, maybe: bytes | bytearray | None = None) -> Measure:
        return Measure(len(data), Note(str(type(data).__name__)), None if maybe is None else bytes(maybe))

    def pass_hooked(
        self, span: Span, mark: Mark | None = None, marks: list[Mark | None] | None = None
    ) -> tuple[Span, Mark | None, list[Mark | None] | None]:
        return span, mark, marks

    def ignore(self, d: int) -> int:
        return d

    def pass_builtins(self, list: list[int], set: set[str], int: Color) -> tuple[list[int], set[str], Color]:  # noqa: A002
        return list, set, int

    def pass_keyword_only(
        self,
        *,
        start: int,
        size: int = 3,
        settings: Settings = DEFAULT_SETTINGS,
    ) -> int:
        return start + size + settings.limit
