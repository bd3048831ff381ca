"""Takes the signatures out of a partly signed input, so that more can be added."""

from __future__ import annotations

from moneyrocket.primitives.transaction import TxOut
from moneyrocket.script.checker import TransactionChecker
from moneyrocket.script.errors import ScriptError
from moneyrocket.script.flags import STANDARD_FLAGS
from moneyrocket.script.interpreter import run_push_only, verify_script
from moneyrocket.script.keys import PublicKey
from moneyrocket.script.sighash import TransactionHasher
from moneyrocket.script.signature_data import SignatureData
from moneyrocket.script.standard import TxoutType, solve


def signature_data_of(hasher: TransactionHasher, input_index: int, spent: TxOut) -> SignatureData:
    """What an input already holds.

    Args:
        hasher: of the transaction.
        input_index: the input.
        spent: the output it spends.
    """
    txin = hasher.tx.inputs[input_index]
    data = SignatureData(script_sig=txin.script_sig, script_witness=txin.witness)
    if not txin.script_sig and not txin.witness:
        return data
    try:
        verify_script(txin, spent.script_pubkey, STANDARD_FLAGS, hasher, input_index, spent.value)
    except ScriptError:
        _extract(data, hasher, input_index, spent)
    else:
        data.complete = True
    return data


def _extract(data: SignatureData, hasher: TransactionHasher, input_index: int, spent: TxOut) -> None:
    stack = run_push_only(data.script_sig)
    script = spent.script_pubkey
    witness = False
    kind, solutions = solve(script)
    if kind is TxoutType.SCRIPTHASH and stack and stack[-1]:
        data.redeem_script = script = stack.pop()
        kind, solutions = solve(script)
    if kind is TxoutType.WITNESS_V0_SCRIPTHASH and data.script_witness and data.script_witness[-1]:
        *stack, script = data.script_witness
        data.witness_script = script
        witness = True
        kind, solutions = solve(script)
    checker = TransactionChecker(hasher, input_index, spent.value)
    if kind is TxoutType.MULTISIG:
        keys = solutions[1:-1]
    elif kind is TxoutType.PUBKEY:
        keys = solutions
    else:
        # Such an input is complete or has no good signature.
        return
    for signature in stack:
        for data_of_key in keys:
            key = PublicKey(data_of_key)
            if key.key_id not in data.signatures and checker.check_ecdsa(
                signature, data_of_key, script, witness=witness
            ):
                data.signatures[key.key_id] = (key, signature)
                break
