"""How types of the application's own cross: hooks for mpgen, and its enumerations."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from libmultiprocess.errors import ConversionError

EnumT = TypeVar("EnumT", bound=Enum)


@dataclass(frozen=True, slots=True)
class CustomType:
    """Converts one annotation. A module named by ``$Proxy.includeTypes`` lists these in its ``TYPES``.

    Attributes:
        name: dotted name of the class or type alias, as it is imported.
        build: makes the message value: what the schema's type is in `libmultiprocess.Wire`.
        read: the inverse; never gets None unless the type is ``nullable``.
        nullable: whether a null pointer is a value of the type. Then None is written as one, and ``read`` gets None.
    """

    name: str
    build: Callable[..., Any]
    read: Callable[..., Any]
    nullable: bool = False


def enum_member(cls: type[EnumT], value: object, where: str) -> EnumT:
    """The member of an enumeration that a message means.

    Args:
        cls: the enumeration.
        value: what came in the message.
        where: the field, for the message.

    Raises:
        ConversionError: if the peer knows a member that this side does not.
    """
    try:
        return cls(value)
    except ValueError:
        raise ConversionError(f"{where}: {value!r} is no {cls.__name__}") from None
