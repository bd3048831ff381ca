"""What all parts of message processing share."""

import random
from typing import TYPE_CHECKING, Final

from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.chain_view import ChainView
from moneyrocket.node.net.peer import Peer

if TYPE_CHECKING:
    from moneyrocket.node.mempool import Mempool
    from moneyrocket.node.net.connman import ConnectionManager

log = category_logger("net")

MICROS: Final = 1_000_000


class NetState:
    """The node's side of all conversations.

    Attributes:
        chain: the chain state; its lock guards all peers.
        mempool: unconfirmed transactions.
        connman: the connections.
        peers: the peers by connection number.
        services: what this node offers (`ServiceFlags` bits).
        blocks_only: whether transactions of peers are refused.
    """

    def __init__(
        self, chain: ChainView, mempool: "Mempool", connman: "ConnectionManager", services: int, *, blocks_only: bool
    ) -> None:
        self.chain = chain
        self.mempool = mempool
        self.connman = connman
        self.services = services
        self.blocks_only = blocks_only
        self.peers: dict[int, Peer] = {}

    def misbehaving(self, peer: Peer, message: str) -> None:
        """Note that a peer broke the rules; it will be disconnected, and its address avoided."""
        peer.should_discourage = True
        log.debug("Misbehaving: peer=%d%s", peer.id, f": {message}" if message else "")

    def refuses_transactions(self, peer: Peer) -> bool:
        """Whether this peer must not send or announce transactions to us."""
        from moneyrocket.node.net.permissions import Permission

        connection = peer.connection
        if connection.is_block_only or connection.is_feeler:
            return True
        return self.blocks_only and not connection.has_permission(Permission.RELAY)


def exponential_micros(mean_seconds: float) -> int:
    """A random delay in microseconds whose mean is given; events so spaced are independent of one another."""
    return int(random.expovariate(1 / mean_seconds) * MICROS)
