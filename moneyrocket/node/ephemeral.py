"""Dust that exists only inside a package: its transaction pays nothing, and its child must spend it."""

from collections.abc import Sequence

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.policy import dust_outputs
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction


def check_dust_pays_nothing(tx: Transaction, dust_relay_rate: int, base_fee: int, modified_fee: int) -> None:
    """Check that nobody is paid to mine a transaction with dust alone.

    Raises:
        ValidationError: with reason ``dust``.
    """
    if (base_fee or modified_fee) and dust_outputs(tx, dust_relay_rate):
        raise ValidationError("dust", "tx with dust output must be 0-fee", result=TxResult.NOT_STANDARD)


def unspent_dust(package: Sequence[Transaction], mempool: Mempool) -> tuple[Transaction, ValidationError] | None:
    """Find a transaction that leaves dust of its unconfirmed parents unspent.

    Args:
        package: transactions that come together.
        mempool: where other parents are.

    Returns:
        The transaction and why it is refused, None if there is no such transaction.
    """
    rate = mempool.options.dust_relay_rate
    in_package = {tx.txid: tx for tx in package}
    for tx in package:
        dust: set[OutPoint] = set()
        for txid in {txin.prevout.txid for txin in tx.inputs}:
            parent = in_package.get(txid) or mempool.get(txid)
            if parent is not None:
                dust.update(OutPoint(txid, index) for index in dust_outputs(parent, rate))
        dust.difference_update(txin.prevout for txin in tx.inputs)
        if dust:
            debug = f"tx {hash_to_hex(tx.txid)} (wtxid={hash_to_hex(tx.wtxid)}) did not spend parent's ephemeral dust"
            return tx, ValidationError("missing-ephemeral-spends", debug, result=TxResult.MEMPOOL_POLICY)
    return None
