"""Connection managers for tests."""

import socket
from pathlib import Path

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.node.net.addrman import AddrMan
from moneyrocket.node.net.banman import BanMan
from moneyrocket.node.net.connman import ConnectionManager, NetParams
from moneyrocket.node.net.options import net_options

PARAMS = NetParams(bytes.fromhex("fabfb5da"), 18444)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        assert isinstance(port, int)
        return port


def make_connman(folder: Path, *options: str) -> ConnectionManager:
    """A connection manager that connects to nobody by itself.

    Args:
        folder: where its files go.
        options: settings, such as ``listen=0``.
    """
    forced = dict(option.split("=", 1) for option in options)
    args = ArgsManager(NODE_OPTIONS, Settings(forced={"connect": "0", "dnsseed": "0", **forced}))
    return ConnectionManager(
        PARAMS,
        net_options(args, PARAMS.default_port, "Moneyrocket", "0"),
        AddrMan(None),
        BanMan(folder / "banlist.json"),
        "Moneyrocket",
    )
