"""Puts the mempool together at start-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_options import mempool_options
from moneyrocket.node.mempool_persist import attach_journal
from moneyrocket.node.mempool_reorg import MempoolUpdater

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.signals import ValidationSignals


def make_mempool(args: ArgsManager, chainman: ChainstateManager, signals: ValidationSignals) -> Mempool:
    """Make an empty mempool that follows the chain.

    `moneyrocket.node.mempool_persist.load_at_start` fills it once the chain is ready, and `save_at_stop` saves it.

    Args:
        args: the node's settings.
        chainman: the chain; it tells the mempool of blocks from now on.
        signals: whom to tell of transactions that come and go.

    Raises:
        InitError: if a setting is wrong.
    """
    chain_name = args.chain_name
    options = mempool_options(args, is_test_chain=chain_name != "main", chain_name=chain_name)
    mempool = Mempool(options, signals)
    attach_journal(args, mempool, chainman.options.durability)
    chainman.mempool = MempoolUpdater(chainman, mempool)
    return mempool
