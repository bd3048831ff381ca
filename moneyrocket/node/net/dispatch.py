"""From a received message to the part that handles it."""

from collections.abc import Callable, Mapping
from typing import Final

from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.compact_relay import PendingBlock
from moneyrocket.node.net.messages import read_invs, serialize_invs
from moneyrocket.node.net.parts import Parts
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.protocol import MAX_INV_SIZE, MSG_TX, MSG_WTX, Inv, sanitize
from moneyrocket.node.net.state import NetState
from moneyrocket.node.net.transport import ReceivedMessage
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError, Reader

log = category_logger("net")

_Handler = Callable[[Peer, Reader], None]
_BlockHandler = Callable[[Peer, Reader], PendingBlock | None]
_MAX_NOTFOUND: Final = 5000 + 16


class Dispatcher:
    """Hands messages to the parts, and handles itself those that concern several.

    Args:
        state: shared state.
        parts: the parts.
    """

    def __init__(self, state: NetState, parts: Parts) -> None:
        self._state = state
        self._parts = parts
        self._negotiation: Mapping[str, _Handler] = {
            "version": parts.handshake.on_version,
            "verack": parts.handshake.on_verack,
            "wtxidrelay": parts.handshake.on_wtxidrelay,
            "sendaddrv2": parts.handshake.on_sendaddrv2,
            "feature": parts.handshake.on_feature,
            "sendtxrcncl": parts.handshake.on_sendtxrcncl,
            "sendheaders": parts.handshake.on_sendheaders,
            "sendcmpct": parts.handshake.on_sendcmpct,
        }
        self._handlers: Mapping[str, _Handler] = {
            "addr": parts.addresses.on_addr,
            "addrv2": parts.addresses.on_addrv2,
            "getaddr": parts.addresses.on_getaddr,
            "inv": self._on_inv,
            "getdata": self._on_getdata,
            "notfound": self._on_notfound,
            "getblocks": parts.serving.on_getblocks,
            "getblocktxn": parts.serving.on_getblocktxn,
            "getheaders": parts.headers.on_getheaders,
            "headers": parts.headers.on_headers,
            "tx": parts.transactions.on_tx,
            "mempool": parts.relayer.on_mempool,
            "feefilter": parts.relayer.on_feefilter,
            "ping": parts.pings.on_ping,
            **{kind: _bloom_refusal(kind) for kind in ("filterload", "filteradd", "filterclear")},
            **dict.fromkeys(("getcfilters", "getcfheaders", "getcfcheckpt"), _refuse_filter_request),
        }
        self._block_handlers: Mapping[str, _BlockHandler] = {
            "block": parts.receipt.on_block,
            "cmpctblock": parts.compact.on_cmpctblock,
            "blocktxn": parts.compact.on_blocktxn,
        }

    def process(self, peer: Peer, message: ReceivedMessage) -> PendingBlock | None:
        """Process a message, with the chain lock held; one that cannot be read is logged and dropped.

        Returns:
            A block to hand to the chain state once the lock is released.
        """
        size = len(message.payload)
        log.debug("received: %s (%d bytes) peer=%d", sanitize(message.type), size, peer.id)
        try:
            return self._dispatch(peer, message)
        except DeserializeError as error:
            self._log_failure(message, error)
        except Exception as error:
            # A fault of ours that a peer can trigger must not bring the node down; who triggers it is better gone.
            import traceback

            self._log_failure(message, error)
            log.error("Processing of a message failed, %s: %s", peer.connection.log_name, traceback.format_exc())
            peer.disconnect()
        return None

    @staticmethod
    def _log_failure(message: ReceivedMessage, error: Exception) -> None:
        kind, size, name = sanitize(message.type), len(message.payload), type(error).__name__
        log.debug("ProcessMessages(%s, %d bytes): Exception '%s' (%s) caught", kind, size, error, name)

    def _dispatch(self, peer: Peer, message: ReceivedMessage) -> PendingBlock | None:
        kind = message.type
        reader = Reader(message.payload)
        connection = peer.connection
        if not connection.version and kind != "version":
            text = 'non-version message before version handshake. Message "%s" from peer=%d'
            log.debug(text, sanitize(kind), peer.id)
        elif kind in self._negotiation:
            self._negotiation[kind](peer, reader)
        elif not connection.successfully_connected:
            log.debug('Unsupported message "%s" prior to verack from peer=%d', sanitize(kind), peer.id)
        elif kind in self._handlers:
            self._handlers[kind](peer, reader)
        elif kind in self._block_handlers:
            return self._block_handlers[kind](peer, reader)
        elif kind == "pong":
            self._parts.pings.on_pong(peer, reader, message.time)
        else:
            log.debug('Unknown message type "%s" from peer=%d', sanitize(kind), peer.id)
        return None

    def _on_inv(self, peer: Peer, reader: Reader) -> None:
        invs = read_invs(reader)
        if len(invs) > MAX_INV_SIZE:
            self._state.misbehaving(peer, f"inv message size = {len(invs)}")
            return
        chain = self._state.chain
        refuses = self._state.refuses_transactions(peer)
        newest_block: bytes | None = None
        ignored = MSG_TX if peer.wtxid_relay else MSG_WTX
        seen: set[tuple[bool, bytes]] = set()
        for inv in invs:
            if inv.type == ignored:
                continue
            if inv.is_block:
                known = chain.lookup(inv.hash) is not None
                log.debug("got inv: %s %s peer=%d", inv, "have" if known else "new", peer.id)
                self._parts.downloads.announced(peer, inv.hash)
                if not known and not self._parts.downloads.is_requested(inv.hash):
                    newest_block = inv.hash
            elif inv.is_tx:
                if refuses:
                    end = peer.connection.disconnect_message
                    log.debug("transaction (%s) inv sent in violation of protocol, %s", hash_to_hex(inv.hash), end)
                    peer.disconnect()
                    return
                name = (inv.type == MSG_WTX, inv.hash)
                if name in seen:
                    continue
                seen.add(name)
                if peer.tx_relay is not None:
                    peer.tx_relay.known.add(inv.hash)
                if not chain.initial_download:
                    self._parts.transactions.on_announced(peer, inv)
            else:
                log.debug('Unknown inv type "%s" received from peer=%d', inv, peer.id)
        if newest_block is not None:
            self._parts.headers.on_block_inv(peer, newest_block)

    def _on_getdata(self, peer: Peer, reader: Reader) -> None:
        invs = read_invs(reader)
        if len(invs) > MAX_INV_SIZE:
            self._state.misbehaving(peer, f"getdata message size = {len(invs)}")
            return
        log.debug("received getdata (%d invsz) peer=%d", len(invs), peer.id)
        if invs:
            log.debug("received getdata for: %s peer=%d", invs[0], peer.id)
        peer.getdata.extend(invs)
        self.serve_getdata(peer)

    def serve_getdata(self, peer: Peer) -> None:
        """Serve all transactions a peer asked for up to the next block, and that block."""
        missing: list[Inv] = []
        while peer.getdata and peer.getdata[0].is_tx and not peer.connection.pause_send:
            inv = peer.getdata.popleft()
            if not self._parts.relayer.serve(peer, inv):
                missing.append(inv)
        if peer.getdata and not peer.connection.pause_send:
            inv = peer.getdata.popleft()
            if inv.is_block:
                self._parts.serving.serve(peer, inv)
        if missing:
            peer.send("notfound", serialize_invs(missing))

    def _on_notfound(self, peer: Peer, reader: Reader) -> None:
        invs = read_invs(reader)
        if len(invs) <= _MAX_NOTFOUND:
            self._parts.transactions.on_notfound(peer, invs)


def _bloom_refusal(kind: str) -> _Handler:
    """Handler of a BIP37 message: nobody may send it, since NODE_BLOOM is not offered."""

    def refuse(peer: Peer, reader: Reader) -> None:
        log.debug("%s received despite not offering bloom services, %s", kind, peer.connection.disconnect_message)
        peer.disconnect()

    return refuse


def _refuse_filter_request(peer: Peer, reader: Reader) -> None:
    """Nobody may ask for block filters (BIP157), since NODE_COMPACT_FILTERS is not offered."""
    kind = reader.u8()
    log.debug("peer requested unsupported block filter type: %d, %s", kind, peer.connection.disconnect_message)
    peer.disconnect()
