"""What happens to peers that break the rules."""

from typing import TYPE_CHECKING

from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.state import NetState

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError

log = category_logger("net")


class Misbehavior:
    """Decides who is to blame, and ends their connections.

    Args:
        state: shared state.
    """

    def __init__(self, state: NetState) -> None:
        self._state = state

    def punish(self, peer: Peer, error: "ValidationError", via_compact_block: bool, message: str) -> None:
        """Blame a peer for something invalid, if it should have known better.

        Args:
            peer: who sent it.
            error: what is wrong.
            via_compact_block: whether it came by compact block, which may be relayed before it is validated.
            message: for the log.
        """
        from moneyrocket.consensus.errors import BlockResult

        blame = {
            BlockResult.CONSENSUS: not via_compact_block,
            BlockResult.MUTATED: not via_compact_block,
            BlockResult.CACHED_INVALID: not via_compact_block and not peer.connection.is_inbound,
            BlockResult.INVALID_HEADER: True,
            BlockResult.INVALID_PREV: True,
            BlockResult.MISSING_PREV: True,
        }
        if any(error.result is result and guilty for result, guilty in blame.items()):
            self._state.misbehaving(peer, message)
        elif message:
            log.debug("peer=%d: %s", peer.id, message)

    def discourage(self, peer: Peer) -> bool:
        """Disconnect a peer that misbehaved. Returns whether that was done."""
        if not peer.should_discourage:
            return False
        peer.should_discourage = False
        connection = peer.connection
        if peer.no_ban:
            log.warning("Not punishing noban peer %d!", peer.id)
            return False
        if connection.is_manual:
            log.warning("Not punishing manually connected peer %d!", peer.id)
            return False
        if connection.endpoint.address.is_local:
            kind = "inbound onion" if connection.inbound_onion else "local"
            log.debug("Warning: disconnecting but not discouraging %s peer %d!", kind, peer.id)
            peer.disconnect()
            return True
        log.debug("Disconnecting and discouraging peer %d!", peer.id)
        self._state.connman.banman.discourage(connection.endpoint.address)
        for other in self._state.connman.connections():
            if other.endpoint.address == connection.endpoint.address:
                other.request_disconnect()
        return True
