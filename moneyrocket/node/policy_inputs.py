"""Rules of relay about what a transaction spends and the witnesses with which it does so."""

from collections.abc import Sequence
from typing import Final

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.primitives.transaction import Transaction, TxIn, TxOut
from moneyrocket.script.script import (
    is_pay_to_anchor,
    is_pay_to_script_hash,
    last_push,
    p2sh_sig_op_count,
    sig_op_count,
    witness_program,
)
from moneyrocket.script.standard import TxoutType, solve

MAX_LEGACY_SIGOPS: Final = 2_500
"""Signature operations outside witnesses that a transaction may run (BIP54)."""
MAX_P2SH_SIGOPS: Final = 15
MAX_P2WSH_SCRIPT: Final = 3_600
MAX_P2WSH_ITEMS: Final = 100
MAX_STACK_ITEM: Final = 80
_ANNEX_TAG: Final = 0x50
_LEAF_MASK: Final = 0xFE
_LEAF_TAPSCRIPT: Final = 0xC0
_REASON: Final = "bad-txns-nonstandard-inputs"


def check_inputs_standard(tx: Transaction, spent: Sequence[TxOut]) -> None:
    """Check that ``tx`` spends only well-understood outputs, and not too expensive ones.

    Args:
        tx: the transaction.
        spent: the outputs that its inputs spend, in their order.

    Raises:
        ValidationError: with reason ``bad-txns-nonstandard-inputs``.
    """
    sigops = 0
    for txin, txout in zip(tx.inputs, spent, strict=True):
        sigops += sig_op_count(txin.script_sig, accurate=True) + _run_sigops(txin, txout)
        if sigops > MAX_LEGACY_SIGOPS:
            raise _nonstandard("non-witness sigops exceed bip54 limit")
    for index, (txin, txout) in enumerate(zip(tx.inputs, spent, strict=True)):
        kind, _ = solve(txout.script_pubkey)
        if kind is TxoutType.NONSTANDARD:
            raise _nonstandard(f"input {index} script unknown")
        if kind is TxoutType.WITNESS_UNKNOWN:
            raise _nonstandard(f"input {index} witness program is undefined")
        if kind is TxoutType.SCRIPTHASH:
            redeem_script = _redeem_script(txin)
            if redeem_script is None:
                raise _nonstandard(f"input {index} P2SH redeemscript missing")
            count = sig_op_count(redeem_script, accurate=True)
            if count > MAX_P2SH_SIGOPS:
                raise _nonstandard(
                    f"p2sh redeemscript sigops exceed limit (input {index}: {count} > {MAX_P2SH_SIGOPS})"
                )


def is_witness_standard(tx: Transaction, spent: Sequence[TxOut]) -> bool:
    """Whether no input's witness is larger than spending its output can need.

    Args:
        tx: the transaction.
        spent: the outputs that its inputs spend, in their order.
    """
    return all(
        _is_input_witness_standard(txin, txout) for txin, txout in zip(tx.inputs, spent, strict=True) if txin.witness
    )


def spends_witness_program(tx: Transaction, spent: Sequence[TxOut]) -> bool:
    """Whether any input needs a witness, so that a missing one may explain why scripts failed."""
    for txin, txout in zip(tx.inputs, spent, strict=True):
        script = txout.script_pubkey
        if witness_program(script) is not None and not is_pay_to_anchor(script):
            return True
        if is_pay_to_script_hash(script):
            redeem_script = _redeem_script(txin)
            if redeem_script is not None and witness_program(redeem_script) is not None:
                return True
    return False


def _redeem_script(txin: TxIn) -> bytes | None:
    """What the input's script leaves on top of the stack, None if that is nothing."""
    return last_push(txin.script_sig) if txin.script_sig else None


def _run_sigops(txin: TxIn, txout: TxOut) -> int:
    script = txout.script_pubkey
    if not is_pay_to_script_hash(script):
        return sig_op_count(script, accurate=True)
    return p2sh_sig_op_count(txin.script_sig, script)


def _is_input_witness_standard(txin: TxIn, txout: TxOut) -> bool:
    script = txout.script_pubkey
    if is_pay_to_anchor(script):
        return False
    wrapped = is_pay_to_script_hash(script)
    if wrapped:
        redeem_script = _redeem_script(txin)
        if redeem_script is None:
            return False
        script = redeem_script
    program = witness_program(script)
    if program is None:
        return False
    version, data = program
    if version == 0 and len(data) == 32:
        *items, witness_script = txin.witness
        return (
            len(witness_script) <= MAX_P2WSH_SCRIPT
            and len(items) <= MAX_P2WSH_ITEMS
            and all(len(item) <= MAX_STACK_ITEM for item in items)
        )
    if version == 1 and len(data) == 32 and not wrapped:
        return _is_taproot_witness_standard(txin.witness)
    return True


def _is_taproot_witness_standard(witness: Sequence[bytes]) -> bool:
    if len(witness) < 2:
        return True
    if witness[-1][:1] == bytes((_ANNEX_TAG,)):
        return False
    *items, _script, control_block = witness
    if not control_block:
        return False
    if control_block[0] & _LEAF_MASK == _LEAF_TAPSCRIPT:
        return all(len(item) <= MAX_STACK_ITEM for item in items)
    return True


def _nonstandard(debug: str) -> ValidationError:
    return ValidationError(_REASON, debug, result=TxResult.INPUTS_NOT_STANDARD)
