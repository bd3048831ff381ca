"""Permissions of peers: -whitelist and -whitebind."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from moneyrocket.node.net.netaddress import AddressError, Endpoint, NetAddress, Subnet, parse_endpoint


class Permission(IntFlag):
    """What a peer may do beyond others. Some imply others."""

    NONE = 0
    BLOOM_FILTER = 1 << 1
    RELAY = 1 << 3
    FORCE_RELAY = 1 << 2 | RELAY
    DOWNLOAD = 1 << 6
    NO_BAN = 1 << 4 | DOWNLOAD
    MEMPOOL = 1 << 5
    ADDR = 1 << 7
    IMPLICIT = 1 << 31
    """Given without a list of names: default permissions follow from the -whitelist… options."""
    ALL = BLOOM_FILTER | FORCE_RELAY | RELAY | NO_BAN | MEMPOOL | DOWNLOAD | ADDR


_NAMES: Final = {
    "bloomfilter": Permission.BLOOM_FILTER,
    "bloom": Permission.BLOOM_FILTER,
    "noban": Permission.NO_BAN,
    "forcerelay": Permission.FORCE_RELAY,
    "mempool": Permission.MEMPOOL,
    "download": Permission.DOWNLOAD,
    "all": Permission.ALL,
    "relay": Permission.RELAY,
    "addr": Permission.ADDR,
}
_LISTED: Final = ("bloomfilter", "noban", "forcerelay", "relay", "mempool", "download", "addr")


class WhitelistError(ValueError):
    """A -whitelist or -whitebind value that means nothing; the text is for the user."""


def permission_names(flags: Permission) -> list[str]:
    """Names as getpeerinfo lists them."""
    return [name for name in _LISTED if _NAMES[name] & flags == _NAMES[name]]


@dataclass(frozen=True, slots=True)
class WhitelistEntry:
    """One -whitelist option."""

    subnet: Subnet
    flags: Permission
    inbound: bool
    outbound: bool


@dataclass(frozen=True, slots=True)
class WhitebindEntry:
    """One -whitebind option."""

    endpoint: Endpoint
    flags: Permission


def _parse_flags(text: str, *, allow_out: bool) -> tuple[Permission, bool, bool, str]:
    names, at, rest = text.partition("@")
    if not at:
        return Permission.IMPLICIT, True, False, text
    flags = Permission.NONE
    inbound = outbound = False
    for name in names.split(","):
        if name == "in":
            inbound = True
        elif name == "out":
            if not allow_out:
                raise WhitelistError('whitebind may only be used for incoming connections ("out" was passed)')
            outbound = True
        elif name in _NAMES:
            flags |= _NAMES[name]
        elif name:
            raise WhitelistError(f"Invalid P2P permission: '{name}'")
    if not inbound and not outbound:
        inbound = True
    elif flags == Permission.NONE:
        raise WhitelistError(f"Only direction was set, no permissions: '{text}'")
    return flags, inbound, outbound, rest


def parse_whitelist(text: str) -> WhitelistEntry:
    """Read ``[permissions@]address or network``.

    Raises:
        WhitelistError: with the text for the user.
    """
    flags, inbound, outbound, net = _parse_flags(text, allow_out=True)
    try:
        return WhitelistEntry(Subnet.parse(net), flags, inbound, outbound)
    except AddressError:
        raise WhitelistError(f"Invalid netmask specified in -whitelist: '{net}'") from None


def parse_whitebind(text: str) -> WhitebindEntry:
    """Read ``[permissions@]address:port``.

    Raises:
        WhitelistError: with the text for the user.
    """
    flags, _, _, address = _parse_flags(text, allow_out=False)
    try:
        endpoint = parse_endpoint(address, 0)
    except AddressError:
        raise WhitelistError(f"Cannot resolve -whitebind address: '{address}'") from None
    if endpoint.port == 0:
        raise WhitelistError(f"Need to specify a port with -whitebind: '{address}'")
    return WhitebindEntry(endpoint, flags)


def granted(
    base: Permission,
    entries: Sequence[WhitelistEntry],
    address: NetAddress,
    *,
    inbound: bool,
    relay: bool,
    force_relay: bool,
) -> Permission:
    """Permissions of a new connection.

    Args:
        base: what the socket it came in by gives (-whitebind).
        entries: all -whitelist options.
        address: the peer's.
        inbound: direction of the connection.
        relay: -whitelistrelay.
        force_relay: -whitelistforcerelay.
    """
    flags = base
    for entry in entries:
        if (entry.inbound if inbound else entry.outbound) and entry.subnet.contains(address):
            flags |= entry.flags
    if flags & Permission.IMPLICIT:
        flags &= ~Permission.IMPLICIT
        if force_relay:
            flags |= Permission.FORCE_RELAY
        if relay:
            flags |= Permission.RELAY
        flags |= Permission.MEMPOOL | Permission.NO_BAN
    return flags
