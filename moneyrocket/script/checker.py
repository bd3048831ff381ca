"""Checks that a running script asks of its transaction: signatures and lock times."""

from __future__ import annotations

from typing import Final

from moneyrocket.primitives.transaction import SEQUENCE_FINAL
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.script import LOCKTIME_THRESHOLD
from moneyrocket.script.sighash import SighashError, TransactionHasher
from moneyrocket.script.standard import is_pubkey_size

_DISABLE_FLAG: Final = 1 << 31
_TYPE_FLAG: Final = 1 << 22
_SEQUENCE_MASK: Final = _TYPE_FLAG | 0xFFFF


class TransactionChecker:
    """Answers for one input of a transaction."""

    def __init__(self, hasher: TransactionHasher, input_index: int, amount: int) -> None:
        """Make a checker.

        Args:
            hasher: of the transaction; it must know all spent outputs if taproot is involved.
            input_index: the input whose scripts run.
            amount: value of the output it spends, sat.
        """
        self._hasher = hasher
        self._index = input_index
        self._amount = amount

    def check_ecdsa(self, signature: bytes, pubkey: bytes, script_code: bytes, *, witness: bool) -> bool:
        """Whether a signature (hash type behind it) is right."""
        if not signature or not is_pubkey_size(pubkey):
            return False
        from moneyrocket.script.secp256k1 import ecdsa_verify

        hash_type = signature[-1]
        if witness:
            digest = self._hasher.witness_v0(self._index, script_code, self._amount, hash_type)
        else:
            digest = self._hasher.legacy(self._index, script_code, hash_type)
        return ecdsa_verify(pubkey, digest, signature[:-1])

    def check_schnorr(
        self,
        signature: bytes,
        x_only: bytes,
        *,
        annex: bytes | None,
        leaf_hash: bytes | None = None,
        code_separator: int = 0xFFFFFFFF,
    ) -> None:
        """Check a taproot signature; arguments as in `TransactionHasher.taproot`.

        Raises:
            ScriptError: if it is not right.
        """
        from moneyrocket.script.secp256k1 import schnorr_verify

        if len(signature) not in (64, 65):
            raise ScriptError(ScriptFault.SCHNORR_SIG_SIZE)
        hash_type = signature[64] if len(signature) == 65 else 0
        if len(signature) == 65 and hash_type == 0:
            raise ScriptError(ScriptFault.SCHNORR_SIG_HASHTYPE)
        try:
            digest = self._hasher.taproot(
                self._index, hash_type, annex=annex, leaf_hash=leaf_hash, code_separator=code_separator
            )
        except SighashError:
            raise ScriptError(ScriptFault.SCHNORR_SIG_HASHTYPE) from None
        if not schnorr_verify(x_only, digest, signature[:64]):
            raise ScriptError(ScriptFault.SCHNORR_SIG)

    def check_lock_time(self, lock_time: int) -> bool:
        """Whether the transaction can not be mined before ``lock_time`` (BIP65)."""
        tx = self._hasher.tx
        same_kind = (tx.lock_time < LOCKTIME_THRESHOLD) == (lock_time < LOCKTIME_THRESHOLD)
        return same_kind and lock_time <= tx.lock_time and tx.inputs[self._index].sequence != SEQUENCE_FINAL

    def check_sequence(self, sequence: int) -> bool:
        """Whether the input can not be mined sooner after its coin than ``sequence`` says (BIP112)."""
        tx = self._hasher.tx
        own = tx.inputs[self._index].sequence
        if tx.version & 0xFFFFFFFF < 2 or own & _DISABLE_FLAG:
            return False
        own &= _SEQUENCE_MASK
        sequence &= _SEQUENCE_MASK
        return (own < _TYPE_FLAG) == (sequence < _TYPE_FLAG) and sequence <= own
