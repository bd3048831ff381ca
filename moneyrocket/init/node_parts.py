"""Makes, starts and stops the parts of a node: one small function a part, called by `node_init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.common.errors import ChainLoadError
from moneyrocket.init.notify import start_command
from moneyrocket.node.context import NodeContext
from moneyrocket.node.signals import ValidationSubscriber
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex


def make_chain_interface(context: NodeContext) -> None:
    """Makes what wallets see of the node."""
    from moneyrocket.node.chain_interface import NodeChain

    context.chain = NodeChain(context)


def load_chain(context: NodeContext) -> None:
    """Opens block storage and chain state, and makes what builds upon it: an empty mempool and the miner.

    Raises:
        InitError: the state cannot be used, or a setting is out of range.
    """
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.chain_options import chain_options
    from moneyrocket.node.mempool_setup import make_mempool
    from moneyrocket.node.miner import Miner
    from moneyrocket.node.mining_options import mining_options
    from moneyrocket.node.script_checks import ScriptChecker

    mining = mining_options(context.args, allow_version=context.params.mine_blocks_on_demand)
    context.chainman = ChainstateManager(
        context.params,
        chain_options(context.args, context.params),
        context.signals,
        context.notifications,
        ScriptChecker(),
        context.request_shutdown,
    )
    context.mempool = make_mempool(context.args, context.chainman, context.signals)
    context.miner = Miner(context.chainman, context.mempool, mining)
    context.chainman.load(context.shutdown.is_set)


def verify_chain(context: NodeContext) -> None:
    """Checks the last blocks.

    Raises:
        ChainLoadError: they are damaged.
    """
    from moneyrocket.node.verify_db import verify_chain as verify

    options = context.chainman.options
    if not verify(context.chainman, options.check_level, options.check_blocks, context.shutdown.is_set):
        raise ChainLoadError("Corrupted block database detected")


def close_chain(context: NodeContext) -> None:
    """Delivers the last events, and closes chain state and block files."""
    context.signals.flush()
    if hasattr(context, "chainman"):
        context.chainman.close()
        context.signals.flush()


def start_indexes(context: NodeContext) -> None:
    """Starts the indexes that are switched on.

    Raises:
        InitError: the database of one cannot be opened.
    """
    if not context.args.get_bool("-txindex", False):
        return
    from moneyrocket.index.tx_index import TxIndex

    folder = context.args.datadir_net / "indexes"
    index = TxIndex(folder, context.chainman, context.signals, context.chainman.options.durability)
    context.indexes.append(index)
    context.tx_index = index
    index.start()


def stop_indexes(context: NodeContext) -> None:
    """Delivers the last events to the indexes, and closes them."""
    if context.indexes:
        context.signals.flush()
    for index in context.indexes:
        index.stop()


def load_mempool(context: NodeContext) -> None:
    """Loads the mempool that the last run saved."""
    from moneyrocket.node.mempool_persist import load_at_start

    load_at_start(context.args, context.chainman, context.mempool, context.shutdown.is_set)


def save_mempool(context: NodeContext) -> None:
    """Saves the mempool."""
    if hasattr(context, "mempool"):
        from moneyrocket.node.mempool_persist import save_at_stop

        save_at_stop(context.args, context.mempool)


class _BlockNotifier(ValidationSubscriber):
    """Runs the -blocknotify command on every new tip."""

    def __init__(self, command: str) -> None:
        self._command = command

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """See `ValidationSubscriber`."""
        if not initial_download:
            start_command(self._command.replace("%s", hash_to_hex(new_tip.hash)))


def follow_tip(context: NodeContext) -> None:
    """Sets up -blocknotify."""
    command = context.args.get("-blocknotify")
    if command:
        context.signals.subscribe(_BlockNotifier(command))
