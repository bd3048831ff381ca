"""Version, verack, and what must be agreed upon between the two."""

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.messages import VersionMessage
from moneyrocket.node.net.netaddress import UNKNOWN_ENDPOINT
from moneyrocket.node.net.peer import Peer, TxRelay
from moneyrocket.node.net.protocol import (
    CMPCTBLOCKS_VERSION,
    FEATURE_VERSION,
    MAX_ADDR_TO_SEND,
    MIN_PEER_PROTO_VERSION,
    PROTOCOL_VERSION,
    SHORT_IDS_BLOCKS_VERSION,
    WTXID_RELAY_VERSION,
    ServiceFlags,
    sanitize,
)
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.serialize import DeserializeError, Reader

log = category_logger("net")
_MAX_FEATURE_ID = 80
_MAX_FEATURE_DATA = 512
_LIMITED_ALLOWED_DEPTH = 144


class Handshake:
    """Handles the messages at the start of a connection.

    Args:
        state: shared state.
        user_agent: name of this software.
    """

    def __init__(self, state: NetState, user_agent: str) -> None:
        self._state = state
        self._user_agent = user_agent

    def send_version(self, peer: Peer) -> None:
        """Send our ``version``."""
        connection = peer.connection
        address = connection.endpoint
        receiver = address if address.address.is_routable and address.address.is_v1_compatible else UNKNOWN_ENDPOINT
        relay = not self._state.refuses_transactions(peer)
        height = self._state.chain.tip.height
        message = VersionMessage(
            PROTOCOL_VERSION, peer.our_services, clock.now(), receiver, connection.local_nonce, self._user_agent,
            height, relay, peer.services,
        )  # fmt: skip
        connection.push("version", message.serialize())
        log.debug(
            "send version message: version %d, blocks=%d, txrelay=%d, peer=%d", PROTOCOL_VERSION, height, relay, peer.id
        )

    def on_version(self, peer: Peer, reader: Reader) -> None:
        """Take the peer's ``version`` and answer it."""
        connection = peer.connection
        if connection.version:
            log.debug("redundant version message from peer=%d", peer.id)
            return
        message = VersionMessage.read(reader)
        if not self._acceptable(peer, message):
            return
        if connection.is_inbound:
            self.send_version(peer)
        connection.common_version = min(message.version, PROTOCOL_VERSION)
        connection.version = message.version
        connection.services = peer.services = message.services
        connection.local_endpoint = message.receiver
        connection.user_agent = sanitize(message.user_agent)
        peer.start_height = message.start_height
        peer.time_offset = message.time - clock.now()
        self._set_up_tx_relay(peer, message.relay)
        log.debug(
            "receive version message: %s: version %d, blocks=%d, us=%s, txrelay=%d, %s",
            connection.user_agent or "<no user agent>",
            message.version,
            message.start_height,
            message.receiver,
            message.relay,
            connection.log_name,
        )
        if connection.common_version >= WTXID_RELAY_VERSION:
            peer.send("wtxidrelay")
            peer.send("sendaddrv2")
        takes_txs = connection.is_inbound and connection.relays_txs
        if takes_txs and not self._state.connman.make_room_for_tx_relay(spare=peer.id):
            text = "failed to find a tx-relaying eviction candidate - connection dropped after version message, peer=%d"
            log.debug(text, peer.id)
            peer.disconnect()
            return
        peer.send("verack")
        peer.preferred_download = (
            (not connection.is_inbound or peer.no_ban) and not connection.is_addr_fetch and peer.serves_blocks
        )
        if not connection.is_inbound:
            self._start_outbound(peer)
        if connection.is_feeler:
            log.debug("feeler connection completed, %s", connection.disconnect_message)
            peer.disconnect()

    def _acceptable(self, peer: Peer, message: VersionMessage) -> bool:
        connection = peer.connection
        addrman = self._state.connman.addrman
        if not connection.is_inbound:
            addrman.set_services(connection.endpoint, message.services)
        wanted = self._wanted_services(message.services)
        expects_services = connection.is_outbound_or_block_relay
        if expects_services and message.services & wanted != wanted:
            log.debug(
                "peer does not offer the expected services (%08x offered, %08x expected), %s",
                message.services,
                wanted,
                connection.disconnect_message,
            )
        elif message.version < MIN_PEER_PROTO_VERSION:
            log.debug("peer using obsolete version %d, %s", message.version, connection.disconnect_message)
        elif connection.is_inbound and self._state.connman.knows_nonce(message.nonce):
            log.info("connected to self at %s, disconnecting", connection.endpoint)
        else:
            return True
        peer.disconnect()
        return False

    def _wanted_services(self, offered: int) -> int:
        """What an automatic outbound peer must offer: all blocks, or near the tip recent ones; and witnesses."""
        depth = (clock.now() - self._state.chain.tip.time) // 600
        if offered & ServiceFlags.NETWORK_LIMITED and depth < _LIMITED_ALLOWED_DEPTH:
            return int(ServiceFlags.NETWORK_LIMITED | ServiceFlags.WITNESS)
        return int(ServiceFlags.NETWORK | ServiceFlags.WITNESS)

    def _set_up_tx_relay(self, peer: Peer, wanted: bool) -> None:
        connection = peer.connection
        if connection.is_block_only or connection.is_feeler:
            return
        if wanted or peer.our_services & ServiceFlags.BLOOM:
            peer.tx_relay = TxRelay(wanted=wanted)
            connection.relays_txs = wanted

    def _start_outbound(self, peer: Peer) -> None:
        connection = peer.connection
        if not connection.is_block_only and not connection.is_feeler:
            peer.addresses.enabled = True
            peer.send("getaddr")
            peer.addresses.getaddr_sent = True
            peer.addresses.tokens += MAX_ADDR_TO_SEND
        self._state.connman.addrman.add_tried(connection.endpoint)

    def on_verack(self, peer: Peer, reader: Reader) -> None:
        """The peer agrees: the connection is up."""
        connection = peer.connection
        if connection.successfully_connected:
            log.debug("ignoring redundant verack message from peer=%d", peer.id)
            return
        text = "New %s peer connected: transport: v1, version: %d, %s"
        write = log.debug if connection.is_inbound else log.info
        write(text, connection.kind.value, connection.version, connection.log_name)
        if connection.common_version >= SHORT_IDS_BLOCKS_VERSION:
            peer.send("sendcmpct", b"\0" + CMPCTBLOCKS_VERSION.to_bytes(8, "little"))
        connection.successfully_connected = True

    def on_wtxidrelay(self, peer: Peer, reader: Reader) -> None:
        """The peer announces transactions by wtxid (BIP339)."""
        connection = peer.connection
        if connection.successfully_connected:
            log.debug("wtxidrelay received after verack, %s", connection.disconnect_message)
            peer.disconnect()
        elif connection.common_version < WTXID_RELAY_VERSION:
            log.debug(
                "ignoring wtxidrelay due to old common version=%d from peer=%d", connection.common_version, peer.id
            )
        elif peer.wtxid_relay:
            log.debug("ignoring duplicate wtxidrelay from peer=%d", peer.id)
        else:
            peer.wtxid_relay = True

    def on_sendaddrv2(self, peer: Peer, reader: Reader) -> None:
        """The peer reads ``addrv2`` (BIP155)."""
        if peer.connection.successfully_connected:
            log.debug("sendaddrv2 received after verack, %s", peer.connection.disconnect_message)
            peer.disconnect()
            return
        peer.wants_addrv2 = True

    def on_feature(self, peer: Peer, reader: Reader) -> None:
        """The peer advertises something (BIP434); nothing is known yet that could be."""
        connection = peer.connection
        if connection.successfully_connected:
            log.debug("feature received after verack, %s", connection.disconnect_message)
            peer.disconnect()
            return
        if connection.common_version < FEATURE_VERSION:
            log.debug(
                "feature received with incompatible version %d, %s",
                connection.common_version,
                connection.disconnect_message,
            )
            peer.disconnect()
            return
        try:
            feature = reader.take(reader.compact_size(_MAX_FEATURE_ID)).decode("latin-1")
            reader.take(reader.compact_size(_MAX_FEATURE_DATA))
            reader.expect_end()
        except DeserializeError:
            feature = ""
        if len(feature) < 4:
            log.debug("invalid feature payload, %s", connection.disconnect_message)
            peer.disconnect()
            return
        log.debug("unknown feature advertised: %s", sanitize(feature))

    def on_sendtxrcncl(self, peer: Peer, reader: Reader) -> None:
        """Transaction reconciliation (BIP330) is not offered here, so the peer's offer is ignored."""
        log.debug("sendtxrcncl from peer=%d ignored, as our node does not have txreconciliation enabled", peer.id)

    def on_sendheaders(self, peer: Peer, reader: Reader) -> None:
        """The peer wants blocks announced by header (BIP130)."""
        peer.prefers_headers = True

    def on_sendcmpct(self, peer: Peer, reader: Reader) -> None:
        """The peer speaks compact blocks, and maybe wants blocks announced that way (BIP152)."""
        announce, version = reader.u8(), reader.u64()
        if announce > 1:
            self._state.misbehaving(peer, "invalid sendcmpct announce field")
            return
        if version != CMPCTBLOCKS_VERSION:
            return
        peer.provides_compact = True
        peer.wants_compact_announcements = bool(announce)
        peer.connection.hb_from = bool(announce)
