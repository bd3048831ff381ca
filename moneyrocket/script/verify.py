"""Verification of the scripts of whole transactions, by libbitcoinkernel."""

from __future__ import annotations

from collections.abc import Sequence

from moneyrocket.primitives.transaction import Transaction, TxOut
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.flags import CONSENSUS_FLAGS

__all__ = ["ScriptError", "ScriptFault", "verify_transaction_scripts"]


def verify_transaction_scripts(tx: Transaction, spent_outputs: Sequence[TxOut], flags: int = CONSENSUS_FLAGS) -> None:
    """Check that every input of ``tx`` satisfies the script of the output it spends.

    Args:
        tx: the transaction, no coinbase.
        spent_outputs: the outputs that its inputs spend, in order.
        flags: script verification flags; those that are mere policy are not looked at here.

    Raises:
        ScriptError: naming the first input that fails.
        ValueError: if there is not one output for each input.
    """
    from moneyrocket.script.kernel import first_failing_input

    if len(spent_outputs) != len(tx.inputs):
        raise ValueError(f"{len(tx.inputs)} inputs spend {len(spent_outputs)} outputs")
    flags &= CONSENSUS_FLAGS
    index = first_failing_input(tx.serialize(), spent_outputs, flags)
    if index is not None:
        raise ScriptError(_fault(tx, spent_outputs, flags, index), index)


def _fault(tx: Transaction, spent_outputs: Sequence[TxOut], flags: int, index: int) -> ScriptFault:
    """Why an input fails, which the kernel does not tell."""
    from moneyrocket.script.interpreter import verify_script
    from moneyrocket.script.sighash import TransactionHasher

    out = spent_outputs[index]
    try:
        verify_script(
            tx.inputs[index], out.script_pubkey, flags, TransactionHasher(tx, spent_outputs), index, out.value
        )
    except ScriptError as error:
        return error.fault
    return ScriptFault.UNKNOWN_ERROR
