"""How a type of the application's own crosses: hooks for mpgen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CustomType:
    """Converts one annotation. A module named by ``$Proxy.includeTypes`` lists these in its ``TYPES``.

    Attributes:
        name: dotted name of the class or type alias, as it is imported.
        build: makes the message value: what the schema's type is in `libmultiprocess.Wire`.
        read: the inverse; never gets None unless the type is ``nullable``.
        nullable: whether a null pointer is a value of the type.
    """

    name: str
    build: Callable[..., Any]
    read: Callable[..., Any]
    nullable: bool = False
