"""Signatures of blocks on a signet (BIP325)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.merkle import merkle_root
from moneyrocket.consensus.witness_commitment import witness_commitment_index
from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.script.flags import VERIFY_DERSIG, VERIFY_NULLDUMMY, VERIFY_P2SH, VERIFY_WITNESS
from moneyrocket.script.opcodes import OP_0, OP_RETURN
from moneyrocket.script.script import ScriptParseError, iter_ops, push_data

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.primitives.block import Block

_HEADER: Final = bytes.fromhex("ecc7daa2")
_FLAGS: Final = VERIFY_P2SH | VERIFY_WITNESS | VERIFY_DERSIG | VERIFY_NULLDUMMY


def check_signet_solution(block: Block, params: ChainParams) -> bool:
    """Whether the block's signature satisfies the signet's challenge."""
    if block.hash == params.genesis.hash:
        return True
    assert params.signet_challenge is not None
    transactions = signet_transactions(block, params.signet_challenge)
    if transactions is None:
        return False
    from moneyrocket.script.verify import ScriptError, verify_transaction_scripts

    to_spend, to_sign = transactions
    try:
        verify_transaction_scripts(to_sign, [to_spend.outputs[0]], _FLAGS)
    except ScriptError:
        return False
    return True


def signet_transactions(block: Block, challenge: bytes) -> tuple[Transaction, Transaction] | None:
    """The virtual transactions that hold challenge and solution, None if the block has no well-formed solution."""
    if not block.transactions:
        return None
    coinbase = block.transactions[0]
    index = witness_commitment_index(coinbase)
    if index is None:
        return None
    solution, commitment = _take_solution(coinbase.outputs[index].script_pubkey)
    script_sig = b""
    witness: tuple[bytes, ...] = ()
    if solution is not None:
        try:
            reader = Reader(solution)
            script_sig = reader.var_bytes()
            witness = tuple(reader.vector(Reader.var_bytes))
            reader.expect_end()
        except DeserializeError:
            return None
        outputs = list(coinbase.outputs)
        outputs[index] = replace(outputs[index], script_pubkey=commitment)
        coinbase = replace(coinbase, outputs=tuple(outputs))
    root, _ = merkle_root([coinbase.txid, *(tx.txid for tx in block.transactions[1:])])
    header = block.header
    data = (
        (header.version & 0xFFFFFFFF).to_bytes(4, "little")
        + header.prev_hash
        + root
        + header.time.to_bytes(4, "little")
    )
    to_spend = Transaction(0, (TxIn(NULL_OUTPOINT, bytes((OP_0,)) + push_data(data), 0),), (TxOut(0, challenge),), 0)
    to_sign = Transaction(
        0, (TxIn(OutPoint(to_spend.txid, 0), script_sig, 0, witness),), (TxOut(0, bytes((OP_RETURN,))),), 0
    )
    return to_spend, to_sign


def _take_solution(script: bytes) -> tuple[bytes | None, bytes]:
    """The solution in a commitment script, None without one, and the script without it."""
    solution: bytes | None = None
    rest = b""
    try:
        for opcode, data in iter_ops(script):
            if not data:
                rest += bytes((opcode,))
                continue
            if solution is None and len(data) > len(_HEADER) and data.startswith(_HEADER):
                solution = data[len(_HEADER) :]
                data = _HEADER
            rest += push_data(data)
    except ScriptParseError:
        pass
    return solution, rest
