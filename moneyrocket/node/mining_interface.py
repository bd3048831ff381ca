"""The node as miners see it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.consensus.merkle import merkle_path
from moneyrocket.consensus.witness_commitment import witness_commitment_index
from moneyrocket.interfaces.chain import BlockRef
from moneyrocket.interfaces.mining import (
    FOREVER,
    BlockCheckOptions,
    BlockCreateOptions,
    BlockTemplate,
    BlockVerdict,
    BlockWaitOptions,
    CoinbaseTx,
    Mining,
    MiningError,
    OptionalTransaction,
)
from moneyrocket.node import miner
from moneyrocket.node.block_submission import refusal, submit_block
from moneyrocket.node.mining_waits import TipWaits
from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import ZERO_HASH
from moneyrocket.script.opcodes import OP_TRUE
from moneyrocket.script.script import push_int

if TYPE_CHECKING:
    from collections.abc import Callable

    from moneyrocket.node.context import NodeContext
    from moneyrocket.node.mining_options import MiningOptions

_DUMMY_SCRIPT: Final = bytes((OP_TRUE,))
"""Output script of a template's own coinbase."""
_IBD_POLL_SECONDS: Final = 1.0
_TICK_SECONDS: Final = 1.0
"""How often fees are looked at; that takes a new template."""
_INTERRUPTION_SECONDS: Final = 0.01
"""Clients send `interrupt` right behind the call that it shall end; it is read, and runs, on another thread."""
_MIN_COOLDOWN: Final = 3
_MAX_COOLDOWN: Final = 20
_MIN_DIFFICULTY_SECONDS: Final = 20 * 60
"""So long after the tip a test chain takes a block of minimum difficulty."""
_MILLISECONDS: Final = 1000


def _unlike(block_hash: bytes) -> Callable[[BlockRef], bool]:
    return lambda tip: tip.hash != block_hash


def _deadline(timeout: float) -> float:
    """The value of `time.monotonic` in so many milliseconds."""
    return time.monotonic() + max(0.0, timeout) / _MILLISECONDS


class NodeMining(Mining):
    """Makes templates. The chain must be loaded.

    Args:
        node: the node.
    """

    def __init__(self, node: NodeContext) -> None:
        self._node = node
        self._waits = TipWaits(node.notifications)

    def is_test_chain(self) -> bool:
        """See `Mining`."""
        return self._node.params.is_test_chain

    def is_initial_block_download(self) -> bool:
        """See `Mining`."""
        return self._node.chainman.is_initial_block_download()

    def get_tip(self) -> BlockRef | None:
        """See `Mining`."""
        chainman = self._node.chainman
        with chainman.lock:
            tip = chainman.active_chain.tip
            return None if tip is None else BlockRef(tip.hash, tip.height)

    def wait_tip_changed(self, current_tip: bytes, timeout: float = FOREVER) -> BlockRef | None:
        """See `Mining`."""
        return self._wait_tip(current_tip, _deadline(timeout))

    def create_new_block(
        self,
        options: BlockCreateOptions,
        cooldown: bool = True,
    ) -> BlockTemplate | None:
        """See `Mining`."""
        tip = self._wait_tip(ZERO_HASH, None)
        while tip is not None and cooldown and self.is_initial_block_download():
            tip = self._wait_tip(tip.hash, time.monotonic() + _IBD_POLL_SECONDS)
        if tip is None or (cooldown and not (self._wait_for_known_blocks(tip) and self._wait_for_interruption())):
            return None
        merged = replace(
            self._node.miner.options,
            reserved_weight=options.block_reserved_weight,
            coinbase_sigops=options.coinbase_output_max_additional_sigops,
        )
        fault = merged.fault("block_max_weight", "block_reserved_weight", "coinbase_output_max_additional_sigops")
        if fault is not None:
            raise MiningError(fault)
        template = NodeBlockTemplate.create(self._node, merged, options.use_mempool)
        # An interruption counts for the whole call, whether it waits when that comes or not.
        _, ended = self._waits.wait_for(lambda tip: True, None)
        return None if ended else template

    def interrupt(self) -> None:
        """See `Mining`."""
        self._waits.interrupt()

    def close(self) -> None:
        """End all waits: whoever used this has gone."""
        self._waits.close()

    def check_block(self, block: Block, options: BlockCheckOptions) -> BlockVerdict:
        """See `Mining`."""
        try:
            self._node.chainman.test_block(
                block, check_merkle_root=options.check_merkle_root, check_pow=options.check_pow
            )
        except ValidationError as error:
            return refusal(error)
        return BlockVerdict("", "", True)

    def submit_block(self, block: Block) -> BlockVerdict:
        """See `Mining`."""
        return submit_block(self._node.chainman, self._node.signals, block)

    def get_transactions_by_txid(self, txids: list[bytes]) -> list[OptionalTransaction]:
        """See `Mining`."""
        mempool = self._node.mempool
        with mempool.lock:
            return [mempool.get(txid) for txid in txids]

    def get_transactions_by_wtxid(self, wtxids: list[bytes]) -> list[OptionalTransaction]:
        """See `Mining`."""
        mempool = self._node.mempool
        with mempool.lock:
            return [mempool.get_by_wtxid(wtxid) for wtxid in wtxids]

    def _wait_tip(self, current: bytes, until: float | None) -> BlockRef | None:
        tip, ended = self._waits.wait_for(_unlike(current), until)
        if tip is None and not ended:
            # Whoever asks before there is a tip shall learn of the first.
            tip, ended = self._waits.wait_for(lambda tip: True, None)
        return None if ended else tip

    def _wait_for_interruption(self) -> bool:
        """Give an interruption that was sent together with the call the time to get here; False to give up."""
        _, ended = self._waits.wait_for(lambda tip: False, time.monotonic() + _INTERRUPTION_SECONDS)
        return not ended

    def _wait_for_known_blocks(self, tip: BlockRef) -> bool:
        """Wait some seconds for blocks whose headers are here, anew after each that comes; False to give up."""
        while ahead := self._node.chainman.blocks_ahead_of_tip():
            until = time.monotonic() + min(max(ahead, _MIN_COOLDOWN), _MAX_COOLDOWN)
            now, ended = self._waits.wait_for(_unlike(tip.hash), until)
            if ended:
                return False
            if now is None or now.hash == tip.hash:
                break
            tip = now
        return True


