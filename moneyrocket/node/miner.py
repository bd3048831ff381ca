"""Makes block templates and finds their proof of work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.limits import MAX_BLOCK_SIGOPS_COST, MAX_TIMEWARP
from moneyrocket.consensus.merkle import block_merkle_root
from moneyrocket.consensus.params import Deployment
from moneyrocket.consensus.pow import next_work_required, target_from_bits
from moneyrocket.consensus.subsidy import block_subsidy
from moneyrocket.consensus.witness_commitment import (
    add_reserved_value,
    witness_commitment_index,
    witness_commitment_script,
)
from moneyrocket.node.mining_options import MiningOptions
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import ZERO_HASH, hash_to_hex
from moneyrocket.primitives.transaction import NULL_OUTPOINT, Transaction, TxIn, TxOut
from moneyrocket.script.opcodes import OP_0
from moneyrocket.script.script import push_int

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.mempool import Mempool
    from moneyrocket.node.mempool_entry import MempoolEntry

log = category_logger("")

_SEQUENCE_NOT_FINAL: Final = 0xFFFFFFFE
"""So that the coinbase's lock time counts, which makes its id unlike that of any other."""
_ONE_BYTE_HEIGHTS: Final = 16
"""Up to here the height alone is too short for a coinbase's input script."""
_MAX_NONCE: Final = 0xFFFFFFFF
_CHECK_EVERY: Final = 1 << 16
_HEADER_BEFORE_NONCE: Final = 76
_FIRST_CHUNK: Final = 64


@dataclass(frozen=True, slots=True)
class BlockTemplate:
    """A block without proof of work.

    Attributes:
        block: the block, coinbase first; its nonce is 0.
        height: its height.
        fees: fee of each transaction but the coinbase, sat.
        sigops: signature operation cost of each.
    """

    block: Block
    height: int
    fees: tuple[int, ...] = ()
    sigops: tuple[int, ...] = ()

    @property
    def witness_commitment(self) -> bytes | None:
        """Output script that commits to the witnesses, None without one."""
        coinbase = self.block.transactions[0]
        position = witness_commitment_index(coinbase)
        return None if position is None else coinbase.outputs[position].script_pubkey


@dataclass(slots=True)
class TemplateCache:
    """The template that getblocktemplate gave out last.

    Attributes:
        template: the template, None before the first.
        changes: the mempool's count of changes when it was made.
        time: when it was made, unix seconds.
    """

    template: BlockTemplate | None = None
    changes: int = 0
    time: int = 0


