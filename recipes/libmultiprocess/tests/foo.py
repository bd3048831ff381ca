"""The object behind the tests: a method for every kind of value and call."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class FooEnum(IntEnum):
    """An enumeration that travels as a number."""

    ONE = 1
    TWO = 2


@dataclass(frozen=True)
class FooStruct:
    """One of each container."""

    name: str
    set_int: set[int]
    vector_bool: list[bool]
    optional_int: int | None
    unordered_set_int: frozenset[int]
    map_string_int: dict[str, int]


class FooStructError(Exception):
    """An exception that carries one."""

    def __init__(self, value: FooStruct) -> None:
        super().__init__(value)
        self.value = value


@dataclass(frozen=True)
class FooCustom:
    """Crosses by hooks in `foo_types`."""

    text: str
    number: int


@dataclass(frozen=True)
class FooEmpty:
    """A struct of nothing."""


@dataclass(frozen=True)
class FooMessage:
    """Crosses by hooks that show that they ran."""

    text: str


@dataclass
class FooMutable:
    """Changed by the callee."""

    message: str


class FooCallback(ABC):
    """Called by the callee."""

    @abstractmethod
    def call(self, arg: int) -> int:
        """Any function of ``arg``."""

    def destroyed(self) -> None:  # noqa: B027
        """The remote holder let go."""


class ExtendedCallback(FooCallback):
    """A callback with one method more."""

    @abstractmethod
    def call_extended(self, arg: int) -> int:
        """Another function of ``arg``."""


class FooImplementation:
    """Implements every method for real; the tests reach it through a proxy."""

    def __init__(self) -> None:
        self._saved: FooCallback | None = None
        self._fn: Callable[[], int] | None = None

    def init_thread_map(self) -> None:
        """Nothing to do; threads are the runtime's business."""

    def add(self, a: int, b: int) -> int:
        return a + b

    def add_out(self, a: int, b: int) -> int:
        return a + b

    def add_in_out(self, x: int, sum: int) -> int:  # noqa: A002
        return sum + x

    def map_size(self, map: dict[str, str]) -> int:  # noqa: A002
        return len(map)

    def pass_struct(self, arg: FooStruct) -> FooStruct:
        return arg

    def raise_struct(self, arg: FooStruct) -> None:
        raise FooStructError(arg)

    def callback(self, callback: FooCallback, arg: int) -> int:
        return callback.call(arg)

    def callback_unique(self, callback: FooCallback, arg: int) -> int:
        return callback.call(arg)

    def callback_shared(self, callback: FooCallback, arg: int) -> int:
        return callback.call(arg)

    def save_callback(self, callback: FooCallback | None) -> None:
        self._saved = callback

    def callback_saved(self, arg: int) -> int:
        assert self._saved is not None
        return self._saved.call(arg)

    def callback_extended(self, callback: ExtendedCallback, arg: int) -> int:
        return callback.call_extended(arg)

    def pass_custom(self, arg: FooCustom) -> FooCustom:
        return arg

    def pass_empty(self, arg: FooEmpty) -> FooEmpty:
        return arg

    def pass_message(self, arg: FooMessage) -> FooMessage:
        return arg

    def pass_mutable(self, arg: FooMutable) -> FooMutable:
        arg.message += " called"
        return arg

    def pass_enum(self, arg: FooEnum) -> FooEnum:
        return arg

    def pass_double(self, arg: float) -> float:
        return arg

    def pass_data(self, arg: bytes) -> bytes:
        return arg

    def pass_data_pointers(self, arg: list[bytes]) -> list[bytes]:
        return arg

    def pass_fn(self, fn: Callable[[], int]) -> int:
        self._fn = fn
        return fn()

    def call_fn(self) -> None:
        assert self._fn is not None
        self._fn()

    def call_fn_async(self) -> None:
        assert self._fn is not None
        self._fn()

    def call_int_fn_async(self, arg: int) -> int:
        return threading.get_native_id() if arg == 0 else arg