class NodeBlockTemplate(BlockTemplate):
    """A template, and the rules by which the next one is made.

    Args:
        node: the node.
        template: the template.
        options: what it is like.
        use_mempool: whether it has transactions of the mempool.
    """

    def __init__(
        self, node: NodeContext, template: miner.BlockTemplate, options: MiningOptions, use_mempool: bool
    ) -> None:
        self._node = node
        self._template = template
        self._block = template.block
        self._options = options
        self._use_mempool = use_mempool
        self._waits = TipWaits(node.notifications)

    @classmethod
    def create(cls, node: NodeContext, options: MiningOptions, use_mempool: bool) -> NodeBlockTemplate:
        """Make a template upon the tip.

        Raises:
            MiningError: it turns out invalid, which is a fault of the node.
        """
        try:
            template = node.miner.create_block(_DUMMY_SCRIPT, use_mempool=use_mempool, options=options)
        except ValidationError as error:
            raise MiningError(f"TestBlockValidity failed: {error}") from error
        return cls(node, template, options, use_mempool)

    def get_block_header(self) -> BlockHeader:
        """See `BlockTemplate`."""
        return self._block.header

    def get_block(self) -> Block:
        """See `BlockTemplate`."""
        return self._block

    def get_tx_fees(self) -> list[int]:
        """See `BlockTemplate`."""
        return list(self._template.fees)

    def get_tx_sigops(self) -> list[int]:
        """See `BlockTemplate`."""
        return list(self._template.sigops)

    def get_coinbase_tx(self) -> CoinbaseTx:
        """See `BlockTemplate`."""
        coinbase = self._template.block.transactions[0]
        commitment = witness_commitment_index(coinbase)
        (txin,) = coinbase.inputs
        return CoinbaseTx(
            version=coinbase.version,
            sequence=txin.sequence,
            script_sig_prefix=push_int(self._template.height),
            witness=txin.witness[0] if txin.witness else None,
            block_reward_remaining=coinbase.outputs[0].value,
            required_outputs=() if commitment is None else (coinbase.outputs[commitment],),
            lock_time=coinbase.lock_time,
        )

    def get_coinbase_merkle_path(self) -> list[bytes]:
        """See `BlockTemplate`."""
        return merkle_path([tx.txid for tx in self._block.transactions], 0)

    def submit_solution(self, version: int, timestamp: int, nonce: int, coinbase: OptionalTransaction) -> BlockVerdict:
        """See `BlockTemplate`."""
        if coinbase is None:
            return BlockVerdict("", "", False)
        signed = int.from_bytes(version.to_bytes(4, "little"), "little", signed=True)
        header = replace(self._block.header, version=signed, time=timestamp, nonce=nonce)
        self._block = miner.with_merkle_root(Block(header, (coinbase, *self._block.transactions[1:])))
        return submit_block(self._node.chainman, self._node.signals, self._block)

    def wait_next(self, options: BlockWaitOptions) -> BlockTemplate | None:
        """See `BlockTemplate`."""
        until = _deadline(options.timeout)
        prev_hash = self._template.block.header.prev_hash
        wanted = sum(self._template.fees) + options.fee_threshold
        seen: int | None = None
        while True:
            tick = min(time.monotonic() + _TICK_SECONDS, until)
            tip, ended = self._waits.wait_for(_unlike(prev_hash), tick)
            if ended or tip is None:
                return None
            if tip.hash != prev_hash or self._may_be_easy():
                return self._again()
            changes = self._node.mempool.changes
            if options.fee_threshold < MAX_MONEY and changes != seen:
                seen = changes
                new = self._again()
                if sum(new.get_tx_fees()) >= wanted:
                    return new
            if time.monotonic() >= until:
                return None

    def interrupt_wait(self) -> None:
        """See `BlockTemplate`."""
        self._waits.interrupt()

    def released(self) -> None:
        """End what waits for this template."""
        self._waits.close()

    def _again(self) -> NodeBlockTemplate:
        return self.create(self._node, self._options, self._use_mempool)

    def _may_be_easy(self) -> bool:
        """Whether a block of minimum difficulty may follow, because the tip is old."""
        chainman = self._node.chainman
        if not chainman.params.pow_allow_min_difficulty_blocks:
            return False
        return clock.now() > chainman.tip.time + _MIN_DIFFICULTY_SECONDS
