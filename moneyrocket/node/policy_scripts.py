"""Runs the scripts of a transaction, first under the rules of relay and then under those of consensus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.consensus.script_flags import block_script_flags
from moneyrocket.node.policy_inputs import spends_witness_program
from moneyrocket.node.script_checks import script_failure_place
from moneyrocket.script.errors import ScriptError
from moneyrocket.script.flags import STANDARD_FLAGS

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.primitives.transaction import Transaction, TxOut


def check_scripts(chainman: ChainstateManager, tx: Transaction, spent: Sequence[TxOut]) -> None:
    """Check that the scripts of ``tx`` pass by all flags of relay and by those of the next block.

    Args:
        chainman: the chain, at whose tip it must be valid.
        tx: the transaction.
        spent: the outputs that its inputs spend, in order.

    Raises:
        ValidationError: if a script fails; it says which and how.
    """
    try:
        _run_standard(tx, spent)
        # What passed above passes here; the kernel has the last word on consensus, and blocks rely on its memory.
        chainman.scripts.check(tx, spent, block_script_flags(chainman.tip, chainman.params), remember=True)
    except ScriptError as error:
        stripped = not tx.has_witness and spends_witness_program(tx, spent)
        raise ValidationError(
            f"mempool-script-verify-flag-failed ({error})",
            script_failure_place(tx, error),
            TxResult.WITNESS_STRIPPED if stripped else TxResult.NOT_STANDARD,
        ) from error


def _run_standard(tx: Transaction, spent: Sequence[TxOut]) -> None:
    from moneyrocket.script.interpreter import verify_script
    from moneyrocket.script.sighash import TransactionHasher

    hasher = TransactionHasher(tx, spent)
    for index, (txin, txout) in enumerate(zip(tx.inputs, spent, strict=True)):
        verify_script(txin, txout.script_pubkey, STANDARD_FLAGS, hasher, index, txout.value)
