"""Addresses and descriptors as RPC parameters of the node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams

_DEFAULT_RANGE: Final = (0, 1000)
_MAX_RANGE: Final = 1_000_000
_MAX_INDEX: Final = 1 << 31
_COMBO_COMPRESSED: Final = 4
"""combo() of a compressed key has scripts of four types, of an uncompressed one of two."""


class NotADescriptorError(RpcError):
    """A text is no descriptor at all (-5)."""

    def __init__(self, message: str) -> None:
        super().__init__(RpcErrorCode.INVALID_ADDRESS_OR_KEY, message)


def script_from_address(text: str, params: ChainParams) -> bytes | None:
    """Output script of an address, None if the text is none."""
    from moneyrocket.script.address import AddressError, decode_address

    try:
        return decode_address(text, params)
    except AddressError:
        return None


def script_from_descriptor(text: str, params: ChainParams) -> bytes:
    """Output script of a descriptor that stands for one script; of combo() the P2WPKH one, or P2PKH.

    Raises:
        NotADescriptorError: if it is no descriptor.
        RpcError: -5 if it needs a missing key, -8 if it stands for many.
    """
    from moneyrocket.script.descriptors import DescriptorError, parse_descriptors

    try:
        descriptors = parse_descriptors(text, params)
    except DescriptorError as error:
        raise NotADescriptorError(str(error)) from None
    if len(descriptors) > 1:
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "Multipath descriptor not accepted")
    if descriptors[0].is_range:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER,
            "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?",
        )
    try:
        scripts = descriptors[0].expand().scripts
    except DescriptorError:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, "Cannot derive script without private keys") from None
    if len(scripts) == 1:
        return scripts[0]
    return scripts[2] if len(scripts) == _COMBO_COMPRESSED else scripts[1]


def parse_range(value: Json) -> tuple[int, int]:
    """A range of positions, given as its end or as a pair.

    Raises:
        RpcError: -8 if it is none.
    """
    if isinstance(value, list):
        if len(value) != 2:
            raise _invalid("Range must have exactly two elements")
        first, last = (values.as_int(item, bits=64) for item in value)
        if first > last:
            raise _invalid("Range specified as [begin,end] must not have begin after end")
    elif isinstance(value, int) and not isinstance(value, bool):
        first, last = 0, value
    else:
        raise _invalid("Range must be specified as end or as [begin,end]")
    if first < 0:
        raise _invalid("Range should be greater or equal than 0")
    if not 0 <= last < _MAX_INDEX:
        raise _invalid("End of range is too high")
    if last >= first + _MAX_RANGE:
        raise _invalid("Range is too large")
    return first, last


def scripts_of_scan_object(value: Json, params: ChainParams) -> Iterator[tuple[bytes, str]]:
    """The output scripts that a descriptor (text, or object with a range) stands for, each with its own descriptor.

    Raises:
        RpcError: -5 for a wrong descriptor, -8 for a wrong object.
    """
    from moneyrocket.script.descriptors import DescriptorError, infer_descriptor, parse_descriptors

    text, (first, last) = _scan_object(value)
    try:
        descriptors = parse_descriptors(text, params)
    except DescriptorError as error:
        raise RpcError(RpcErrorCode.INVALID_ADDRESS_OR_KEY, str(error)) from None
    if not descriptors[0].is_range:
        first = last = 0
    for position in range(first, last + 1):
        for descriptor in descriptors:
            try:
                expansion = descriptor.expand(position)
            except DescriptorError:
                raise RpcError(
                    RpcErrorCode.INVALID_ADDRESS_OR_KEY, f"Cannot derive script without private keys: '{text}'"
                ) from None
            for script in expansion.scripts:
                yield script, infer_descriptor(script, expansion.provider, params).to_string(params)


def _scan_object(value: Json) -> tuple[str, tuple[int, int]]:
    if isinstance(value, str):
        return value, _DEFAULT_RANGE
    if not isinstance(value, dict):
        raise _invalid("Scan object needs to be either a string or an object")
    text = value.get("desc")
    if text is None:
        raise _invalid("Descriptor needs to be provided in scan object")
    bounds = value.get("range")
    return values.as_str(text), _DEFAULT_RANGE if bounds is None else parse_range(bounds)


def _invalid(message: str) -> RpcError:
    return RpcError(RpcErrorCode.INVALID_PARAMETER, message)
