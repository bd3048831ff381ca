"""Addresses of -ipcbind and -ipcconnect."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

KEYS_FOLDER: Final = "ipc"
"""Where the keys for TCP are in a chain's folder."""

_PATH_BYTES: Final = 107
"""What the kernel takes as the path of a Unix socket, without the final zero byte."""

_MAX_PORT: Final = 65535


class AddressError(ValueError):
    """A text is no address; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A socket in the file system.

    Attributes:
        path: where it is.
    """

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and port; connections to it are always encrypted and authenticated.

    Attributes:
        host: a name or a number, IPv6 without brackets.
        port: 1 to 65535.
        keys: folder of the keys for that, which says nothing about where the address is.
    """

    host: str
    port: int
    keys: Path = field(compare=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


Address = UnixAddress | TcpAddress


def parse_address(text: str, folder: Path, default_name: str = "node") -> Address:
    """Read an address.

    Args:
        text: ``unix``, ``unix:<path>`` or ``tcp:<host>:<port>``.
        folder: the chain's folder, which relative paths start from.
        default_name: what stands before ``.sock`` in the path of ``unix`` alone.

    Raises:
        AddressError: it is none of these, the path is too long for a socket, or the port is out of range.
    """
    kind, separator, rest = text.partition(":")
    if kind == "unix":
        path = folder / (rest or f"{default_name}.sock")
        if len(os.fsencode(path)) > _PATH_BYTES:
            raise AddressError(f'Unix address path "{path}" exceeded maximum socket path length')
        return UnixAddress(path)
    if kind == "tcp" and separator:
        return _parse_tcp(text, rest, folder / KEYS_FOLDER)
    raise AddressError(f"Unrecognized address '{text}'")


def _parse_tcp(text: str, rest: str, keys: Path) -> TcpAddress:
    host, separator, port = rest.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise AddressError(f"Ambiguous address '{text}', write an IPv6 address in brackets: tcp:[::1]:8500")
    if not separator or not host:
        raise AddressError(f"Address '{text}' needs a host and a port: tcp:127.0.0.1:8500")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) <= _MAX_PORT):
        raise AddressError(f"Invalid port in address '{text}'")
    return TcpAddress(host, int(port), keys)
