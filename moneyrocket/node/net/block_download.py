"""Which blocks to ask of whom, and what became of the requests."""

from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.block_index import BlockIndex, BlockStatus, last_common_ancestor
from moneyrocket.node.net.chain_view import TARGET_SPACING
from moneyrocket.node.net.messages import serialize_invs
from moneyrocket.node.net.peer import BlockRequest, Peer
from moneyrocket.node.net.protocol import MAX_BLOCKS_IN_TRANSIT_PER_PEER, MSG_BLOCK, MSG_CMPCT_BLOCK, Inv
from moneyrocket.node.net.state import MICROS, NetState
from moneyrocket.primitives.hashes import hash_to_hex

log = category_logger("net")

WINDOW: Final = 1024
"""How far ahead of the last block in common blocks are asked for."""
_LIMITED_BLOCKS: Final = 288
_STALL_SECONDS: Final = 2
_MAX_STALL_SECONDS: Final = 64
_WALK: Final = 128


class BlockDownload:
    """Keeps track of requested blocks and chooses the next ones.

    Args:
        state: shared state.

    Attributes:
        sources: who sent a block that is being validated, and whether the block came in full (a compact block may be
            relayed before it is validated, so its sender is not to blame).
    """

    def __init__(self, state: NetState) -> None:
        self._state = state
        self._requested: dict[bytes, list[Peer]] = {}
        self.sources: dict[bytes, tuple[int, bool]] = {}
        self._stall_timeout = _STALL_SECONDS

    # Requests

    def is_requested(self, block_hash: bytes) -> bool:
        """Whether somebody was asked for the block."""
        return block_hash in self._requested

    def requested_from(self, block_hash: bytes) -> list[Peer]:
        """Who was asked for the block, in order."""
        return self._requested.get(block_hash, [])

    @property
    def count(self) -> int:
        """Number of requests that are not answered yet."""
        return sum(len(peers) for peers in self._requested.values())

    def downloading_peers(self) -> int:
        """Number of peers that were asked for something."""
        return sum(bool(peer.in_flight) for peer in self._state.peers.values())

    def add(self, peer: Peer, index: BlockIndex) -> BlockRequest:
        """Note that ``peer`` is asked for a block; the earlier request if it was already."""
        known = peer.in_flight.get(index.hash)
        if known is not None:
            return known
        if not peer.in_flight:
            peer.downloading_since = clock.now_micros()
        request = peer.in_flight[index.hash] = BlockRequest(index)
        self._requested.setdefault(index.hash, []).append(peer)
        return request

    def remove(self, block_hash: bytes, only: Peer | None = None) -> None:
        """Forget requests for a block: all, or those to one peer."""
        for peer in list(self._requested.get(block_hash, ())):
            if only is not None and peer is not only:
                continue
            if next(iter(peer.in_flight)) == block_hash:
                peer.downloading_since = max(peer.downloading_since, clock.now_micros())
            del peer.in_flight[block_hash]
            peer.stalling_since = 0
            peers = self._requested[block_hash]
            peers.remove(peer)
            if not peers:
                del self._requested[block_hash]

    def forget_peer(self, peer: Peer) -> None:
        """Forget what a peer was asked for."""
        for block_hash in list(peer.in_flight):
            self.remove(block_hash, peer)

    # What a peer has

    def update_best_known(self, peer: Peer) -> None:
        """See whether the last block the peer announced is known by now."""
        if peer.last_unknown_block is None:
            return
        index = self._state.chain.lookup(peer.last_unknown_block)
        if index is not None:
            if peer.best_known is None or index.chain_work >= peer.best_known.chain_work:
                peer.best_known = index
            peer.last_unknown_block = None

    def announced(self, peer: Peer, block_hash: bytes) -> None:
        """Note that a peer has a block."""
        self.update_best_known(peer)
        index = self._state.chain.lookup(block_hash)
        if index is None:
            peer.last_unknown_block = block_hash
        elif peer.best_known is None or index.chain_work >= peer.best_known.chain_work:
            peer.best_known = index

    # Choosing

    def fetch_announced(self, peer: Peer, last: BlockIndex) -> None:
        """Ask for all blocks up to a header the peer just sent, if the node is close to the tip."""
        chain = self._state.chain
        if not chain.can_direct_fetch or not last.is_valid(BlockStatus.VALID_TREE):
            return
        if chain.tip.chain_work > last.chain_work:
            return
        wanted: list[BlockIndex] = []
        walk: BlockIndex | None = last
        while walk is not None and walk not in chain.active and len(wanted) <= MAX_BLOCKS_IN_TRANSIT_PER_PEER:
            if not walk.have_data and not self.is_requested(walk.hash) and self._can_serve(peer, walk):
                wanted.append(walk)
            walk = walk.prev
        if walk is None or walk not in chain.active:
            log.debug("Large reorg, won't direct fetch to %s (%d)", hash_to_hex(last.hash), last.height)
            return
        invs = []
        for index in reversed(wanted):
            if len(peer.in_flight) >= MAX_BLOCKS_IN_TRANSIT_PER_PEER:
                break
            invs.append(Inv(MSG_BLOCK | peer.fetch_flags, index.hash))
            self.add(peer, index)
            log.debug("Requesting block %s from peer=%d", hash_to_hex(index.hash), peer.id)
        if len(invs) > 1:
            log.debug("Downloading blocks toward %s (%d) via headers direct fetch", hash_to_hex(last.hash), last.height)
        if not invs:
            return
        assert last.prev is not None
        compact = len(invs) == 1 and self.count == 1 and last.prev.is_valid(BlockStatus.VALID_CHAIN)
        if compact and peer.provides_compact and not self._state.blocks_only:
            invs = [Inv(MSG_CMPCT_BLOCK, invs[0].hash)]
        peer.send("getdata", serialize_invs(invs))

    def request_next(self, peer: Peer, *, sync_allowed: bool) -> None:
        """Ask a peer for more blocks, if it has any that are needed and not asked for yet.

        Args:
            peer: whom to ask.
            sync_allowed: whether it may be used during initial download.
        """
        room = MAX_BLOCKS_IN_TRANSIT_PER_PEER - len(peer.in_flight)
        allowed = (sync_allowed and not peer.is_limited) or not self._state.chain.initial_download
        if not peer.serves_blocks or not allowed or room <= 0:
            return
        wanted, staller = self._next_blocks(peer, room)
        invs = []
        for index in wanted:
            invs.append(Inv(MSG_BLOCK | peer.fetch_flags, index.hash))
            self.add(peer, index)
            log.debug("Requesting block %s (%d) peer=%d", hash_to_hex(index.hash), index.height, peer.id)
        if invs:
            peer.send("getdata", serialize_invs(invs))
        if not peer.in_flight and staller is not None and not staller.stalling_since:
            staller.stalling_since = clock.now_micros()
            log.debug("Stall started peer=%d", staller.id)

    def _can_serve(self, peer: Peer, index: BlockIndex) -> bool:
        if peer.serves_witnesses:
            return True
        return index.prev is None or not self._state.chain.segwit_active_after(index.prev)

    def _next_blocks(self, peer: Peer, count: int) -> tuple[list[BlockIndex], Peer | None]:
        """The next blocks to ask for, and whoever keeps the window from moving."""
        chain = self._state.chain
        self.update_best_known(peer)
        best = peer.best_known
        if best is None or best.chain_work < chain.tip.chain_work or best.chain_work < chain.minimum_work:
            return [], None
        fork = last_common_ancestor(best, chain.tip)
        common = peer.last_common
        if common is None or fork.chain_work > common.chain_work or not common.is_ancestor_of(best):
            common = fork
        peer.last_common = common
        if common is best:
            return [], None
        window_end = common.height + WINDOW
        chosen: list[BlockIndex] = []
        waiting_for: Peer | None = None
        height = common.height
        while height < min(best.height, window_end + 1):
            height = min(height + max(count - len(chosen), _WALK), best.height, window_end + 1)
            for index in _path(common, best, height):
                common = index
                if not index.is_valid(BlockStatus.VALID_TREE) or not self._can_serve(peer, index):
                    return chosen, None
                if index.have_data or index in chain.active:
                    if index.have_chain_data:
                        peer.last_common = index
                    continue
                if self.is_requested(index.hash):
                    waiting_for = waiting_for or self._requested[index.hash][0]
                    continue
                if index.height > window_end:
                    stalls = not chosen and waiting_for is not peer
                    return chosen, waiting_for if stalls else None
                if peer.is_limited and best.height - index.height >= _LIMITED_BLOCKS - 2:
                    continue
                chosen.append(index)
                if len(chosen) == count:
                    return chosen, None
        return chosen, None

    # Patience

    def times_out(self, peer: Peer) -> bool:
        """Disconnect a peer that keeps others waiting, or a block back. True if that was done."""
        now = clock.now_micros()
        connection = peer.connection
        if peer.stalling_since and peer.stalling_since < now - self._stall_timeout * MICROS:
            log.info("Peer is stalling block download, %s", connection.disconnect_message)
            peer.disconnect()
            longer = min(2 * self._stall_timeout, _MAX_STALL_SECONDS)
            if longer != self._stall_timeout:
                self._stall_timeout = longer
                log.debug("Increased stalling timeout temporarily to %d seconds", longer)
            return True
        if peer.in_flight:
            others = self.downloading_peers() - 1
            if now > peer.downloading_since + int(TARGET_SPACING * (1 + 0.5 * others) * MICROS):
                block_hash = hash_to_hex(next(iter(peer.in_flight)))
                log.info("Timeout downloading block %s, %s", block_hash, connection.disconnect_message)
                peer.disconnect()
                return True
        return False

    def block_connected(self) -> None:
        """Become less patient again as blocks come in."""
        shorter = max(int(self._stall_timeout * 0.85), _STALL_SECONDS)
        if shorter != self._stall_timeout:
            self._stall_timeout = shorter
            log.debug("Decreased stalling timeout to %d seconds", shorter)


def _path(start: BlockIndex, end: BlockIndex, height: int) -> list[BlockIndex]:
    """The blocks of the chain of ``end`` above ``start`` up to ``height``, lowest first."""
    path = []
    walk = end.ancestor(height)
    while walk is not None and walk.height > start.height:
        path.append(walk)
        walk = walk.prev
    path.reverse()
    return path
