"""What -ipcbind and -ipcconnect accept as an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from moneyrocket.ipc.address import AddressError, TcpAddress, UnixAddress, parse_address

FOLDER = Path("/data/regtest")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("unix", "/data/regtest/node.sock"),
        ("unix:", "/data/regtest/node.sock"),
        ("unix:a/b.sock", "/data/regtest/a/b.sock"),
        ("unix:/run/node.sock", "/run/node.sock"),
    ],
)
def test_a_unix_address_is_a_path_in_the_chains_folder(text: str, path: str) -> None:
    assert parse_address(text, FOLDER) == UnixAddress(Path(path))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp:127.0.0.1:8500", "127.0.0.1", 8500),
        ("tcp:[::1]:1", "::1", 1),
        ("tcp:node.example:65535", "node.example", 65535),
    ],
)
def test_a_tcp_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    address = parse_address(text, FOLDER)

    assert address == TcpAddress(host, port, FOLDER / "ipc")
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Unrecognized address ''"),
        ("pipe:x", "Unrecognized address 'pipe:x'"),
        ("tcp", "Unrecognized address 'tcp'"),
        ("tcp:8500", "needs a host and a port"),
        ("tcp::8500", "needs a host and a port"),
        ("tcp:::1:8500", "write an IPv6 address in brackets"),
        ("tcp:host:0", "Invalid port"),
        ("tcp:host:65536", "Invalid port"),
        ("tcp:host:http", "Invalid port"),
        ("unix:" + "x" * 100, "exceeded maximum socket path length"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(AddressError, match=message.replace("[", r"\[")):
        parse_address(text, FOLDER)
