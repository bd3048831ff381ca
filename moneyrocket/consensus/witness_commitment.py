"""The coinbase's commitment to witnesses (BIP141)."""

from dataclasses import replace
from typing import Final

from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.consensus.merkle import block_witness_merkle_root
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash256
from moneyrocket.primitives.transaction import Transaction, TxOut

_PREFIX: Final = bytes.fromhex("6a24aa21a9ed")
"""OP_RETURN, a push of 36 bytes, and the tag of the commitment."""
MINIMUM_WITNESS_COMMITMENT: Final = 38
"""Bytes of the shortest commitment output script."""
WITNESS_RESERVED_VALUE: Final = bytes(32)


def witness_commitment_index(coinbase: Transaction) -> int | None:
    """Index of the coinbase's output that commits to witnesses (the last, if many), None without one."""
    for n in range(len(coinbase.outputs) - 1, -1, -1):
        script = coinbase.outputs[n].script_pubkey
        if len(script) >= MINIMUM_WITNESS_COMMITMENT and script.startswith(_PREFIX):
            return n
    return None


def witness_commitment(block: Block, reserved_value: bytes = WITNESS_RESERVED_VALUE) -> bytes:
    """The 32 bytes that the coinbase must commit to."""
    return hash256(block_witness_merkle_root(block) + reserved_value)


def witness_commitment_script(block: Block) -> bytes:
    """Output script that commits to the witnesses of ``block``; the coinbase may still be changed."""
    return _PREFIX + witness_commitment(block)


def add_witness_commitment(block: Block) -> Block:
    """The block with a commitment output and reserved value in its coinbase, unless it has them.

    The merkle root is left as it is.
    """
    coinbase = block.transactions[0]
    if witness_commitment_index(coinbase) is None:
        coinbase = replace(coinbase, outputs=(*coinbase.outputs, TxOut(0, witness_commitment_script(block))))
    return add_reserved_value(replace(block, transactions=(coinbase, *block.transactions[1:])))


def add_reserved_value(block: Block) -> Block:
    """The block with the reserved value in its coinbase's witness, if it has a commitment and no witness there."""
    coinbase = block.transactions[0] if block.transactions else None
    if coinbase is None or coinbase.has_witness or witness_commitment_index(coinbase) is None:
        return block
    txin = replace(coinbase.inputs[0], witness=(WITNESS_RESERVED_VALUE,))
    coinbase = replace(coinbase, inputs=(txin, *coinbase.inputs[1:]))
    return replace(block, transactions=(coinbase, *block.transactions[1:]))


def check_witness_commitment(block: Block, *, expected: bool) -> None:
    """Check that the block's witnesses are those that its coinbase commits to.

    Args:
        block: a block with a coinbase.
        expected: whether segwit is active; without it, or without a commitment, there may be no witness at all.

    Raises:
        ValidationError: with `BlockResult.MUTATED`.
    """
    coinbase = block.transactions[0] if block.transactions else None
    index = witness_commitment_index(coinbase) if expected and coinbase is not None else None
    if index is not None:
        assert coinbase is not None
        stack = coinbase.inputs[0].witness
        if len(stack) != 1 or len(stack[0]) != 32:
            raise ValidationError(
                "bad-witness-nonce-size",
                "CheckWitnessMalleation : invalid witness reserved value size",
                BlockResult.MUTATED,
            )
        if witness_commitment(block, stack[0]) != coinbase.outputs[index].script_pubkey[6:38]:
            raise ValidationError(
                "bad-witness-merkle-match",
                "CheckWitnessMalleation : witness merkle commitment mismatch",
                BlockResult.MUTATED,
            )
        return
    if any(tx.has_witness for tx in block.transactions):
        raise ValidationError(
            "unexpected-witness", "CheckWitnessMalleation : unexpected witness data found", BlockResult.MUTATED
        )
