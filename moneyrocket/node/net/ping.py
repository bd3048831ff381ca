"""Pings: is the peer alive, and how far away."""

import secrets

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.messages import u64
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.protocol import PING_NONCE_VERSION
from moneyrocket.node.net.state import MICROS
from moneyrocket.primitives.serialize import Reader

log = category_logger("net")

_INTERVAL = 2 * 60 * MICROS
_TIMEOUT = 20 * 60 * MICROS


class Pings:
    """Sends and answers pings.

    Args:
        peer_timeout: seconds a connection must have lasted before a missing answer counts (-peertimeout).
    """

    def __init__(self, peer_timeout: int) -> None:
        self._grace = peer_timeout * MICROS

    def on_ping(self, peer: Peer, reader: Reader) -> None:
        """Answer."""
        if peer.connection.common_version >= PING_NONCE_VERSION:
            peer.send("pong", u64(reader.u64()))

    def on_pong(self, peer: Peer, reader: Reader, received: int) -> None:
        """Note an answer that came at ``received`` (microseconds)."""
        size = reader.remaining
        nonce = 0
        finished, problem = True, ""
        if size < 8:
            problem = "Short payload"
        else:
            nonce = reader.u64()
            if not peer.ping_nonce:
                finished, problem = False, "Unsolicited pong without ping"
            elif nonce == peer.ping_nonce:
                problem = self._record(peer, received - peer.ping_start)
            elif nonce == 0:
                problem = "Nonce zero"
            else:
                finished, problem = False, "Nonce mismatch"
        if problem:
            text = "pong peer=%d: %s, %x expected, %x received, %d bytes"
            log.debug(text, peer.id, problem, peer.ping_nonce, nonce, size)
        if finished:
            peer.ping_nonce = 0

    @staticmethod
    def _record(peer: Peer, duration: int) -> str:
        if duration < 0:
            return "Timing mishap"
        connection = peer.connection
        connection.ping_micros = duration
        shortest = connection.min_ping_micros
        connection.min_ping_micros = duration if shortest is None else min(shortest, duration)
        return ""

    def maybe_send(self, peer: Peer) -> bool:
        """Send a ping if one is due. False if the peer has not answered for too long and is disconnected."""
        now = clock.now_micros()
        connection = peer.connection
        waited = now - peer.ping_start
        if peer.ping_nonce and waited > _TIMEOUT and connection.connected_micros + self._grace < now:
            log.debug("ping timeout: %fs, %s", waited / MICROS, connection.disconnect_message)
            peer.disconnect()
            return False
        if not peer.ping_queued and (peer.ping_nonce or waited <= _INTERVAL):
            return True
        peer.ping_queued = False
        peer.ping_start = now
        if connection.common_version >= PING_NONCE_VERSION:
            peer.ping_nonce = secrets.randbits(64) or 1
            peer.send("ping", u64(peer.ping_nonce))
        else:
            peer.ping_nonce = 0
            peer.send("ping")
        return True
