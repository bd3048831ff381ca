"""Puts a block that a miner brings into the chain, and tells what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.consensus.errors import ValidationError
from moneyrocket.interfaces.mining import BlockVerdict
from moneyrocket.node.signals import ValidationSubscriber

if TYPE_CHECKING:
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.signals import ValidationSignals
    from moneyrocket.primitives.block import Block


class _Check(ValidationSubscriber):
    """Waits for the check of one block."""

    def __init__(self, block_hash: bytes) -> None:
        self._hash = block_hash
        self.found = False
        self.error: ValidationError | None = None

    def block_checked(self, block: Block, error: ValidationError | None) -> None:
        """See `ValidationSubscriber`."""
        if block.hash == self._hash:
            self.found = True
            self.error = error


def refusal(error: ValidationError) -> BlockVerdict:
    """The verdict on a block that breaks a rule; its reason is as BIP22 spells it."""
    return BlockVerdict(error.reason or "rejected", error.debug, False)


def submit_block(chainman: ChainstateManager, signals: ValidationSignals, block: Block) -> BlockVerdict:
    """Put a complete block into the chain.

    Args:
        chainman: the chain.
        signals: its events.
        block: the block.

    Returns:
        Good if the block is new and became part of the active chain; ``duplicate`` if it was known, ``inconclusive``
        if it is stored but does not belong to the best chain.
    """
    check = _Check(block.hash)
    signals.subscribe(check)
    try:
        if not chainman.process_new_block(block):
            return BlockVerdict("duplicate", "", False)
    except ValidationError as error:
        return refusal(error)
    finally:
        signals.unsubscribe(check)
    if check.error is not None:
        return refusal(check.error)
    return BlockVerdict("", "", True) if check.found else BlockVerdict("inconclusive", "", False)
