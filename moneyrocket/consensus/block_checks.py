"""Checks of headers and blocks that need no coins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.consensus.limits import (
    MAX_BLOCK_SIGOPS_COST,
    MAX_BLOCK_WEIGHT,
    MAX_FUTURE_BLOCK_TIME,
    MAX_TIMEWARP,
    WITNESS_SCALE_FACTOR,
)
from moneyrocket.consensus.merkle import block_merkle_root
from moneyrocket.consensus.pow import check_proof_of_work, next_work_required
from moneyrocket.consensus.tx_checks import check_transaction
from moneyrocket.consensus.tx_verify import is_final_tx, legacy_sig_op_count
from moneyrocket.consensus.witness_commitment import check_witness_commitment
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.script.script import push_int

if TYPE_CHECKING:
    from moneyrocket.consensus.block_tree import BlockTreeEntry
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.primitives.block import Block, BlockHeader


def check_header_work(header: BlockHeader, params: ChainParams) -> None:
    """Check that the header has the proof of work that it claims.

    Raises:
        ValidationError: with reason ``high-hash``.
    """
    if not check_proof_of_work(header.hash, header.bits, params):
        raise ValidationError("high-hash", "proof of work failed", BlockResult.INVALID_HEADER)


def check_header_context(header: BlockHeader, prev: BlockTreeEntry, params: ChainParams, now: int) -> None:
    """Check difficulty, time and version of a header.

    Args:
        header: the header.
        prev: its parent.
        params: the chain.
        now: current time, unix seconds.

    Raises:
        ValidationError: with the reject reason.
    """
    height = prev.height + 1
    if header.bits != next_work_required(prev, header, params):
        raise ValidationError("bad-diffbits", "incorrect proof of work", BlockResult.INVALID_HEADER)
    if header.time <= prev.median_time_past:
        raise ValidationError("time-too-old", "block's timestamp is too early", BlockResult.INVALID_HEADER)
    if (
        params.enforce_bip94
        and height % params.difficulty_adjustment_interval == 0
        and header.time < prev.time - MAX_TIMEWARP
    ):
        raise ValidationError(
            "time-timewarp-attack",
            "block's timestamp is too early on diff adjustment block",
            BlockResult.INVALID_HEADER,
        )
    if header.time > now + MAX_FUTURE_BLOCK_TIME:
        raise ValidationError("time-too-new", "block timestamp too far in the future", BlockResult.TIME_FUTURE)
    version = header.version
    if (
        (version < 2 and height >= params.bip34_height)
        or (version < 3 and height >= params.bip66_height)
        or (version < 4 and height >= params.bip65_height)
    ):
        text = f"0x{version & 0xFFFFFFFF:08x}"
        raise ValidationError(f"bad-version({text})", f"rejected nVersion={text} block", BlockResult.INVALID_HEADER)


def check_transactions_root(block: Block) -> None:
    """Check that the header commits to the transactions, each of them once.

    Raises:
        ValidationError: with `BlockResult.MUTATED`.
    """
    root, mutated = block_merkle_root(block)
    if root != block.header.merkle_root:
        raise ValidationError("bad-txnmrklroot", "hashMerkleRoot mismatch", BlockResult.MUTATED)
    if mutated:
        raise ValidationError("bad-txns-duplicate", "duplicate transaction", BlockResult.MUTATED)


def check_block(block: Block, params: ChainParams, *, check_pow: bool = True, check_merkle_root: bool = True) -> None:
    """Check all of a block that needs no context.

    Args:
        block: the block.
        params: the chain.
        check_pow: whether it must have its proof of work (and signature, on a signet).
        check_merkle_root: whether the header must commit to the transactions.

    Raises:
        ValidationError: with the reject reason.
    """
    if check_pow:
        check_header_work(block.header, params)
        if params.signet_challenge is not None:
            from moneyrocket.consensus.signet import check_signet_solution

            if not check_signet_solution(block, params):
                raise ValidationError(
                    "bad-signet-blksig", "signet block signature validation failure", BlockResult.CONSENSUS
                )
    # Faults that somebody on the way may have made come first: they must not mark the header as bad.
    if check_merkle_root:
        check_transactions_root(block)
    transactions = block.transactions
    if (
        not transactions
        or len(transactions) * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT
        or block.stripped_size * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT
    ):
        raise ValidationError("bad-blk-length", "size limits failed", BlockResult.CONSENSUS)
    if not transactions[0].is_coinbase:
        raise ValidationError("bad-cb-missing", "first tx is not coinbase", BlockResult.CONSENSUS)
    if any(tx.is_coinbase for tx in transactions[1:]):
        raise ValidationError("bad-cb-multiple", "more than one coinbase", BlockResult.CONSENSUS)
    for tx in transactions:
        try:
            check_transaction(tx)
        except ValidationError as error:
            raise ValidationError(
                error.reason,
                f"Transaction check failed (tx hash {hash_to_hex(tx.txid)}) {error.debug}",
                BlockResult.CONSENSUS,
            ) from None
    # A lower bound: those in witnesses and redeem scripts are counted when the coins are known.
    if sum(map(legacy_sig_op_count, transactions)) * WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST:
        raise ValidationError("bad-blk-sigops", "out-of-bounds SigOpCount", BlockResult.CONSENSUS)


def check_block_context(block: Block, prev: BlockTreeEntry | None, params: ChainParams) -> None:
    """Check what depends on the block's height and on the headers before it.

    Args:
        block: the block; it passed `check_block`.
        prev: its parent, None for the genesis block.
        params: the chain.

    Raises:
        ValidationError: with the reject reason.
    """
    height = 0 if prev is None else prev.height + 1
    # BIP113
    cutoff = prev.median_time_past if prev is not None and height >= params.csv_height else block.header.time
    if not all(is_final_tx(tx, height, cutoff) for tx in block.transactions):
        raise ValidationError("bad-txns-nonfinal", "non-final transaction", BlockResult.CONSENSUS)
    if height >= params.bip34_height and not block.transactions[0].inputs[0].script_sig.startswith(push_int(height)):
        raise ValidationError("bad-cb-height", "block height mismatch in coinbase", BlockResult.CONSENSUS)
    check_witness_commitment(block, expected=height >= params.segwit_height)
    # Only now, because a stranger may have filled up the coinbase's witness before it was checked.
    if block.weight > MAX_BLOCK_WEIGHT:
        raise ValidationError("bad-blk-weight", "ContextualCheckBlock : weight limit failed", BlockResult.CONSENSUS)


def is_block_mutated(block: Block, *, check_witness_root: bool) -> bool:
    """Whether somebody on the way may have changed the block without changing its hash.

    Args:
        block: the block.
        check_witness_root: whether the coinbase may commit to witnesses (segwit is active).
    """
    try:
        check_transactions_root(block)
        if not block.transactions or not block.transactions[0].is_coinbase:
            # Such a block is invalid anyway. A transaction of 64 bytes may be two hashes of an inner node.
            return any(len(tx.serialize(witness=False)) == 64 for tx in block.transactions)
        check_witness_commitment(block, expected=check_witness_root)
    except ValidationError:
        return True
    return False
