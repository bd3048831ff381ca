"""Checks of a transaction that need nothing but the transaction."""

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.consensus.limits import MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR
from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.transaction import Transaction


def check_transaction(tx: Transaction) -> None:
    """Check what holds for a transaction in any context.

    Raises:
        ValidationError: with the reject reason and `TxResult.CONSENSUS`.
    """
    reason = _fault(tx)
    if reason is not None:
        raise ValidationError(reason, result=TxResult.CONSENSUS)


def _fault(tx: Transaction) -> str | None:
    if not tx.inputs:
        return "bad-txns-vin-empty"
    if not tx.outputs:
        return "bad-txns-vout-empty"
    # Without the witness, which may have been changed by someone else on the way.
    if len(tx.serialize(witness=False)) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT:
        return "bad-txns-oversize"
    total = 0
    for txout in tx.outputs:
        if txout.value < 0:
            return "bad-txns-vout-negative"
        if txout.value > MAX_MONEY:
            return "bad-txns-vout-toolarge"
        total += txout.value
        if total > MAX_MONEY:
            return "bad-txns-txouttotal-toolarge"
    if len(tx.inputs) > 1 and len({txin.prevout for txin in tx.inputs}) != len(tx.inputs):
        return "bad-txns-inputs-duplicate"
    if tx.is_coinbase:
        if not 2 <= len(tx.inputs[0].script_sig) <= 100:
            return "bad-cb-length"
    elif any(txin.prevout.is_null for txin in tx.inputs):
        return "bad-txns-prevout-null"
    return None
