"""Checks of a transaction that need the chain or the coins it spends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from moneyrocket.consensus.block_tree import BlockTreeEntry
from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.consensus.limits import COINBASE_MATURITY, WITNESS_SCALE_FACTOR
from moneyrocket.primitives.amount import format_money, money_range
from moneyrocket.primitives.transaction import SEQUENCE_FINAL, Transaction, TxOut
from moneyrocket.script.flags import CONSENSUS_FLAGS, VERIFY_P2SH, VERIFY_WITNESS
from moneyrocket.script.script import LOCKTIME_THRESHOLD, p2sh_sig_op_count, sig_op_count, witness_sig_op_count

SEQUENCE_LOCKTIME_DISABLE_FLAG: Final = 1 << 31
"""A sequence number with this bit is no relative lock time (BIP68)."""
SEQUENCE_LOCKTIME_TYPE_FLAG: Final = 1 << 22
"""With this bit it counts units of 512 seconds, otherwise blocks."""
SEQUENCE_LOCKTIME_MASK: Final = 0xFFFF
SEQUENCE_LOCKTIME_GRANULARITY: Final = 9
"""Binary logarithm of the unit of time, 512 seconds."""


class SpentCoin(Protocol):
    """A coin as these checks need it."""

    @property
    def out(self) -> TxOut:
        """The output."""

    @property
    def height(self) -> int:
        """Height of the block that made it."""

    @property
    def is_coinbase(self) -> bool:
        """Whether it came from a coinbase."""


class SequenceLocks(NamedTuple):
    """The last height and the last median time past (unix seconds) at which the transaction is still locked."""

    height: int
    time: int


def is_final_tx(tx: Transaction, height: int, time: int) -> bool:
    """Whether the absolute lock time lets ``tx`` into a block.

    Args:
        tx: the transaction.
        height: height of the block.
        time: what its lock time is compared with, unix seconds: median time past of the parent (BIP113).
    """
    if tx.lock_time == 0 or tx.lock_time < (height if tx.lock_time < LOCKTIME_THRESHOLD else time):
        return True
    return all(txin.sequence == SEQUENCE_FINAL for txin in tx.inputs)


def calculate_sequence_locks(tx: Transaction, coin_heights: Sequence[int], chain: BlockTreeEntry) -> SequenceLocks:
    """Relative lock times of all inputs taken together (BIP68).

    Args:
        tx: the transaction.
        coin_heights: height of the coin that each input spends.
        chain: a block that all those coins' blocks are ancestors of: the tip, or the new block itself.
    """
    min_height = min_time = -1
    if tx.version & 0xFFFFFFFF >= 2:
        for txin, coin_height in zip(tx.inputs, coin_heights, strict=True):
            sequence = txin.sequence
            if sequence & SEQUENCE_LOCKTIME_DISABLE_FLAG:
                continue
            value = sequence & SEQUENCE_LOCKTIME_MASK
            if sequence & SEQUENCE_LOCKTIME_TYPE_FLAG:
                before = chain.ancestor(max(coin_height - 1, 0))
                assert before is not None
                lock_time = before.median_time_past + (value << SEQUENCE_LOCKTIME_GRANULARITY) - 1
                min_time = max(min_time, lock_time)
            else:
                min_height = max(min_height, coin_height + value - 1)
    return SequenceLocks(min_height, min_time)


def sequence_locks_met(locks: SequenceLocks, height: int, prev_median_time_past: int) -> bool:
    """Whether the relative lock times allow a block.

    Args:
        locks: from `calculate_sequence_locks`.
        height: height of the block.
        prev_median_time_past: median time past of its parent, unix seconds.
    """
    return locks.height < height and locks.time < prev_median_time_past


def legacy_sig_op_count(tx: Transaction) -> int:
    """Signature checks in the scripts that are in ``tx`` itself."""
    return sum(sig_op_count(txin.script_sig) for txin in tx.inputs) + sum(
        sig_op_count(txout.script_pubkey) for txout in tx.outputs
    )


def transaction_sigop_cost(tx: Transaction, spent: Sequence[TxOut], flags: int = CONSENSUS_FLAGS) -> int:
    """Signature checks of a transaction, those outside of the witness weighed fourfold (BIP141).

    Args:
        tx: the transaction.
        spent: the outputs that its inputs spend, in order; ignored for a coinbase.
        flags: script verification flags.
    """
    cost = legacy_sig_op_count(tx) * WITNESS_SCALE_FACTOR
    if tx.is_coinbase:
        return cost
    for txin, txout in zip(tx.inputs, spent, strict=True):
        if flags & VERIFY_P2SH:
            cost += p2sh_sig_op_count(txin.script_sig, txout.script_pubkey) * WITNESS_SCALE_FACTOR
        if flags & VERIFY_WITNESS:
            cost += witness_sig_op_count(txin.script_sig, txout.script_pubkey, txin.witness)
    return cost


def check_tx_inputs(tx: Transaction, coins: Sequence[SpentCoin | None], spend_height: int) -> int:
    """Check the amounts of a transaction, and that its coins exist and are mature.

    Args:
        tx: the transaction, no coinbase.
        coins: the coin of each input, None where there is none.
        spend_height: height of the block that spends them.

    Returns:
        The fee in sat.

    Raises:
        ValidationError: with the reject reason.
    """
    value_in = 0
    for coin in coins:
        if coin is None:
            raise ValidationError(
                "bad-txns-inputs-missingorspent", "CheckTxInputs: inputs missing/spent", TxResult.MISSING_INPUTS
            )
    for coin in coins:
        assert coin is not None
        depth = spend_height - coin.height
        if coin.is_coinbase and depth < COINBASE_MATURITY:
            raise ValidationError(
                "bad-txns-premature-spend-of-coinbase",
                f"tried to spend coinbase at depth {depth}",
                TxResult.PREMATURE_SPEND,
            )
        value_in += coin.out.value
        if not money_range(coin.out.value) or not money_range(value_in):
            raise ValidationError("bad-txns-inputvalues-outofrange", result=TxResult.CONSENSUS)
    value_out = tx.value_out
    if value_in < value_out:
        raise ValidationError(
            "bad-txns-in-belowout",
            f"value in ({format_money(value_in)}) < value out ({format_money(value_out)})",
            TxResult.CONSENSUS,
        )
    return value_in - value_out
