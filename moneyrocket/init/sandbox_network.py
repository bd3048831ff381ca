"""What a sandboxed program needs of the network, from its settings; and the keys for that."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.sandbox.policy import NetworkAccess

if TYPE_CHECKING:
    from moneyrocket.ipc.address import Address, TcpAddress, UnixAddress

_FIRST_X11_PORT: Final = 6000


def wallet_network(args: ArgsManager) -> NetworkAccess:
    """What a wallet process that was started on its own needs: its node, and its users."""
    node, bound = _node_addresses(args), _tcp(ipc_addresses(args, "wallet"))
    listening = [(address.host, address.port) for address in bound]
    if args.get_bool("-server", False):
        from moneyrocket.rpc.server import rpc_endpoints

        listening += rpc_endpoints(args)
    return NetworkAccess(
        unix=bool(_unix(node)),
        connect_ports=tuple(address.port for address in _tcp(node)),
        bind_ports=tuple(sorted({port for _, port in listening})),
        accept=bool(_unix(ipc_addresses(args, "wallet"))),
        lookup=any(_is_name(host) for host in [*(a.host for a in _tcp(node)), *(host for host, _ in listening)]),
    )


def desktop_network(args: ArgsManager) -> NetworkAccess:
    """What windows need: the display, and the node if it is elsewhere."""
    node = _node_addresses(args) if args.get_opt("-ipcconnect") is not None else []
    display, _, number = os.environ.get("DISPLAY", "").rpartition(":")
    remote = display not in ("", "unix") and not display.startswith("/") and number.partition(".")[0].isdecimal()
    ports = [_FIRST_X11_PORT + int(number.partition(".")[0])] if remote else []
    names = [address.host for address in _tcp(node)] + ([display] if remote else [])
    return NetworkAccess(
        unix=True,
        connect_ports=tuple(sorted({*ports, *(address.port for address in _tcp(node))})),
        lookup=any(map(_is_name, names)),
    )


def ipc_addresses(args: ArgsManager, role: str) -> list[Address]:
    """The addresses of -ipcbind; malformed ones are told of by who listens."""
    return _parsed(args, args.get_list("-ipcbind"), role)


def socket_paths(args: ArgsManager, role: str) -> tuple[Path, ...]:
    """The Unix sockets of -ipcbind."""
    return tuple(address.path for address in _unix(ipc_addresses(args, role)))


def keys_in_use(args: ArgsManager, role: str) -> tuple[Path, ...]:
    """The folder of keys, if an address needs them; the program's own key is made on the way."""
    addresses = _tcp([*ipc_addresses(args, role), *(_node_addresses(args) if role != "node" else [])])
    if not addresses:
        return ()
    from moneyrocket.ipc.keys import PairingError, own_certificate

    try:
        own_certificate(addresses[0].keys, role)
    except PairingError:
        # Told of by who listens or connects.
        return ()
    return (addresses[0].keys,)


def _node_addresses(args: ArgsManager) -> list[Address]:
    if args.is_negated("-ipcconnect"):
        return []
    text = args.get("-ipcconnect")
    return _parsed(args, ["unix" if text in ("", "auto") else text], "node")


def _parsed(args: ArgsManager, texts: Iterable[str], role: str) -> list[Address]:
    found: list[Address] = []
    for text in texts:
        from moneyrocket.ipc.address import AddressError, parse_address

        try:
            found.append(parse_address(text, args.datadir_net, role))
        except AddressError:
            continue
    return found


def _tcp(addresses: Iterable[Address]) -> list[TcpAddress]:
    from moneyrocket.ipc.address import TcpAddress

    return [address for address in addresses if isinstance(address, TcpAddress)]


def _unix(addresses: Iterable[Address]) -> list[UnixAddress]:
    from moneyrocket.ipc.address import UnixAddress

    return [address for address in addresses if isinstance(address, UnixAddress)]


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
