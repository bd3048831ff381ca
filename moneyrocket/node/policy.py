"""Which transactions the node relays and mines by default: rules beyond consensus that need no spent outputs."""

from typing import Final

from moneyrocket.consensus.errors import TxResult, ValidationError
from moneyrocket.node.feerate import fee_at_rate
from moneyrocket.node.mempool_options import MAX_STANDARD_TX_WEIGHT, MempoolOptions
from moneyrocket.primitives.transaction import Transaction, TxOut
from moneyrocket.script.script import is_push_only, is_unspendable, witness_program
from moneyrocket.script.standard import TxoutType, solve

MIN_STANDARD_VERSION: Final = 1
MAX_STANDARD_VERSION: Final = 3
MIN_STANDARD_NONWITNESS_SIZE: Final = 65
"""Bytes without witness; smaller transactions could pass for inner nodes of a merkle tree."""
MAX_STANDARD_SCRIPT_SIG: Final = 1650
MAX_STANDARD_SIGOP_COST: Final = 16_000
MAX_DUST_OUTPUTS: Final = 1
_SPEND_WITNESS: Final = 67
"""Virtual bytes of an input that spends a witness program."""
_SPEND_LEGACY: Final = 148
"""Bytes of an input that spends another output."""


def dust_threshold(txout: TxOut, dust_relay_rate: int) -> int:
    """Value in sat below which an output costs more to spend than it holds, at ``dust_relay_rate`` sat/kvB."""
    if is_unspendable(txout.script_pubkey):
        return 0
    spend = _SPEND_LEGACY if witness_program(txout.script_pubkey) is None else _SPEND_WITNESS
    return fee_at_rate(dust_relay_rate, len(txout.serialize()) + spend)


def is_dust(txout: TxOut, dust_relay_rate: int) -> bool:
    """Whether an output holds less than it costs to spend."""
    return txout.value < dust_threshold(txout, dust_relay_rate)


def dust_outputs(tx: Transaction, dust_relay_rate: int) -> list[int]:
    """Indexes of the outputs that are dust."""
    return [index for index, txout in enumerate(tx.outputs) if is_dust(txout, dust_relay_rate)]


def nonstandard_reason(tx: Transaction, options: MempoolOptions) -> str | None:
    """Why ``tx`` is not standard in itself, None if it is."""
    if not MIN_STANDARD_VERSION <= tx.version & 0xFFFFFFFF <= MAX_STANDARD_VERSION:
        return "version"
    if tx.weight > MAX_STANDARD_TX_WEIGHT:
        return "tx-size"
    for txin in tx.inputs:
        if len(txin.script_sig) > MAX_STANDARD_SCRIPT_SIG:
            return "scriptsig-size"
        if not is_push_only(txin.script_sig):
            return "scriptsig-not-pushonly"
    data_left = options.max_datacarrier_bytes
    for txout in tx.outputs:
        kind, solutions = solve(txout.script_pubkey)
        if kind is TxoutType.NONSTANDARD:
            return "scriptpubkey"
        if kind is TxoutType.MULTISIG:
            if not 1 <= solutions[-1][0] <= 3 or not 1 <= solutions[0][0] <= solutions[-1][0]:
                return "scriptpubkey"
            if not options.permit_bare_multisig:
                return "bare-multisig"
        elif kind is TxoutType.NULL_DATA:
            if len(txout.script_pubkey) > data_left:
                return "datacarrier"
            data_left -= len(txout.script_pubkey)
    if len(dust_outputs(tx, options.dust_relay_rate)) > MAX_DUST_OUTPUTS:
        return "dust"
    return None


def check_standard(tx: Transaction, options: MempoolOptions) -> None:
    """Check the rules of relay that concern ``tx`` alone.

    Raises:
        ValidationError: with the reject reason.
    """
    if options.require_standard:
        reason = nonstandard_reason(tx, options)
        if reason is not None:
            raise ValidationError(reason, result=TxResult.NOT_STANDARD)
    if len(tx.serialize(witness=False)) < MIN_STANDARD_NONWITNESS_SIZE:
        raise ValidationError("tx-size-small", result=TxResult.NOT_STANDARD)
