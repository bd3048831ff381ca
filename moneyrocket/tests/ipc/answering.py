"""Makes implementations of interfaces whose answers follow from the method and its arguments, in whatever process."""

from __future__ import annotations

import dataclasses
import types
import typing
import zlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar, cast

from moneyrocket.interfaces import chain, mining, node_values, process, wallet, wallet_values
from moneyrocket.interfaces.handler import Handler
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut

T = TypeVar("T")

_NAMES: Final = {
    **{
        name: value
        for module in (chain, mining, node_values, process, wallet_values, wallet)
        for name, value in vars(module).items()
    },
    "Handler": Handler,
    "OutPoint": OutPoint,
    "Transaction": Transaction,
}
"""What annotations mean that modules import for type checkers only."""


def hints(item: Any) -> dict[str, Any]:
    """Types of a function's parameters and result, or of a class's members."""
    return typing.get_type_hints(item, localns=_NAMES)


class Ended(Handler):
    """A handler of whom nothing is expected."""

    def disconnect(self) -> None:
        """See `Handler`."""


def sample(annotation: Any, text: str) -> Any:
    """A value of a type, which follows from ``text`` alone; every member of it is another."""
    number = zlib.crc32(text.encode()) & 0x7FFFFFFF
    origin = typing.get_origin(annotation)
    if _is_json(annotation):
        return {"text": text, "list": [number, True, None, Decimal("0.10")]}
    if origin in (types.UnionType, typing.Union):
        inner = next(item for item in typing.get_args(annotation) if item is not type(None))
        return sample(inner, text + "?") if number % 3 else None
    if origin in (list, tuple):
        inner = typing.get_args(annotation)[0]
        return origin([sample(inner, f"{text}.{index}") for index in range(number % 3)])
    simple: dict[Any, Callable[[], Any]] = {
        int: lambda: number,
        str: lambda: text,
        bool: lambda: bool(number % 2),
        float: lambda: number / 7,
        bytes: text.encode,
        type(None): lambda: None,
        OutPoint: lambda: OutPoint(text.encode().ljust(32)[:32], number),
        BlockHeader: lambda: BlockHeader(number, sha256(text.encode()), sha256(b"root"), number, number, number),
        Block: lambda: Block(sample(BlockHeader, text), (sample(Transaction, text),)),
        Transaction: lambda: Transaction(
            2, (TxIn(OutPoint(bytes(32), number), b"", 5, (b"w",)),), (TxOut(number, text.encode()),), 7
        ),
    }
    if annotation in simple:
        return simple[annotation]()
    if issubclass(annotation, Enum):
        return list(annotation)[number % len(annotation)]
    types_of = hints(annotation)
    members = {item.name: sample(types_of[item.name], f"{text}.{item.name}") for item in dataclasses.fields(annotation)}
    return annotation(**members)


def _is_json(annotation: Any) -> bool:
    # The alias exists for type checkers only.
    return bool(annotation == typing.ForwardRef("Json"))


def answering(interface: Callable[..., T], objects: Mapping[str, Callable[[], object]] | None = None) -> T:
    """An implementation of an interface.

    Args:
        interface: the abstract class.
        objects: for classes that are no values, what makes an object of them, by name.
    """
    makers = {"Handler": Ended, **(objects or {})}

    def method(name: str, result: Any) -> Callable[..., Any]:
        def answer(self: object, *args: object) -> Any:
            inner = next((item for item in typing.get_args(result) if item is not type(None)), result)
            maker = makers.get(getattr(inner, "__name__", ""))
            if maker is not None and not _is_json(result):
                return [maker()] if typing.get_origin(result) is list else maker()
            return sample(result, f"{name} {args!r}")

        return answer

    abstract = cast(Any, interface).__abstractmethods__
    results = {name: hints(getattr(interface, name)).get("return") for name in abstract}
    made = type("Answering", (cast(type, interface),), {name: method(name, result) for name, result in results.items()})
    return cast(T, made())
