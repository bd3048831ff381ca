"""Headers: asking for them, checking them, serving them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.pow import block_proof
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.block_download import BlockDownload
from moneyrocket.node.net.chain_view import TARGET_SPACING
from moneyrocket.node.net.headers_presync import DifficultyRule, HeadersPresync
from moneyrocket.node.net.messages import read_headers, read_locator, serialize_headers, serialize_locator
from moneyrocket.node.net.peer import NEVER, Peer
from moneyrocket.node.net.permissions import Permission
from moneyrocket.node.net.protocol import MAX_HEADERS_RESULTS, MAX_LOCATOR_SIZE, SENDHEADERS_VERSION
from moneyrocket.node.net.state import MICROS, NetState
from moneyrocket.primitives.block import BlockHeader, BlockLocator
from moneyrocket.primitives.hashes import ZERO_HASH, hash_to_hex
from moneyrocket.primitives.serialize import Reader

if TYPE_CHECKING:
    from moneyrocket.consensus.errors import ValidationError

log = category_logger("net")
validation_log = category_logger("validation")

_RESPONSE_TIME: Final = 2 * 60 * MICROS
_TIMEOUT_BASE: Final = 15 * 60 * MICROS
_TIMEOUT_PER_HEADER: Final = 1000
_DAY: Final = 24 * 3600
_MAX_PROTECTED_OUTBOUND: Final = 4

ProofOfWork = Callable[[BlockHeader], bool]
Punish = Callable[[Peer, "ValidationError", bool, str], None]


class HeaderSync:
    """Handles ``headers`` and ``getheaders``.

    Args:
        state: shared state.
        downloads: asks for the blocks behind new headers.
        has_proof_of_work: whether a header's hash meets its own target.
        difficulty_rule: which changes of difficulty are possible.
        punish: deals with a peer that sent something invalid: peer, error, whether by compact block, message.
    """

    def __init__(
        self,
        state: NetState,
        downloads: BlockDownload,
        has_proof_of_work: ProofOfWork,
        difficulty_rule: DifficultyRule,
        punish: Punish,
    ) -> None:
        self._state = state
        self._downloads = downloads
        self._has_proof_of_work = has_proof_of_work
        self._difficulty_rule = difficulty_rule
        self._punish = punish
        self._last_inv_triggering_sync: bytes | None = None

    # Asking

    def ask(self, peer: Peer, locator: BlockLocator) -> bool:
        """Send ``getheaders``, unless an answer to the last one is still due."""
        now = clock.now_micros()
        if now - peer.last_getheaders <= _RESPONSE_TIME:
            return False
        peer.send("getheaders", serialize_locator(locator))
        peer.last_getheaders = now
        return True

    def ask_from_best(self, peer: Peer) -> bool:
        """Ask for what comes after our best header."""
        return self.ask(peer, self._state.chain.locator(self._state.chain.best_header))

    def on_block_inv(self, peer: Peer, block_hash: bytes) -> None:
        """Ask for headers because an unknown block was announced by its hash."""
        fresh = not peer.inv_triggered_getheaders and block_hash != self._last_inv_triggering_sync
        if not peer.sync_started and not fresh:
            return
        if self.ask_from_best(peer):
            height = self._state.chain.best_header.height
            log.debug("getheaders (%d) %s to peer=%d", height, hash_to_hex(block_hash), peer.id)
        if not peer.sync_started:
            peer.inv_triggered_getheaders = True
            self._last_inv_triggering_sync = block_hash

    def may_sync_from(self, peer: Peer) -> bool:
        """Whether headers and blocks may be fetched from a peer during initial download."""
        if peer.preferred_download:
            return True
        if not peer.serves_blocks or peer.connection.is_addr_fetch:
            return False
        preferred = any(other.preferred_download for other in self._state.peers.values())
        return not preferred or not self._downloads.count

    def _syncing_peers(self) -> int:
        return sum(peer.sync_started for peer in self._state.peers.values())

    def maybe_start(self, peer: Peer) -> None:
        """Begin to fetch headers from a peer: from one at a time, or near the tip from all."""
        chain = self._state.chain
        if peer.sync_started or not peer.serves_blocks:
            return
        best = chain.best_header
        first = self._syncing_peers() == 0 and self.may_sync_from(peer)
        if not first and best.time <= clock.now() - _DAY:
            return
        start = best.prev or best
        if self.ask(peer, chain.locator(start)):
            log.debug("initial getheaders (%d) to peer=%d", start.height, peer.id)
            peer.sync_started = True
            expected = max(0, clock.now() - best.time) // TARGET_SPACING
            peer.headers_timeout = clock.now_micros() + _TIMEOUT_BASE + _TIMEOUT_PER_HEADER * expected

    def times_out(self, peer: Peer) -> bool:
        """Disconnect a peer that does not deliver headers while others could. True if that was done."""
        if not peer.sync_started or peer.headers_timeout == NEVER:
            return False
        if self._state.chain.best_header.time > clock.now() - _DAY:
            peer.headers_timeout = NEVER
            return False
        others = any(p.preferred_download for p in self._state.peers.values() if p is not peer)
        if clock.now_micros() <= peer.headers_timeout or self._syncing_peers() != 1 or not others:
            return False
        if peer.no_ban:
            log.info("Timeout downloading headers from noban peer, not %s", peer.connection.disconnect_message)
            peer.sync_started = False
            peer.headers_timeout = 0
            return False
        log.info("Timeout downloading headers, %s", peer.connection.disconnect_message)
        peer.disconnect()
        return True

    # Receiving

    def on_headers(self, peer: Peer, reader: Reader) -> None:
        """Take headers in."""
        count = reader.compact_size()
        if count > MAX_HEADERS_RESULTS:
            self._state.misbehaving(peer, f"headers message size = {count}")
            return
        self.process(peer, read_headers(reader, count), via_compact_block=False)

    def process(self, peer: Peer, headers: Sequence[BlockHeader], *, via_compact_block: bool) -> None:
        """Take headers in, however they came."""
        chain = self._state.chain
        full = len(headers) == MAX_HEADERS_RESULTS
        if not headers:
            peer.presync = None
            peer.last_getheaders = 0
            return
        if not self._check(peer, headers):
            return
        trusted = False
        if peer.presync is not None:
            success, headers = self._continue_presync(peer, peer.presync, headers, full)
            trusted = success
            if not headers:
                return
        in_presync = peer.presync is not None
        start = chain.lookup(headers[0].prev_hash)
        if start is None:
            self._on_unconnected(peer, headers)
            return
        peer.last_getheaders = 0
        known_last = chain.lookup(headers[-1].hash)
        trusted = trusted or chain.is_ancestor_of_best(known_last) or peer.no_ban
        if not trusted and self._too_little_work(peer, start, headers, full):
            return
        last, error = chain.process_headers(headers)
        if error is not None or last is None:
            if error is not None:
                self._punish(peer, error, via_compact_block, "invalid header received")
            return
        if known_last is None:
            self._log_new(peer, last, via_compact_block)
        if full and not in_presync and self.ask(peer, chain.locator(last)):
            log.debug("more getheaders (%d) to end to peer=%d", last.height, peer.id)
        self._update_peer(peer, last, is_new=known_last is None, may_have_more=full)
        self._downloads.fetch_announced(peer, last)

    def _check(self, peer: Peer, headers: Sequence[BlockHeader]) -> bool:
        if not all(self._has_proof_of_work(header) for header in headers):
            self._state.misbehaving(peer, "header with invalid proof of work")
            return False
        for before, header in pairwise(headers):
            if header.prev_hash != before.hash:
                self._state.misbehaving(peer, "non-continuous headers sequence")
                return False
        return True

    def _on_unconnected(self, peer: Peer, headers: Sequence[BlockHeader]) -> None:
        first = headers[0]
        if self.ask_from_best(peer):
            log.debug(
                "received header %s: missing prev block %s, sending getheaders (%d) to end (peer=%d)",
                hash_to_hex(first.hash),
                hash_to_hex(first.prev_hash),
                self._state.chain.best_header.height,
                peer.id,
            )
        self._downloads.announced(peer, headers[-1].hash)

    def _too_little_work(self, peer: Peer, start: BlockIndex, headers: Sequence[BlockHeader], full: bool) -> bool:
        """Whether these headers must not be stored (yet)."""
        needed = self._state.chain.anti_dos_work
        if start.chain_work + sum(block_proof(header.bits) for header in headers) >= needed:
            return False
        if full:
            peer.presync = HeadersPresync(peer.id, start, needed, self._difficulty_rule)
            self._continue_presync(peer, peer.presync, headers, full)
        else:
            log.debug("Ignoring low-work chain (height=%d) from peer=%d", start.height + len(headers), peer.id)
        return True

    def _continue_presync(
        self, peer: Peer, presync: HeadersPresync, headers: Sequence[BlockHeader], full: bool
    ) -> tuple[bool, Sequence[BlockHeader]]:
        """Feed a sync in two passes. Returns whether that went well, and the headers to go on with."""
        result = presync.process(headers, full=full)
        if result.success:
            peer.last_getheaders = 0
        if presync.finished:
            peer.presync = None
        elif result.request_more:
            locator = presync.locator()
            self.ask(peer, locator)
            log.debug("more getheaders (from %s) to peer=%d", hash_to_hex(locator.hashes[0]), peer.id)
        return result.success, result.headers if result.success else headers

    def _log_new(self, peer: Peer, index: BlockIndex, via_compact_block: bool) -> None:
        kind = "cmpctblock " if via_compact_block else ""
        write = validation_log.debug if self._state.chain.initial_download else validation_log.info
        name = peer.connection.log_name
        write("Saw new %sheader hash=%s height=%d %s", kind, hash_to_hex(index.hash), index.height, name)

    def note_new_header(self, peer: Peer, index: BlockIndex) -> None:
        """Log a header that came with a compact block."""
        self._log_new(peer, index, True)

    def _update_peer(self, peer: Peer, last: BlockIndex, *, is_new: bool, may_have_more: bool) -> None:
        chain = self._state.chain
        connection = peer.connection
        self._downloads.announced(peer, last.hash)
        best = peer.best_known
        if is_new and last.chain_work > chain.tip.chain_work:
            peer.last_announcement = clock.now()
        too_little = best is not None and best.chain_work < chain.minimum_work
        if chain.initial_download and not may_have_more and too_little and connection.is_outbound_or_block_relay:
            log.info("outbound peer headers chain has insufficient work, %s", connection.disconnect_message)
            peer.disconnect()
        if connection.disconnect or not connection.is_full_outbound or best is None or peer.chain_sync.protect:
            return
        protected = sum(other.chain_sync.protect for other in self._state.peers.values())
        if protected < _MAX_PROTECTED_OUTBOUND and best.chain_work >= chain.tip.chain_work:
            log.debug("Protecting outbound peer=%d from eviction", peer.id)
            peer.chain_sync.protect = True

    # Serving

    def on_getheaders(self, peer: Peer, reader: Reader) -> None:
        """Send headers of the active chain from where the peer's chain forks off."""
        chain = self._state.chain
        locator, stop = read_locator(reader)
        if len(locator.hashes) > MAX_LOCATOR_SIZE:
            message = peer.connection.disconnect_message
            log.debug("getheaders locator size %d > %d, %s", len(locator.hashes), MAX_LOCATOR_SIZE, message)
            peer.disconnect()
            return
        trusted = peer.connection.has_permission(Permission.DOWNLOAD)
        if chain.tip.chain_work < chain.minimum_work and not trusted:
            log.debug(
                "Ignoring getheaders from peer=%d because active chain has too little work; sending empty response",
                peer.id,
            )
            peer.send("headers", serialize_headers([]))
            return
        index: BlockIndex | None
        if not locator.hashes:
            index = chain.lookup(stop)
            if index is None:
                return
            if not chain.may_serve(index):
                text = "on_getheaders: ignoring request from peer=%d for old block header that isn't in the main chain"
                log.debug(text, peer.id)
                return
        else:
            fork = chain.find_fork(locator)
            index = chain.active.next(fork)
        end = "end" if stop == ZERO_HASH else hash_to_hex(stop)
        log.debug("getheaders %d to %s from peer=%d", index.height if index else -1, end, peer.id)
        headers: list[BlockHeader] = []
        while index is not None:
            headers.append(index.header)
            if len(headers) >= MAX_HEADERS_RESULTS or index.hash == stop:
                break
            index = chain.active.next(index)
        peer.best_header_sent = index or chain.tip
        peer.send("headers", serialize_headers(headers))

    def maybe_send_sendheaders(self, peer: Peer) -> None:
        """Ask for announcements by header once the peer's chain turns out worth following."""
        if peer.sent_sendheaders or peer.connection.common_version < SENDHEADERS_VERSION:
            return
        if peer.best_known is not None and peer.best_known.chain_work > self._state.chain.minimum_work:
            peer.send("sendheaders")
            peer.sent_sendheaders = True
