"""Transactions and scripts as JSON, and transactions from the hex text that clients send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from moneyrocket.interfaces.json import Json
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import Transaction, TxIn, TxOut
from moneyrocket.rpc.values import amount_json, is_hex
from moneyrocket.script.address import encode_address, has_address
from moneyrocket.script.asm import script_to_asm
from moneyrocket.script.script import MAX_SCRIPT_SIZE, has_valid_ops
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.standard import solve

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.interfaces.chain import Coin

_NOTHING_KNOWN = SigningProvider()


def decode_transaction_hex(text: str, *, witness: bool | None = None) -> Transaction | None:
    """Read a transaction in hex.

    A transaction without inputs looks like the marker of a witness, so both readings are tried and the one whose
    scripts make sense is taken.

    Args:
        text: the hex text.
        witness: True to read it with witness data only, False without only, None for both.

    Returns:
        The transaction, None if it is none.
    """
    if not is_hex(text):
        return None
    data = bytes.fromhex(text)
    candidates = []
    for allow_witness in (True, False):
        if witness is not None and witness is not allow_witness:
            continue
        try:
            tx = Transaction.deserialize(data, allow_witness=allow_witness)
        except DeserializeError:
            continue
        if _scripts_make_sense(tx):
            return tx
        candidates.append(tx)
    return candidates[0] if candidates else None


def _scripts_make_sense(tx: Transaction) -> bool:
    scripts = [txout.script_pubkey for txout in tx.outputs]
    if not tx.is_coinbase:
        scripts += [txin.script_sig for txin in tx.inputs]
    return all(len(script) <= MAX_SCRIPT_SIZE and has_valid_ops(script) for script in scripts)


def script_json(
    script: bytes, params: ChainParams, *, with_hex: bool = True, provider: SigningProvider = _NOTHING_KNOWN
) -> dict[str, Json]:
    """An output script.

    Args:
        script: the script.
        params: the chain, for addresses.
        with_hex: whether to show its bytes.
        provider: what is known of keys and scripts, for the descriptor.
    """
    from moneyrocket.script.descriptors import infer_descriptor

    result: dict[str, Json] = {
        "asm": script_to_asm(script),
        "desc": infer_descriptor(script, provider, params).to_string(params),
    }
    if with_hex:
        result["hex"] = script.hex()
    if has_address(script):
        result["address"] = encode_address(script, params)
    result["type"] = solve(script)[0].value
    return result


def transaction_json(
    tx: Transaction,
    params: ChainParams,
    *,
    spent: Sequence[Coin] | None = None,
    with_prevouts: bool = True,
    with_hex: bool = True,
    is_change: Callable[[TxOut], bool] | None = None,
) -> dict[str, Json]:
    """A transaction, as decoderawtransaction shows it and more.

    Args:
        tx: the transaction.
        params: the chain, for addresses.
        spent: the coins that it spends, in order, which adds its fee; None for a coinbase or if they are not known.
        with_prevouts: whether to show the coins in ``spent``.
        with_hex: whether to show its bytes.
        is_change: tells outputs that are change, to mark them.
    """
    inputs: list[Json] = []
    for number, txin in enumerate(tx.inputs):
        shown = _input_json(tx, txin)
        if spent is not None and with_prevouts:
            shown["prevout"] = _prevout_json(spent[number], params)
        shown["sequence"] = txin.sequence
        inputs.append(shown)
    outputs: list[Json] = []
    for number, txout in enumerate(tx.outputs):
        output: dict[str, Json] = {
            "value": amount_json(txout.value),
            "n": number,
            "scriptPubKey": script_json(txout.script_pubkey, params),
        }
        if is_change is not None and is_change(txout):
            output["ischange"] = True
        outputs.append(output)
    result: dict[str, Json] = {
        "txid": hash_to_hex(tx.txid),
        "hash": hash_to_hex(tx.wtxid),
        "version": tx.version & 0xFFFFFFFF,
        "size": len(tx.serialize()),
        "vsize": tx.vsize,
        "weight": tx.weight,
        "locktime": tx.lock_time,
        "vin": inputs,
        "vout": outputs,
    }
    if spent is not None:
        result["fee"] = amount_json(sum(coin.out.value for coin in spent) - tx.value_out)
    if with_hex:
        result["hex"] = tx.serialize().hex()
    return result


def _input_json(tx: Transaction, txin: TxIn) -> dict[str, Json]:
    result: dict[str, Json] = {}
    if tx.is_coinbase:
        result["coinbase"] = txin.script_sig.hex()
    else:
        result["txid"] = hash_to_hex(txin.prevout.txid)
        result["vout"] = txin.prevout.n
        result["scriptSig"] = {
            "asm": script_to_asm(txin.script_sig, decode_sighash=True),
            "hex": txin.script_sig.hex(),
        }
    if txin.witness:
        result["txinwitness"] = [item.hex() for item in txin.witness]
    return result


def _prevout_json(coin: Coin, params: ChainParams) -> dict[str, Json]:
    return {
        "generated": coin.is_coinbase,
        "height": coin.height,
        "value": amount_json(coin.out.value),
        "scriptPubKey": script_json(coin.out.script_pubkey, params),
    }
