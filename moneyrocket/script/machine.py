"""The machine that runs scripts: stacks, conditions, limits, and what signature checks need to know."""

from __future__ import annotations

from enum import Enum
from typing import Final

from moneyrocket.script.checker import TransactionChecker
from moneyrocket.script.encoding import (
    is_compressed,
    is_compressed_or_uncompressed,
    is_defined_hash_type,
    is_strict_der,
)
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.flags import (
    VERIFY_CONST_SCRIPTCODE,
    VERIFY_DERSIG,
    VERIFY_DISCOURAGE_UPGRADABLE_PUBKEYTYPE,
    VERIFY_LOW_S,
    VERIFY_MINIMALDATA,
    VERIFY_NULLFAIL,
    VERIFY_STRICTENC,
    VERIFY_WITNESS_PUBKEYTYPE,
)
from moneyrocket.script.script import ScriptParseError, iter_ops_at, push_data
from moneyrocket.script.script_num import ScriptNumError, decode_script_num

TRUE: Final = b"\x01"
FALSE: Final = b""
_WEIGHT_PER_SIGOP: Final = 50
"""Weight units of the witness that each passed signature check of a tapscript uses up (BIP342)."""


class SigVersion(Enum):
    """By which rules a script runs."""

    BASE = 0
    WITNESS_V0 = 1
    TAPSCRIPT = 3


class Machine:
    """State of a running script.

    Attributes:
        stack: elements, top last.
        alt_stack: the second stack.
        conditions: for each open IF whether its current branch runs.
        script: the script.
        flags: script verification flags.
        version: by which rules it runs.
        checker: answers for the transaction.
        position: offset behind the current instruction.
        code_start: offset behind the last CODESEPARATOR.
        op_number: number of the current instruction.
        op_count: instructions that count for the limit.
        code_separator: number of the last CODESEPARATOR (tapscript).
        weight_left: what signature checks may still use up (tapscript).
    """

    __slots__ = (
        "_annex",
        "_leaf_hash",
        "alt_stack",
        "checker",
        "code_separator",
        "code_start",
        "conditions",
        "flags",
        "op_count",
        "op_number",
        "position",
        "require_minimal",
        "script",
        "stack",
        "version",
        "weight_left",
    )

    def __init__(
        self,
        stack: list[bytes],
        script: bytes,
        flags: int,
        checker: TransactionChecker,
        version: SigVersion,
        *,
        leaf_hash: bytes | None = None,
        annex: bytes | None = None,
        weight: int = 0,
    ) -> None:
        self.stack = stack
        self.alt_stack: list[bytes] = []
        self.conditions: list[bool] = []
        self.script = script
        self.flags = flags
        self.checker = checker
        self.version = version
        self.require_minimal = bool(flags & VERIFY_MINIMALDATA)
        self.position = 0
        self.code_start = 0
        self.op_number = 0
        self.op_count = 0
        self.code_separator = 0xFFFFFFFF
        self.weight_left = weight
        self._leaf_hash = leaf_hash
        self._annex = annex

    def need(self, count: int) -> None:
        """Check that the stack has this many elements."""
        if len(self.stack) < count:
            raise ScriptError(ScriptFault.INVALID_STACK_OPERATION)

    def number(self, place: int, max_size: int = 4) -> int:
        """The element at ``place`` (-1 for the top) as a number."""
        try:
            return decode_script_num(self.stack[place], max_size=max_size, require_minimal=self.require_minimal)
        except ScriptNumError:
            raise ScriptError(ScriptFault.SCRIPTNUM) from None

    def push_bool(self, value: bool) -> None:
        """Push true or false."""
        self.stack.append(TRUE if value else FALSE)

    def script_code(self) -> bytes:
        """What a signature signs of the script: from the last CODESEPARATOR on."""
        return self.script[self.code_start :]

    def check_signature(self, signature: bytes, pubkey: bytes) -> bool:
        """Run the signature check of CHECKSIG and its like."""
        if self.version is SigVersion.TAPSCRIPT:
            return self._check_tapscript_signature(signature, pubkey)
        code = self.script_code()
        if self.version is SigVersion.BASE:
            code = self.without_signature(code, signature)
        self.check_encoding(signature, pubkey)
        valid = self.checker.check_ecdsa(signature, pubkey, code, witness=self.version is SigVersion.WITNESS_V0)
        if not valid and signature and self.flags & VERIFY_NULLFAIL:
            raise ScriptError(ScriptFault.SIG_NULLFAIL)
        return valid

    def check_encoding(self, signature: bytes, pubkey: bytes) -> None:
        """Check the form of signature and key as far as the flags want it."""
        flags = self.flags
        if signature:
            if flags & (VERIFY_DERSIG | VERIFY_LOW_S | VERIFY_STRICTENC) and not is_strict_der(signature):
                raise ScriptError(ScriptFault.SIG_DER)
            if flags & VERIFY_LOW_S:
                from moneyrocket.script.secp256k1 import has_low_s

                if not has_low_s(signature[:-1]):
                    raise ScriptError(ScriptFault.SIG_HIGH_S)
            if flags & VERIFY_STRICTENC and not is_defined_hash_type(signature):
                raise ScriptError(ScriptFault.SIG_HASHTYPE)
        if flags & VERIFY_STRICTENC and not is_compressed_or_uncompressed(pubkey):
            raise ScriptError(ScriptFault.PUBKEYTYPE)
        if flags & VERIFY_WITNESS_PUBKEYTYPE and self.version is SigVersion.WITNESS_V0 and not is_compressed(pubkey):
            raise ScriptError(ScriptFault.WITNESS_PUBKEYTYPE)

    def without_signature(self, code: bytes, signature: bytes) -> bytes:
        """The code without pushes of the signature, which can not sign itself; legacy scripts only."""
        rest = find_and_delete(code, push_data(signature))
        if len(rest) != len(code) and self.flags & VERIFY_CONST_SCRIPTCODE:
            raise ScriptError(ScriptFault.SIG_FINDANDDELETE)
        return rest

    def _check_tapscript_signature(self, signature: bytes, pubkey: bytes) -> bool:
        if signature:
            self.weight_left -= _WEIGHT_PER_SIGOP
            if self.weight_left < 0:
                raise ScriptError(ScriptFault.TAPSCRIPT_VALIDATION_WEIGHT)
        if not pubkey:
            raise ScriptError(ScriptFault.TAPSCRIPT_EMPTY_PUBKEY)
        if len(pubkey) == 32:
            if signature:
                self.checker.check_schnorr(
                    signature,
                    pubkey,
                    annex=self._annex,
                    leaf_hash=self._leaf_hash,
                    code_separator=self.code_separator,
                )
        elif self.flags & VERIFY_DISCOURAGE_UPGRADABLE_PUBKEYTYPE:
            raise ScriptError(ScriptFault.DISCOURAGE_UPGRADABLE_PUBKEYTYPE)
        return bool(signature)


def cast_to_bool(data: bytes) -> bool:
    """What an element means as a condition: zero of any length and sign is false."""
    return any(data) and not (data[-1] == 0x80 and not any(data[:-1]))


def find_and_delete(script: bytes, pattern: bytes) -> bytes:
    """The script without ``pattern`` wherever that stands at an instruction's start."""
    if pattern not in script:
        return script
    kept = []
    pos = 0
    while True:
        while script.startswith(pattern, pos):
            pos += len(pattern)
        try:
            end, _, _ = next(iter_ops_at(script[pos:]))
        except (StopIteration, ScriptParseError):
            kept.append(script[pos:])
            return b"".join(kept)
        kept.append(script[pos : pos + end])
        pos += end
