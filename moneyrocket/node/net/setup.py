"""Brings the network up and down, from the settings of the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.node.net.addrman import AddrMan
from moneyrocket.node.net.banman import DEFAULT_BAN_SECONDS, BanMan
from moneyrocket.node.net.connman import ConnectionManager, NetParams
from moneyrocket.node.net.options import net_options
from moneyrocket.node.net.peer_manager import PeerManager

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext

_SAVE_ADDRESSES_SECONDS: Final = 900.0
_REBROADCAST_SECONDS: Final = 600.0


def make_network(node: NodeContext) -> None:
    """Make address manager, ban list, connection manager and message processing; chain and mempool must be there.

    Raises:
        InitError: if a setting makes no sense.
    """
    args = node.args
    params = node.params
    options = net_options(args, params.default_port, CLIENT_NAME, VERSION_TEXT.removeprefix("v"))
    node.addrman = AddrMan(args.datadir_net / "peers.dat")
    node.banman = BanMan(args.datadir_net / "banlist.json", args.get_int("-bantime", DEFAULT_BAN_SECONDS))
    chain = NetParams(params.magic, params.default_port, tuple(params.dns_seeds))
    node.connman = ConnectionManager(chain, options, node.addrman, node.banman, CLIENT_NAME)
    node.peerman = PeerManager(node.chainman, node.mempool, node.connman)
    node.signals.subscribe(node.peerman)


def start_network(node: NodeContext) -> None:
    """Listen and connect.

    Raises:
        InitError: if an address to listen on cannot be had.
    """
    node.connman.start(node.peerman)
    node.scheduler.schedule_every(node.addrman.save, _SAVE_ADDRESSES_SECONDS)
    node.scheduler.schedule_every(node.peerman.rebroadcast, _REBROADCAST_SECONDS)


def stop_network(node: NodeContext) -> None:
    """Close all connections and end all threads. Nothing happens if the network was not made."""
    connman = getattr(node, "connman", None)
    if connman is not None:
        connman.stop()
        node.signals.unsubscribe(node.peerman)
