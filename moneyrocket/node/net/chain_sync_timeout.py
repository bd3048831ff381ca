"""Outbound peers whose chain stays behind ours make room for others."""

from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.node.net.header_sync import HeaderSync
from moneyrocket.node.net.peer import Peer
from moneyrocket.node.net.state import NetState
from moneyrocket.primitives.hashes import hash_to_hex

log = category_logger("net")

_PATIENCE: Final = 20 * 60
_LAST_CHANCE: Final = 2 * 60


def check_chain_sync(state: NetState, headers: HeaderSync, peer: Peer) -> None:
    """Look whether an outbound peer keeps up; ask it a last time, then disconnect it.

    Args:
        state: shared state.
        headers: asks for headers.
        peer: the peer.
    """
    watch = peer.chain_sync
    if watch.protect or not peer.connection.is_outbound_or_block_relay or not peer.sync_started:
        return
    tip = state.chain.tip
    best = peer.best_known
    now = clock.now()
    if best is not None and best.chain_work >= tip.chain_work:
        watch.timeout, watch.work_header, watch.sent_getheaders = 0, None, False
        return
    caught_up = watch.work_header is not None and best is not None and best.chain_work >= watch.work_header.chain_work
    if not watch.timeout or caught_up:
        watch.timeout, watch.work_header, watch.sent_getheaders = now + _PATIENCE, tip, False
        return
    if now <= watch.timeout:
        return
    best_name = hash_to_hex(best.hash) if best is not None else "<none>"
    if watch.sent_getheaders:
        message = peer.connection.disconnect_message
        log.info("Outbound peer has old chain, best known block = %s, %s", best_name, message)
        peer.disconnect()
        return
    header = watch.work_header
    assert header is not None
    headers.ask(peer, state.chain.locator(header.prev or header))
    log.debug(
        "sending getheaders to outbound peer=%d to verify chain work"
        " (current best known block:%s, benchmark blockhash: %s)",
        peer.id,
        best_name,
        hash_to_hex(header.hash),
    )
    watch.sent_getheaders = True
    watch.timeout = now + _LAST_CHANCE
