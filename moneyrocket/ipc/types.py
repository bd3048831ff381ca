"""How the project's own types travel between processes: conversions that the schemas name with includeTypes."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from typing import Final

from libmultiprocess import CustomType

from moneyrocket.interfaces.json import Json
from moneyrocket.primitives.block import Block, BlockLocator
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.rpc.json import DuplicateKeys, dumps


def build_transaction(tx: Transaction) -> bytes:
    """The transaction with its witnesses (BIP144)."""
    return tx.serialize()


def read_transaction(data: bytes) -> Transaction:
    """The inverse of `build_transaction`.

    Raises:
        DeserializeError: if the bytes are no transaction.
    """
    return Transaction.deserialize(data)


def build_block(block: Block) -> bytes:
    """The block with all witnesses."""
    return block.serialize()


def read_block_data(data: bytes) -> Block:
    """The inverse of `build_block`.

    Raises:
        DeserializeError: if the bytes are no block.
    """
    return Block.deserialize(data)


def build_locator(locator: BlockLocator) -> bytes:
    """The locator as on the P2P wire."""
    return locator.serialize()


def read_locator(data: bytes) -> BlockLocator:
    """The inverse of `build_locator`.

    Raises:
        DeserializeError: if the bytes are no locator.
    """
    return BlockLocator.read(Reader(data))


def build_json(value: Json) -> str:
    """JSON text. Floats keep their type: only they are written with an exponent (see `read_json`).

    A repeated key survives as well, because the process that runs an RPC method is the one that refuses it.
    """
    if isinstance(value, DuplicateKeys) and value.first_duplicate:
        return f"{dumps(dict(value))[:-1]},{dumps(value.first_duplicate)}:null}}"
    return dumps(_mark_floats(value))


def read_json(text: str) -> Json:
    """The inverse of `build_json`.

    Raises:
        ValueError: if the text is not JSON.
    """
    value: Json = _decoder.decode(text) if text else None
    return value


def _mark_floats(value: Json) -> Json:
    if type(value) is float:
        return _Float(value)
    if isinstance(value, dict):
        return {key: _mark_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mark_floats(item) for item in value]
    return value


class _Float(Decimal):
    """A float that `dumps` writes as its shortest text, with an exponent."""

    _text: str

    def __new__(cls, value: float) -> _Float:
        made = super().__new__(cls)
        text = repr(value)
        made._text = text if "e" in text else text + "e0"
        return made

    def __format__(self, specification: str, context: Context | None = None, /) -> str:
        return self._text


def _read_number(text: str) -> Decimal | float:
    return float(text) if "e" in text or "E" in text else Decimal(text)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen = DuplicateKeys()
    for key, value in pairs:
        if key in seen:
            seen.first_duplicate = seen.first_duplicate or key
        else:
            seen[key] = value
    return seen


_decoder: Final = json.JSONDecoder(parse_float=_read_number, object_pairs_hook=_object)

TYPES: Final = (
    CustomType("moneyrocket.primitives.transaction.Transaction", build_transaction, read_transaction),
    CustomType("moneyrocket.primitives.block.Block", build_block, read_block_data),
    CustomType("moneyrocket.primitives.block.BlockLocator", build_locator, read_locator),
    CustomType("moneyrocket.interfaces.json.Json", build_json, read_json),
)
