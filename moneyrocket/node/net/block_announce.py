"""Telling peers of new blocks: by compact block, by header, or by hash."""

from typing import Final

from moneyrocket.common.logging import category_logger
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.block_download import BlockDownload
from moneyrocket.node.net.block_serving import RecentBlock
from moneyrocket.node.net.compact_blocks import CompactBlock
from moneyrocket.node.net.messages import serialize_headers, serialize_invs
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.protocol import MAX_INV_SIZE, MSG_BLOCK, Inv
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex

log = category_logger("net")

_MAX_BLOCKS: Final = 8
_NO_BLAME_VERSION: Final = 70015
"""From here on peers do not blame whoever sends a compact block before validating it."""


class BlockAnnouncer:
    """Announces blocks of the active chain.

    Args:
        state: shared state.
        downloads: knows what each peer has.
        recent: the block announced last.
    """

    def __init__(self, state: NetState, downloads: BlockDownload, recent: RecentBlock) -> None:
        self._state = state
        self._downloads = downloads
        self._recent = recent
        self._highest_early = -1

    def announce_early(self, index: BlockIndex, block: Block) -> None:
        """Send a block that has proof of work, before it is validated, to peers that asked for that."""
        if index.height <= self._highest_early:
            return
        self._highest_early = index.height
        if index.prev is None or not self._state.chain.segwit_active_after(index.prev):
            return
        self._recent.set(block)
        for peer in self._state.peers.values():
            connection = peer.connection
            if connection.common_version < _NO_BLAME_VERSION or connection.disconnect:
                continue
            self._downloads.update_best_known(peer)
            if peer.wants_compact_announcements and not peer.has_header(index) and peer.has_header(index.prev):
                self._send_compact(peer, index, self._recent.compact())

    def queue(self, tip: BlockIndex, fork: BlockIndex | None) -> None:
        """Announce the blocks from ``fork`` (exclusive) to ``tip`` to everybody, at most the last eight."""
        hashes: list[bytes] = []
        walk: BlockIndex | None = tip
        while walk is not None and walk is not fork and len(hashes) < _MAX_BLOCKS:
            hashes.append(walk.hash)
            walk = walk.prev
        hashes.reverse()
        for peer in self._state.peers.values():
            peer.headers_to_announce.extend(hashes)

    def send(self, peer: Peer) -> None:
        """Send what is queued for a peer."""
        if peer.headers_to_announce:
            self._downloads.update_best_known(peer)
            if not self._send_headers(peer):
                self._fall_back_to_inv(peer)
            peer.headers_to_announce.clear()
        while peer.blocks_to_announce:
            batch = peer.blocks_to_announce[:MAX_INV_SIZE]
            del peer.blocks_to_announce[:MAX_INV_SIZE]
            peer.send("inv", serialize_invs(Inv(MSG_BLOCK, block_hash) for block_hash in batch))

    def _send_headers(self, peer: Peer) -> bool:
        """Announce by header or compact block. False if that cannot be done."""
        queued = peer.headers_to_announce
        compact = peer.wants_compact_announcements and len(queued) == 1
        if not (peer.prefers_headers or compact) or len(queued) > _MAX_BLOCKS:
            return False
        unknown = self._unknown_headers(peer)
        if unknown is None:
            return False
        if not unknown:
            return True
        last = unknown[-1]
        if len(unknown) == 1 and peer.wants_compact_announcements:
            recent = self._recent.get(last.hash)
            if recent is not None:
                self._send_compact(peer, last, self._recent.compact())
            else:
                self._send_compact(peer, last, CompactBlock.from_block(self._state.chain.read_block(last)))
            return True
        if not peer.prefers_headers:
            return False
        if len(unknown) > 1:
            first = hash_to_hex(unknown[0].hash)
            text = "SendMessages: %d headers, range (%s, %s), to peer=%d"
            log.debug(text, len(unknown), first, hash_to_hex(last.hash), peer.id)
        else:
            log.debug("SendMessages: sending header %s to peer=%d", hash_to_hex(last.hash), peer.id)
        peer.send("headers", serialize_headers([index.header for index in unknown]))
        peer.best_header_sent = last
        return True

    def _unknown_headers(self, peer: Peer) -> list[BlockIndex] | None:
        """The queued headers the peer lacks; None if it would not know where they belong."""
        chain = self._state.chain
        unknown: list[BlockIndex] = []
        before: BlockIndex | None = None
        for block_hash in peer.headers_to_announce:
            index = chain.lookup(block_hash)
            if index is None or index not in chain.active:
                return None
            if before is not None and index.prev is not before:
                return None
            before = index
            if unknown:
                unknown.append(index)
            elif peer.has_header(index):
                continue
            elif index.prev is None or peer.has_header(index.prev):
                unknown.append(index)
            else:
                return None
        return unknown

    def _send_compact(self, peer: Peer, index: BlockIndex, compact: CompactBlock) -> None:
        log.debug("SendMessages sending header-and-ids %s to peer=%d", hash_to_hex(index.hash), peer.id)
        peer.send("cmpctblock", compact.serialize())
        peer.best_header_sent = index

    def _fall_back_to_inv(self, peer: Peer) -> None:
        """Announce the newest queued block by its hash."""
        chain = self._state.chain
        index = chain.lookup(peer.headers_to_announce[-1])
        if index is None:
            return
        name = hash_to_hex(index.hash)
        if index not in chain.active:
            log.debug("Announcing block %s not on main chain (tip=%s)", name, hash_to_hex(chain.tip.hash))
        if not peer.has_header(index):
            peer.blocks_to_announce.append(index.hash)
            log.debug("SendMessages: sending inv peer=%d hash=%s", peer.id, name)
