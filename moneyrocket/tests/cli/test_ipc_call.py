"""-ipcconnect where it must not or cannot be used; `functional_tests/test_ipc_cli.py` has the rest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from moneyrocket.cli.errors import CliError
from moneyrocket.cli.ipc_call import call_over_ipc
from moneyrocket.cli.options import CLI_OPTIONS
from moneyrocket.common.args import ArgsManager, parse_command_line

REQUEST = b'{"method":"uptime","id":1}'


def call(folder: Path, *options: str, request: bytes = REQUEST) -> str | None:
    args = ArgsManager(CLI_OPTIONS)
    parse_command_line(args, [f"-datadir={folder}", "-regtest", *options], commands=True)
    args.select_network(args.chain_name)
    return call_over_ipc(args, request, "/", None)


@pytest.fixture
def without_ipc(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a monolithic build, which has neither the library nor the proxies."""
    monkeypatch.setitem(sys.modules, "libmultiprocess", None)
    for name in ("call_rpc", "connect"):
        monkeypatch.delitem(sys.modules, f"moneyrocket.ipc.{name}", raising=False)


@pytest.fixture
def socket_file(tmp_path: Path) -> Path:
    (tmp_path / "regtest").mkdir()
    (tmp_path / "regtest" / "node.sock").touch()
    return tmp_path


@pytest.mark.parametrize("options", [("-noipcconnect",), ("-rpcconnect=127.0.0.1",), (), ("-ipcconnect=auto",)])
def test_http_is_used_without_a_socket(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert call(tmp_path, *options) is None


def test_a_socket_that_would_be_too_deep_is_not_looked_for(tmp_path: Path) -> None:
    assert call(tmp_path / ("deep" * 30)) is None
    with pytest.raises(CliError, match="exceeded maximum socket path length"):
        call(tmp_path / ("deep" * 30), "-ipcconnect=unix")


@pytest.mark.usefixtures("without_ipc")
def test_a_build_without_ipc_says_so_when_it_is_asked_for(socket_file: Path) -> None:
    assert call(socket_file) is None
    with pytest.raises(CliError, match="was not built with IPC support"):
        call(socket_file, "-ipcconnect=unix")


def test_what_is_no_socket_is_not_taken_for_one(socket_file: Path) -> None:
    with pytest.raises(CliError, match="is not a socket"):
        call(socket_file)


def test_a_text_that_is_no_utf8_is_not_sent(socket_file: Path) -> None:
    with pytest.raises(CliError, match="UTF-8"):
        call(socket_file, request=b'{"method":"\xff"}')
