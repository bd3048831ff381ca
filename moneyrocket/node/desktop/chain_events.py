"""Passes events of chain and network on to those who watch the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.interfaces.node_values import BlockTip, HeaderTip
from moneyrocket.node.signals import ValidationSubscriber

if TYPE_CHECKING:
    from moneyrocket.node.block_index import BlockIndex
    from moneyrocket.node.context import NodeContext


class ChainEvents(ValidationSubscriber):
    """Tells of new tips."""

    def __init__(self, node: NodeContext) -> None:
        self._node = node

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        """See `ValidationSubscriber`."""
        if self._node.announcer.is_watched:
            progress = self._node.chainman.guess_progress(new_tip)
            self._node.announcer.block_tip(
                BlockTip(new_tip.height, new_tip.hash, new_tip.time, progress, initial_download)
            )

    def updated_header_tip(self, best: BlockIndex) -> None:
        """See `ValidationSubscriber`."""
        if self._node.announcer.is_watched:
            self._node.announcer.header_tip(HeaderTip(best.height, best.time, False))


def follow_node(node: NodeContext) -> None:
    """Tell of tips, connections, bans and networking from now on; the network must have been made."""
    connman, announcer = node.connman, node.announcer
    node.signals.subscribe(ChainEvents(node))

    def connections() -> None:
        if not announcer.is_watched:
            return
        inbound = sum(connection.is_inbound for connection in connman.connections())
        announcer.connections(inbound, len(connman.connections()) - inbound)

    connman.on_connections_changed = connections
    connman.on_active_changed = lambda: announcer.network_active(connman.network_active)
    node.banman.on_change = announcer.banned_list_changed