class Miner:
    """Makes templates upon the tip.

    Attributes:
        options: what new blocks are like.
        last_weight: weight of the last template, header and coinbase as reserved; None before the first.
        last_transactions: its number of transactions without the coinbase.
        template_cache: for getblocktemplate.
    """

    def __init__(self, chainman: ChainstateManager, mempool: Mempool | None, options: MiningOptions) -> None:
        self._chainman = chainman
        self._mempool = mempool
        self.options = options
        self.last_weight: int | None = None
        self.last_transactions: int | None = None
        self.template_cache = TemplateCache()

    def create_block(
        self, coinbase_script: bytes, *, use_mempool: bool = True, options: MiningOptions | None = None
    ) -> BlockTemplate:
        """Make a template upon the tip.

        Args:
            coinbase_script: output script that gets subsidy and fees.
            use_mempool: take transactions from the mempool.
            options: what it shall be like, None for `options` of this object.

        Raises:
            ValidationError: if the template turns out invalid, which is a fault of the node.
        """
        chainman = self._chainman
        options = self.options if options is None else options
        params = chainman.params
        with chainman.lock:
            prev = chainman.tip
            height = prev.height + 1
            entries = self._select(options) if use_mempool else []
            fees = sum(entry.fee for entry in entries)
            coinbase = make_coinbase(height, coinbase_script, block_subsidy(height, params) + fees)
            version = options.version
            if version is None:
                version = chainman.version_bits.block_version(prev)
            header = BlockHeader(version, prev.hash, ZERO_HASH, 0, 0, 0)
            transactions = (coinbase, *(entry.tx for entry in entries))
            block = with_commitment(
                Block(_with_time(header, prev, params), transactions), params.is_active_after(Deployment.SEGWIT, prev)
            )
            weight = options.reserved_weight + sum(entry.tx.weight for entry in entries)
            sigops = options.coinbase_sigops + sum(entry.sigop_cost for entry in entries)
            log.info(
                "CreateNewBlock(): block weight: %d txs: %d fees: %d sigops %d", weight, len(entries), fees, sigops
            )
            chainman.test_block(block)
        self.last_weight = weight
        self.last_transactions = len(entries)
        return BlockTemplate(
            block, height, tuple(entry.fee for entry in entries), tuple(entry.sigop_cost for entry in entries)
        )

    def _select(self, options: MiningOptions) -> list[MempoolEntry]:
        if self._mempool is None or not len(self._mempool):
            return []
        from moneyrocket.node.block_selection import select_for_block

        entries = select_for_block(
            self._mempool,
            options.max_weight - options.reserved_weight,
            MAX_BLOCK_SIGOPS_COST - options.coinbase_sigops,
            options.min_rate,
        )
        if options.print_rates:
            for entry in entries:
                rate = entry.modified_fee * 1000 // entry.vsize
                log.info("fee rate %d.%08d BTC/kvB txid %s", rate // 10**8, rate % 10**8, hash_to_hex(entry.txid))
        return entries


def make_coinbase(height: int, script_pubkey: bytes, value: int) -> Transaction:
    """A coinbase without witness commitment.

    Args:
        height: height of its block.
        script_pubkey: script of its output.
        value: amount of its output, sat.
    """
    script_sig = push_int(height)
    if height <= _ONE_BYTE_HEIGHTS:
        script_sig += bytes((OP_0,))
    return Transaction(
        version=2,
        inputs=(TxIn(NULL_OUTPOINT, script_sig, _SEQUENCE_NOT_FINAL),),
        outputs=(TxOut(value, script_pubkey),),
        lock_time=height - 1,
    )


def with_commitment(block: Block, segwit_active: bool) -> Block:
    """The block with a witness commitment in its coinbase (BIP141), and the Merkle root that follows."""
    coinbase = block.transactions[0]
    if witness_commitment_index(coinbase) is None:
        commitment = TxOut(0, witness_commitment_script(block))
        coinbase = replace(coinbase, outputs=(*coinbase.outputs, commitment))
        block = Block(block.header, (coinbase, *block.transactions[1:]))
    return with_merkle_root(add_reserved_value(block) if segwit_active else block)


def with_merkle_root(block: Block) -> Block:
    """The block with the Merkle root of its transactions in the header."""
    root, _ = block_merkle_root(block)
    return Block(replace(block.header, merkle_root=root), block.transactions)


def minimum_time(prev: BlockIndex, params: ChainParams) -> int:
    """Earliest time that a block upon ``prev`` may have, unix seconds."""
    earliest = prev.median_time_past + 1
    if (prev.height + 1) % params.difficulty_adjustment_interval == 0:
        earliest = max(earliest, prev.time - MAX_TIMEWARP)
    return earliest


def _with_time(header: BlockHeader, prev: BlockIndex, params: ChainParams) -> BlockHeader:
    header = replace(header, time=max(minimum_time(prev, params), clock.now()))
    return replace(header, bits=next_work_required(prev, header, params))


def with_current_time(block: Block, prev: BlockIndex, params: ChainParams) -> Block:
    """A template with its time, and the target that may depend on it, brought up to date."""
    time = max(minimum_time(prev, params), block.header.time, clock.now())
    header = replace(block.header, time=time)
    if params.pow_allow_min_difficulty_blocks:
        header = replace(header, bits=next_work_required(prev, header, params))
    return Block(header, block.transactions)


def solve_block(
    block: Block, max_tries: int, interrupted: Callable[[], bool] = lambda: False
) -> tuple[Block | None, int]:
    """Find a nonce, counting up from 0.

    Args:
        block: the block; its Merkle root is final.
        max_tries: how many nonces to try at most.
        interrupted: asked now and then whether to give up.

    Returns:
        The block with its proof of work, None if none was found; and how many tries are left.
    """
    header = block.header.serialize()
    # The first 64 bytes do not hold the nonce, so they are hashed once.
    first = hashlib.sha256(header[:_FIRST_CHUNK])
    rest = header[_FIRST_CHUNK:_HEADER_BEFORE_NONCE]
    target = target_from_bits(block.header.bits)
    sha256 = hashlib.sha256
    for nonce in range(min(max_tries, _MAX_NONCE)):
        attempt = first.copy()
        attempt.update(rest + nonce.to_bytes(4, "little"))
        digest = sha256(attempt.digest()).digest()
        if int.from_bytes(digest, "little") <= target:
            return Block(replace(block.header, nonce=nonce), block.transactions), max_tries - nonce
        if nonce % _CHECK_EVERY == _CHECK_EVERY - 1 and interrupted():
            return None, 0
    return None, max(0, max_tries - _MAX_NONCE)
