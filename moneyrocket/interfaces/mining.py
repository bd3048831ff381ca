"""What miners and pools need of a node: block templates, and news of the tip. Bitcoin Core has the same interface."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

from moneyrocket.interfaces.chain import BlockRef
from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import Transaction, TxOut

FOREVER: Final = sys.float_info.max
"""A timeout that never runs out."""

OptionalTransaction: TypeAlias = Transaction | None
"""Crosses processes as bytes, None as no bytes at all."""


class MiningError(ValueError):
    """A request that cannot be met; the message says why.

    Attributes:
        remote_type_name: what other processes are told as the type. Clients of Bitcoin Core compare the text.
    """

    remote_type_name: ClassVar[str] = "std::exception"


@dataclass(frozen=True, slots=True)
class BlockCreateOptions:
    """What a template shall be like, within the limits of consensus.

    Attributes:
        use_mempool: take transactions from the mempool.
        block_reserved_weight: weight units kept free for header and coinbase, at least 2,000.
        coinbase_output_max_additional_sigops: signature operation cost kept free for the coinbase's outputs.
    """

    use_mempool: bool = True
    block_reserved_weight: int = 8000
    coinbase_output_max_additional_sigops: int = 400


@dataclass(frozen=True, slots=True)
class BlockWaitOptions:
    """What is worth a new template.

    Attributes:
        timeout: milliseconds to wait at most.
        fee_threshold: sat by which the fees of all transactions together must rise. From `MAX_MONEY` on only a new tip
            counts, and the mempool is not looked at.
    """

    timeout: float = FOREVER
    fee_threshold: int = MAX_MONEY


@dataclass(frozen=True, slots=True)
class BlockCheckOptions:
    """What is checked of a block.

    Attributes:
        check_merkle_root: that the header names the transactions.
        check_pow: the proof of work; on a signet the challenge as well.
    """

    check_merkle_root: bool = True
    check_pow: bool = True


@dataclass(frozen=True, slots=True)
class BlockVerdict:
    """What becomes of a block.

    Attributes:
        reason: why it is refused, as BIP22 spells it; empty if it is not.
        debug: more for people, may be empty.
        result: whether it is good.
    """

    reason: str
    debug: str
    result: bool


@dataclass(frozen=True, slots=True)
class CoinbaseTx:
    """What a miner's own coinbase must be made of.

    Attributes:
        version: its version.
        sequence: sequence number of its input.
        script_sig_prefix: how its input script begins. Up to height 16 that is one byte, and consensus wants two.
        witness: the one element of its input's witness, None for no witness.
        block_reward_remaining: sat that it may pay out: subsidy and fees.
        required_outputs: its last outputs.
        lock_time: its lock time.
    """

    version: int
    sequence: int
    script_sig_prefix: bytes
    witness: bytes | None
    block_reward_remaining: int
    required_outputs: tuple[TxOut, ...]
    lock_time: int


class BlockTemplate(ABC):
    """A block without proof of work. Its own coinbase is a dummy that miners replace."""

    @abstractmethod
    def get_block_header(self) -> BlockHeader:
        """The header."""

    @abstractmethod
    def get_block(self) -> Block:
        """The block; after `submit_solution`, whatever came of it, as it was handed in."""

    @abstractmethod
    def get_tx_fees(self) -> list[int]:
        """Fee of each transaction but the coinbase, sat."""

    @abstractmethod
    def get_tx_sigops(self) -> list[int]:
        """Signature operation cost of each transaction but the coinbase."""

    @abstractmethod
    def get_coinbase_tx(self) -> CoinbaseTx:
        """What the coinbase must be made of."""

    @abstractmethod
    def get_coinbase_merkle_path(self) -> list[bytes]:
        """The hashes that lead from the coinbase's id to the Merkle root, lowest first."""

    @abstractmethod
    def submit_solution(self, version: int, timestamp: int, nonce: int, coinbase: OptionalTransaction) -> BlockVerdict:
        """Complete the block and put it into the chain.

        Args:
            version: version of the block, as an unsigned number.
            timestamp: its time, unix seconds.
            nonce: its nonce.
            coinbase: the coinbase, complete with its witness; without one nothing is done.

        Returns:
            Good if it is accepted as a new block.
        """

    def submit_solution_old7(self, version: int, timestamp: int, nonce: int, coinbase: OptionalTransaction) -> bool:
        """What clients of older versions call.

        Raises:
            MiningError: always.
        """
        raise MiningError("Old submitSolution (@7) not supported. Please update your client!")

    @abstractmethod
    def wait_next(self, options: BlockWaitOptions) -> BlockTemplate | None:
        """Wait for a better template: upon another tip, or with higher fees.

        Chains that allow a block of minimum difficulty 20 minutes after the last give a new template then, too.

        Returns:
            The template, made by the same rules as this one; None when the time is over, `interrupt_wait` is called,
            or the node stops.
        """

    @abstractmethod
    def interrupt_wait(self) -> None:
        """End the `wait_next` that is under way, or else the next one."""

    def released(self) -> None:  # noqa: B027 - there may be nothing to end
        """Called when the process that held this template has let it go, or has gone itself."""


class Mining(ABC):
    """Makes templates and tells of the tip."""

    @abstractmethod
    def is_test_chain(self) -> bool:
        """Whether coins are worth nothing."""

    @abstractmethod
    def is_initial_block_download(self) -> bool:
        """Whether the node is still catching up."""

    @abstractmethod
    def get_tip(self) -> BlockRef | None:
        """The last block of the active chain, None before it is loaded."""

    @abstractmethod
    def wait_tip_changed(self, current_tip: bytes, timeout: float = FOREVER) -> BlockRef | None:
        """Wait until the active chain ends in another block.

        Args:
            current_tip: hash of the block that the chain must leave, internal byte order.
            timeout: milliseconds to wait at most. Before the chain is loaded it does not count.

        Returns:
            The tip after that; None when `interrupt` is called or the node stops.
        """

    @abstractmethod
    def create_new_block(
        self,
        options: BlockCreateOptions,
        cooldown: bool = True,
    ) -> BlockTemplate | None:
        """Make a template upon the tip.

        Args:
            options: what it shall be like.
            cooldown: first wait until the node has caught up, and some seconds for blocks whose headers are here. Not
                good on a test chain with a single miner, where that may be never.

        Returns:
            The template; None when `interrupt` is called or the node stops.

        Raises:
            MiningError: an option is out of range.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """End the `wait_tip_changed` or `create_new_block` that is under way, or else the next one."""

    @abstractmethod
    def check_block(self, block: Block, options: BlockCheckOptions) -> BlockVerdict:
        """Check a block that builds upon the tip, and change nothing."""

    @abstractmethod
    def submit_block(self, block: Block) -> BlockVerdict:
        """Put a complete block into the chain; the coinbase's witness is not added.

        Returns:
            Good if it is accepted as a new block.
        """

    @abstractmethod
    def get_transactions_by_txid(self, txids: list[bytes]) -> list[OptionalTransaction]:
        """For each txid the mempool's transaction, None where there is none."""

    @abstractmethod
    def get_transactions_by_wtxid(self, wtxids: list[bytes]) -> list[OptionalTransaction]:
        """For each wtxid the mempool's transaction, None where there is none."""
