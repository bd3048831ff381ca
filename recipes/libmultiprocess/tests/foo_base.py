"""Classes that others build on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A name."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Named:
    """Inherited by a dataclass of a module that does not know `Name`."""

    base: Name


class Readable(ABC):
    """Can be read."""

    @abstractmethod
    def read(self) -> str: ...

    def closed(self) -> None:  # noqa: B027
        """The remote holder let go."""


class Writable(ABC):
    """Can be written."""

    @abstractmethod
    def write(self, text: str) -> None: ...


class Described(ABC):
    """Has a method that another module's class inherits."""

    @abstractmethod
    def describe(self) -> str: ...
