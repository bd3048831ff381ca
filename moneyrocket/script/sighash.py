"""What signatures sign: legacy, segwit version 0 (BIP143), taproot and tapscript (BIP341, BIP342)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from moneyrocket.primitives.hashes import hash256, sha256, tagged_hash
from moneyrocket.primitives.serialize import compact_size, var_bytes
from moneyrocket.primitives.transaction import Transaction, TxOut
from moneyrocket.script.opcodes import OP_CODESEPARATOR
from moneyrocket.script.script import ScriptParseError, iter_ops_at

SIGHASH_DEFAULT: Final = 0
"""Taproot only: like ALL, without a byte for the type."""
SIGHASH_ALL: Final = 1
SIGHASH_NONE: Final = 2
SIGHASH_SINGLE: Final = 3
SIGHASH_ANYONECANPAY: Final = 0x80

SIGHASH_NAMES: Final = {
    "DEFAULT": SIGHASH_DEFAULT,
    "ALL": SIGHASH_ALL,
    "ALL|ANYONECANPAY": SIGHASH_ALL | SIGHASH_ANYONECANPAY,
    "NONE": SIGHASH_NONE,
    "NONE|ANYONECANPAY": SIGHASH_NONE | SIGHASH_ANYONECANPAY,
    "SINGLE": SIGHASH_SINGLE,
    "SINGLE|ANYONECANPAY": SIGHASH_SINGLE | SIGHASH_ANYONECANPAY,
}
"""Signature hash types by the names that RPC uses."""

_TAPROOT_TYPES: Final = frozenset(SIGHASH_NAMES.values())
_SINGLE_WITHOUT_OUTPUT: Final = b"\x01" + bytes(31)
_ZERO: Final = bytes(32)


class SighashError(ValueError):
    """There is no hash for such a signature."""


class TransactionHasher:
    """Signature hashes of one transaction; what several of them share is worked out once."""

    def __init__(self, tx: Transaction, spent_outputs: Sequence[TxOut] | None = None) -> None:
        """Prepare for one transaction.

        Args:
            tx: the transaction.
            spent_outputs: the outputs that its inputs spend, in order; needed for taproot.
        """
        self.tx = tx
        self.spent_outputs = spent_outputs

    def legacy(self, input_index: int, script_code: bytes, hash_type: int) -> bytes:
        """Hash for a signature outside of any witness.

        Args:
            input_index: the input that the signature is for.
            script_code: the script that checks it.
            hash_type: as in the signature, 32-bit.
        """
        tx = self.tx
        kind = hash_type & 0x1F
        if kind == SIGHASH_SINGLE and input_index >= len(tx.outputs):
            # A mistake of the first implementation that is now a rule.
            return _SINGLE_WITHOUT_OUTPUT
        script_code = without_code_separators(script_code)
        if hash_type & SIGHASH_ANYONECANPAY:
            txin = tx.inputs[input_index]
            inputs = [txin.prevout.serialize() + var_bytes(script_code) + txin.sequence.to_bytes(4, "little")]
        else:
            keep_sequences = kind not in (SIGHASH_NONE, SIGHASH_SINGLE)
            inputs = [
                txin.prevout.serialize()
                + (var_bytes(script_code) if index == input_index else b"\0")
                + (txin.sequence if keep_sequences or index == input_index else 0).to_bytes(4, "little")
                for index, txin in enumerate(tx.inputs)
            ]
        if kind == SIGHASH_NONE:
            outputs: list[bytes] = []
        elif kind == SIGHASH_SINGLE:
            outputs = [b"\xff" * 8 + b"\0"] * input_index + [tx.outputs[input_index].serialize()]
        else:
            outputs = [txout.serialize() for txout in tx.outputs]
        return hash256(
            b"".join(
                (
                    self._version,
                    compact_size(len(inputs)),
                    *inputs,
                    compact_size(len(outputs)),
                    *outputs,
                    self._lock_time,
                    (hash_type & 0xFFFFFFFF).to_bytes(4, "little"),
                )
            )
        )

    def witness_v0(self, input_index: int, script_code: bytes, amount: int, hash_type: int) -> bytes:
        """Hash for a signature in a version 0 witness (BIP143).

        Args:
            input_index: the input that the signature is for.
            script_code: the script that checks it, from the last CODESEPARATOR on.
            amount: value of the output spent, sat.
            hash_type: as in the signature, 32-bit.
        """
        tx = self.tx
        kind = hash_type & 0x1F
        anyone = hash_type & SIGHASH_ANYONECANPAY
        plain = kind not in (SIGHASH_NONE, SIGHASH_SINGLE)
        if plain:
            hash_outputs = sha256(self._sha_outputs)
        elif kind == SIGHASH_SINGLE and input_index < len(tx.outputs):
            hash_outputs = hash256(tx.outputs[input_index].serialize())
        else:
            hash_outputs = _ZERO
        txin = tx.inputs[input_index]
        return hash256(
            b"".join(
                (
                    self._version,
                    _ZERO if anyone else sha256(self._sha_prevouts),
                    sha256(self._sha_sequences) if plain and not anyone else _ZERO,
                    txin.prevout.serialize(),
                    var_bytes(script_code),
                    amount.to_bytes(8, "little", signed=True),
                    txin.sequence.to_bytes(4, "little"),
                    hash_outputs,
                    self._lock_time,
                    (hash_type & 0xFFFFFFFF).to_bytes(4, "little"),
                )
            )
        )

    def taproot(
        self,
        input_index: int,
        hash_type: int,
        *,
        annex: bytes | None = None,
        leaf_hash: bytes | None = None,
        code_separator: int = 0xFFFFFFFF,
    ) -> bytes:
        """Hash for a signature by a taproot output key, or in a tapscript (BIP341, BIP342).

        Args:
            input_index: the input that the signature is for.
            hash_type: as in the signature, 0 without one.
            annex: last element of the witness if that is an annex.
            leaf_hash: hash of the tapscript that checks the signature, None for the output key.
            code_separator: opcode position of the last CODESEPARATOR executed in the tapscript.

        Raises:
            SighashError: if the type is unknown, or there is no output for SINGLE.
        """
        tx = self.tx
        if self.spent_outputs is None:
            raise SighashError("taproot signatures need all spent outputs")
        if hash_type not in _TAPROOT_TYPES:
            raise SighashError("unknown hash type")
        kind = hash_type & 3 or SIGHASH_ALL
        anyone = hash_type & SIGHASH_ANYONECANPAY
        parts = [b"\0", bytes((hash_type,)), self._version, self._lock_time]
        if not anyone:
            parts += (self._sha_prevouts, self._sha_amounts, self._sha_scripts, self._sha_sequences)
        if kind == SIGHASH_ALL:
            parts.append(self._sha_outputs)
        parts.append(bytes(((2 if leaf_hash is not None else 0) | (annex is not None),)))
        if anyone:
            txin = tx.inputs[input_index]
            parts += (
                txin.prevout.serialize(),
                self.spent_outputs[input_index].serialize(),
                txin.sequence.to_bytes(4, "little"),
            )
        else:
            parts.append(input_index.to_bytes(4, "little"))
        if annex is not None:
            parts.append(sha256(var_bytes(annex)))
        if kind == SIGHASH_SINGLE:
            if input_index >= len(tx.outputs):
                raise SighashError("no output for SINGLE")
            parts.append(sha256(tx.outputs[input_index].serialize()))
        if leaf_hash is not None:
            parts += (leaf_hash, b"\0", code_separator.to_bytes(4, "little"))
        return tagged_hash("TapSighash", b"".join(parts))

    @cached_property
    def _version(self) -> bytes:
        return (self.tx.version & 0xFFFFFFFF).to_bytes(4, "little")

    @cached_property
    def _lock_time(self) -> bytes:
        return self.tx.lock_time.to_bytes(4, "little")

    @cached_property
    def _sha_prevouts(self) -> bytes:
        return sha256(b"".join(txin.prevout.serialize() for txin in self.tx.inputs))

    @cached_property
    def _sha_sequences(self) -> bytes:
        return sha256(b"".join(txin.sequence.to_bytes(4, "little") for txin in self.tx.inputs))

    @cached_property
    def _sha_outputs(self) -> bytes:
        return sha256(b"".join(txout.serialize() for txout in self.tx.outputs))

    @cached_property
    def _sha_amounts(self) -> bytes:
        assert self.spent_outputs is not None
        return sha256(b"".join(out.value.to_bytes(8, "little", signed=True) for out in self.spent_outputs))

    @cached_property
    def _sha_scripts(self) -> bytes:
        assert self.spent_outputs is not None
        return sha256(b"".join(var_bytes(out.script_pubkey) for out in self.spent_outputs))


def without_code_separators(script: bytes) -> bytes:
    """The script without its CODESEPARATOR opcodes; what can not be parsed stays as it is."""
    if OP_CODESEPARATOR not in script:
        return script
    kept = []
    start = 0
    try:
        for end, opcode, _ in iter_ops_at(script):
            if opcode == OP_CODESEPARATOR:
                kept.append(script[start : end - 1])
                start = end
    except ScriptParseError:
        pass
    kept.append(script[start:])
    return b"".join(kept)
