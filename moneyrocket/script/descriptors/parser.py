"""Reads descriptors (BIP380 to BIP386, multipath of BIP389)."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from moneyrocket.script.bip32 import HARDENED, Bip32Error, ExtendedKey
from moneyrocket.script.descriptors.checksum import LENGTH, descriptor_checksum
from moneyrocket.script.descriptors.errors import DescriptorError
from moneyrocket.script.descriptors.expressions import (
    Addr,
    Combo,
    Descriptor,
    Multi,
    Pk,
    Pkh,
    Raw,
    RawTr,
    Sh,
    TapTree,
    Tr,
    TreeBranch,
    TreeLeaf,
    Wpkh,
    Wsh,
)
from moneyrocket.script.descriptors.key_expression import ExtendedKeyExpression, KeyExpression, SingleKey, Wildcard
from moneyrocket.script.keys import PrivateKey, PublicKey
from moneyrocket.script.signing_provider import KeyOrigin

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams

MAX_MULTISIG_KEYS = 20
MAX_BARE_MULTISIG_KEYS = 3
MAX_MULTI_A_KEYS = 999
MAX_P2SH_SCRIPT = 520
MAX_TREE_DEPTH = 128

_NUMBER = re.compile(r"\d+\Z", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+\Z")


class Context(Enum):
    """Where in a descriptor an expression stands."""

    TOP = "top"
    P2SH = "sh"
    P2WSH = "wsh"
    P2TR = "tr"


def check_checksum(text: str, *, required: bool = False) -> str:
    """Split off a checksum and hold it against the text; returns the text without it.

    Raises:
        DescriptorError: if it is wrong, or missing though ``required``.
    """
    body, *rest = text.split("#")
    if len(rest) > 1:
        raise DescriptorError("Multiple '#' symbols")
    if not rest and required:
        raise DescriptorError("Missing checksum")
    if rest and len(rest[0]) != LENGTH:
        raise DescriptorError(f"Expected {LENGTH} character checksum, not {len(rest[0])} characters")
    try:
        computed = descriptor_checksum(body)
    except ValueError as error:
        raise DescriptorError(str(error)) from None
    if rest and rest[0] != computed:
        raise DescriptorError(f"Provided checksum '{rest[0]}' does not match computed checksum '{computed}'")
    return body


def parse_descriptor(text: str, params: "AddressParams", *, require_checksum: bool = False) -> Descriptor:
    """Read a descriptor that stands for one descriptor.

    Raises:
        DescriptorError: if it is wrong, or has several paths (see `parse_descriptors`).
    """
    first, *more = parse_descriptors(text, params, require_checksum=require_checksum)
    if more:
        raise DescriptorError("Cannot have a multipath descriptor here")
    return first


def parse_descriptors(text: str, params: "AddressParams", *, require_checksum: bool = False) -> tuple[Descriptor, ...]:
    """Read a descriptor; one with ``<a;b>`` steps stands for several, in order.

    Raises:
        DescriptorError: if it is wrong.
    """
    body = check_checksum(text, required=require_checksum)
    first = _Parser(body, params, 0)
    descriptors = [first.parse()]
    descriptors += [_Parser(body, params, path).parse() for path in range(1, first.multipath_length)]
    return tuple(descriptors)


@dataclass
class _Parser:
    text: str
    params: "AddressParams"
    multipath_choice: int
    position: int = 0
    multipath_length: int = 1

    def parse(self) -> Descriptor:
        descriptor = self._expression(Context.TOP)
        if self.position != len(self.text):
            raise DescriptorError(f"'{self.text}' is not a valid descriptor function")
        return descriptor

    def _take(self, token: str) -> bool:
        if self.text.startswith(token, self.position):
            self.position += len(token)
            return True
        return False

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _close(self, name: str) -> None:
        if not self._take(")"):
            raise DescriptorError(f"{name}(): expected ')', got '{self._peek()}'")

    def _argument(self) -> str:
        """Text up to the next separator on this level."""
        start = self.position
        while self.position < len(self.text) and self.text[self.position] not in ",)}{":
            self.position += 1
        return self.text[start : self.position]

    def _expression(self, context: Context) -> Descriptor:
        match = re.compile(r"([a-z_]+)\(").match(self.text, self.position)
        name = match.group(1) if match else ""
        start = self.position
        if match:
            self.position = match.end()
        match name:
            case "pk":
                return self._closed(Pk(self._key(context, "pk")), name)
            case "pkh" if context is not Context.P2TR:
                return self._closed(Pkh(self._key(context, "pkh")), name)
            case "combo":
                self._only(context, (Context.TOP,), "Can only have combo() at top level")
                return self._closed(Combo(self._key(context, "combo")), name)
            case "multi" | "sortedmulti":
                self._only(
                    context,
                    (Context.TOP, Context.P2SH, Context.P2WSH),
                    "Can only have multi/sortedmulti at top level, in sh(), or in wsh()",
                )
                return self._closed(self._multi(context, is_sorted=name.startswith("sorted")), name)
            case "multi_a" | "sortedmulti_a":
                self._only(context, (Context.P2TR,), "Can only have multi_a/sortedmulti_a inside tr()")
                return self._closed(self._multi(context, is_sorted=name.startswith("sorted")), name)
            case "wpkh":
                self._only(context, (Context.TOP, Context.P2SH), "Can only have wpkh() at top level or inside sh()")
                return self._closed(Wpkh(self._key(context, "wpkh", compressed_only=True)), name)
            case "sh":
                self._only(context, (Context.TOP,), "Can only have sh() at top level")
                return self._closed(Sh(self._expression(Context.P2SH)), name)
            case "wsh":
                self._only(context, (Context.TOP, Context.P2SH), "Can only have wsh() at top level or inside sh()")
                return self._closed(Wsh(self._expression(Context.P2WSH)), name)
            case "tr":
                self._only(context, (Context.TOP,), "Can only have tr at top level")
                return self._closed(self._tr(), name)
            case "rawtr":
                self._only(context, (Context.TOP,), "Can only have rawtr at top level")
                descriptor = RawTr(self._key(Context.P2TR, "rawtr"))
                if self._peek() == ",":
                    raise DescriptorError("rawtr(): only one key expected.")
                return self._closed(descriptor, name)
            case "addr":
                self._only(context, (Context.TOP,), "Can only have addr() at top level")
                return self._closed(self._addr(), name)
            case "raw":
                self._only(context, (Context.TOP,), "Can only have raw() at top level")
                return self._closed(self._raw(), name)
        if context is Context.P2SH:
            raise DescriptorError("A function is needed within P2SH")
        if context is Context.P2WSH and not name:
            raise DescriptorError("A function is needed within P2WSH")
        raise DescriptorError(
            f"'{self.text[start:]}' is not a valid descriptor function"
            + (" (miniscript is not supported yet)" if context in (Context.P2WSH, Context.P2TR) else "")
        )

    def _closed(self, descriptor: Descriptor, name: str) -> Descriptor:
        self._close(name)
        return descriptor

    @staticmethod
    def _only(context: Context, allowed: tuple[Context, ...], message: str) -> None:
        if context not in allowed:
            raise DescriptorError(message)

    def _addr(self) -> Descriptor:
        from moneyrocket.script.address import AddressError, decode_address

        address = self._argument()
        try:
            script = decode_address(address, self.params)
        except AddressError:
            raise DescriptorError("Address is not valid") from None
        return Addr(address, script, _output_type(script))

    def _raw(self) -> Descriptor:
        text = self._argument()
        if text and not _HEX.match(text):
            raise DescriptorError("Raw script is not hex")
        script = bytes.fromhex(text)
        return Raw(script, _output_type(script))

    def _multi(self, context: Context, *, is_sorted: bool) -> Descriptor:
        threshold_text = self._argument()
        if not _NUMBER.match(threshold_text):
            raise DescriptorError(f"Multi threshold '{threshold_text}' is not valid")
        threshold = int(threshold_text)
        keys: list[KeyExpression] = []
        while self._peek() != ")":
            if not self._take(","):
                raise DescriptorError(f"Multi: expected ',', got '{self._peek()}'")
            keys.append(self._key(context, "Multi", prefix="Multi: "))
        in_tapscript = context is Context.P2TR
        limit, name = (MAX_MULTI_A_KEYS, "multi_a") if in_tapscript else (MAX_MULTISIG_KEYS, "multisig")
        if not 1 <= len(keys) <= limit:
            raise DescriptorError(
                f"Cannot have {len(keys)} keys in {name}; must have between 1 and {limit} keys, inclusive"
            )
        if threshold < 1:
            raise DescriptorError(f"Multisig threshold cannot be {threshold}, must be at least 1")
        if threshold > len(keys):
            raise DescriptorError(
                "Multisig threshold cannot be larger than the number of keys; "
                f"threshold is {threshold} but only {len(keys)} keys specified"
            )
        if context is Context.TOP and len(keys) > MAX_BARE_MULTISIG_KEYS:
            raise DescriptorError(f"Cannot have {len(keys)} pubkeys in bare multisig; only at most 3 pubkeys")
        multi = Multi(threshold, tuple(keys), is_sorted, in_tapscript)
        if context is Context.P2SH:
            size = 3 + sum(1 + _public_key_size(key) for key in keys)
            if size > MAX_P2SH_SCRIPT:
                raise DescriptorError(f"P2SH script is too large, {size} bytes is larger than {MAX_P2SH_SCRIPT} bytes")
        return multi

    def _tr(self) -> Descriptor:
        key = self._key(Context.P2TR, "tr")
        if self._peek() == ")":
            return Tr(key)
        if not self._take(","):
            raise DescriptorError(f"tr: expected ',', got '{self._peek()}'")
        return Tr(key, self._tree(0))

    def _tree(self, depth: int) -> TapTree:
        if depth > MAX_TREE_DEPTH:
            raise DescriptorError(f"tr() supports at most {MAX_TREE_DEPTH} nesting levels")
        if not self._take("{"):
            return TreeLeaf(self._expression(Context.P2TR))
        left = self._tree(depth + 1)
        if not self._take(","):
            raise DescriptorError("tr(): expected ',' after script expression")
        right = self._tree(depth + 1)
        if not self._take("}"):
            raise DescriptorError("tr(): expected '}' after script expression")
        return TreeBranch(left, right)

    def _key(
        self, context: Context, name: str, *, compressed_only: bool = False, prefix: str | None = None
    ) -> KeyExpression:
        uncompressed_allowed = context in (Context.TOP, Context.P2SH) and not compressed_only
        try:
            return self._key_expression(
                self._argument(), x_only_allowed=context is Context.P2TR, uncompressed_allowed=uncompressed_allowed
            )
        except DescriptorError as error:
            raise DescriptorError(f"{name}(): {error}" if prefix is None else f"{prefix}{error}") from None

    def _key_expression(self, text: str, *, x_only_allowed: bool, uncompressed_allowed: bool) -> KeyExpression:
        parts = text.split("]")
        if len(parts) > 2:
            raise DescriptorError("Multiple ']' characters found for a single pubkey")
        if len(parts) == 1:
            return self._key_body(text, None, "h", x_only_allowed, uncompressed_allowed)
        if not parts[0].startswith("["):
            found = parts[0][:1] or "]"
            raise DescriptorError(f"Key origin start '[ character expected but not found, got '{found}' instead")
        fingerprint, *steps = parts[0][1:].split("/")
        if len(fingerprint) != 8:
            raise DescriptorError(f"Fingerprint is not 4 bytes ({len(fingerprint)} characters instead of 8 characters)")
        if not _HEX.match(fingerprint):
            raise DescriptorError(f"Fingerprint '{fingerprint}' is not hex")
        path, mark = self._path(steps, multipath_allowed=False)
        origin = KeyOrigin(bytes.fromhex(fingerprint), path)
        return self._key_body(parts[1], origin, mark, x_only_allowed, uncompressed_allowed)

    def _key_body(
        self, text: str, origin: KeyOrigin | None, mark: str, x_only_allowed: bool, uncompressed_allowed: bool
    ) -> KeyExpression:
        key_text, *steps = text.split("/")
        if not key_text:
            raise DescriptorError("No key provided")
        if key_text != key_text.strip():
            raise DescriptorError(f"Key '{key_text}' is invalid due to whitespace")
        if not steps:
            single = self._single_key(key_text, origin, mark, x_only_allowed, uncompressed_allowed)
            if single is not None:
                return single
        try:
            key = ExtendedKey.parse(key_text, self.params)
        except Bip32Error:
            raise DescriptorError(f"key '{key_text}' is not valid") from None
        wildcard = Wildcard.NONE
        if steps and steps[-1] in ("*", "*'", "*h"):
            last = steps.pop()
            wildcard = Wildcard.UNHARDENED if last == "*" else Wildcard.HARDENED
            mark = "'" if last == "*'" else mark
        path, path_mark = self._path(steps, multipath_allowed=True)
        return ExtendedKeyExpression(key, path, wildcard, origin, "'" if "'" in (mark, path_mark) else "h")

    def _single_key(
        self, text: str, origin: KeyOrigin | None, mark: str, x_only_allowed: bool, uncompressed_allowed: bool
    ) -> SingleKey | None:
        if _HEX.match(text):
            data = bytes.fromhex(text)
            if len(data) in (33, 65) and data[0] in (6, 7):
                raise DescriptorError("Hybrid public keys are not allowed")
            if len(data) in (33, 65) and PublicKey(data).is_valid:
                if len(data) == 65 and not uncompressed_allowed:
                    raise DescriptorError("Uncompressed keys are not allowed")
                return SingleKey(PublicKey(data), None, False, origin, mark)
            if x_only_allowed and len(data) == 32 and PublicKey(b"\x02" + data).is_valid:
                return SingleKey(PublicKey(b"\x02" + data), None, True, origin, mark)
            raise DescriptorError(f"Pubkey '{text}' is invalid")
        try:
            private_key = PrivateKey.from_wif(text, self.params)
        except ValueError:
            return None
        if not private_key.compressed and not uncompressed_allowed:
            raise DescriptorError("Uncompressed keys are not allowed")
        return SingleKey(private_key.public_key, private_key, x_only_allowed, origin, mark)

    def _path(self, steps: list[str], *, multipath_allowed: bool) -> tuple[tuple[int, ...], str]:
        path: list[int] = []
        mark = "h"
        seen_multipath = False
        for step in steps:
            if not (step.startswith("<") and step.endswith(">")):
                mark = "'" if step.endswith("'") else mark
                path.append(_path_index(step))
                continue
            if not multipath_allowed:
                raise DescriptorError(
                    f"Key path value '{step}' specifies multipath in a section where multipath is not allowed"
                )
            if seen_multipath:
                raise DescriptorError("Multiple multipath key path specifiers found")
            seen_multipath = True
            choices = step[1:-1].split(";")
            if len(choices) < 2:
                raise DescriptorError("Multipath key path specifiers must have at least two items")
            indexes = [_path_index(choice) for choice in choices]
            for place, index in enumerate(indexes):
                if index in indexes[:place]:
                    raise DescriptorError(f"Duplicated key path value {index} in multipath specifier")
            mark = "'" if "'" in step else mark
            self._note_multipath(len(indexes))
            path.append(indexes[self.multipath_choice])
        return tuple(path), mark

    def _note_multipath(self, length: int) -> None:
        if self.multipath_length not in (1, length):
            raise DescriptorError("Multipath derivation paths have mismatched lengths")
        self.multipath_length = length


def _path_index(step: str) -> int:
    hardened = step.endswith(("'", "h"))
    digits = step[:-1] if hardened else step
    if not _NUMBER.match(digits):
        raise DescriptorError(f"Key path value '{step}' is not a valid uint32")
    index = int(digits)
    if index >= HARDENED:
        raise DescriptorError(f"Key path value {index} is out of range")
    return index | HARDENED if hardened else index


def _public_key_size(key: KeyExpression) -> int:
    return len(key.public_key.data) if isinstance(key, SingleKey) else 33


def _output_type(script: bytes) -> str | None:
    """The address type that a bare script is listed under."""
    from moneyrocket.script.standard import TxoutType, solve

    kind, _ = solve(script)
    match kind:
        case TxoutType.PUBKEYHASH | TxoutType.SCRIPTHASH:
            return "legacy"
        case TxoutType.WITNESS_V0_KEYHASH | TxoutType.WITNESS_V0_SCRIPTHASH:
            return "bech32"
        case TxoutType.WITNESS_V1_TAPROOT | TxoutType.WITNESS_UNKNOWN:
            return "bech32m"
        case _:
            return None
