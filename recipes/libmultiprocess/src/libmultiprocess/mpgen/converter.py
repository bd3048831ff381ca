"""What a conversion is: expressions that make a message value from a Python value, and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

Expression = Callable[[str], str]


class Mismatch(Exception):
    """A Python annotation and a schema type do not fit; the text says how."""


@dataclass(frozen=True)
class Converter:
    """How one type crosses.

    Attributes:
        build: from a Python expression to one for the message value.
        read: the inverse; the value may be None only if the type is nullable.
        identity: whether both are the same value.
        empty: what a null pointer stands for where None is not a value, as an expression.
        nullable: whether None is written as a null pointer, and read as None.
        build_parts: as ``build``, from the parts of a tuple.
        read_parts: as ``read``, to the parts of a tuple.
    """

    build: Expression
    read: Expression
    identity: bool = False
    empty: str = ""
    nullable: bool = False
    build_parts: Callable[[Sequence[str]], str] | None = None
    read_parts: Callable[[str], list[str]] | None = None


@dataclass(frozen=True)
class Scope:
    """Where a conversion is written.

    Attributes:
        namespace: names that annotations use.
        label: the field, for errors at run time.
        connection: the variable that holds the connection.
        depth: how many containers are around.
    """

    namespace: dict[str, Any]
    label: str = ""
    connection: str = "connection"
    depth: int = 0

    def inside(self) -> "Scope":
        """For the elements of a container."""
        return replace(self, depth=self.depth + 1)

    def variable(self, name: str) -> str:
        """A loop variable that no container around this one uses."""
        return name if self.depth == 0 else f"{_INNER.get(self.depth, f'inner{self.depth}')}_{name}"


_INNER: Final = {1: "inner", 2: "innermost"}


def same(empty: str = "") -> Converter:
    """For values that are the same on both sides."""
    return Converter(lambda text: text, lambda text: text, identity=True, empty=empty)


def group(text: str) -> str:
    """``text``, in parentheses if it would otherwise bind to what follows."""
    splits = any(f" {word} " in text for word in ("or", "if", "else"))
    return f"({text})" if splits and not _is_enclosed(text) else text


def _is_enclosed(text: str) -> bool:
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return index == len(text) - 1 and index > 0
    return False
