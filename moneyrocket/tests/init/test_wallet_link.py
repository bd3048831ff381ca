"""A node that connects to a wallet process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import InitError
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.init import moneyrocket_node, wallet_link
from moneyrocket.init.local_init import LocalInit
from moneyrocket.init.wallet_link import WalletLink, wallet_address
from moneyrocket.init.wallet_visitors import WalletVisitorInit
from moneyrocket.interfaces.init import NotOfferedError
from moneyrocket.ipc.address import UnixAddress
from moneyrocket.ipc.connect import RemoteProcess
from moneyrocket.ipc.listen import IpcListeners
from moneyrocket.rpc.table import RpcTable
from moneyrocket.rpc.text_calls import TextRpc

PATIENCE = 10.0


def settings(datadir: Path, *arguments: str) -> ArgsManager:
    args = ArgsManager((*NODE_OPTIONS, moneyrocket_node._IPC_CONNECT))
    parse_command_line(args, [f"-datadir={datadir}", *arguments])
    return args


class Wallets:
    """A wallet process that listens, and the nodes that have come to it."""

    def __init__(self, folder: Path, chain: str = "regtest") -> None:
        self.came: Queue[tuple[str, RemoteProcess]] = Queue()
        self.refusals: list[str] = []
        rpc = TextRpc(RpcTable().execute, lambda user, method: True)
        self.listeners = IpcListeners(WalletVisitorInit(rpc, chain, self._offer), "moneyrocket-wallet", folder)
        self.listeners.listen("unix")

    def _offer(self, title: str, remote: RemoteProcess) -> None:
        if self.refusals:
            raise NotOfferedError(self.refusals.pop())
        self.came.put((title, remote))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Queue[str]:
    lines: Queue[str] = Queue()
    quiet = SimpleNamespace(warning=lambda text, *args: lines.put(text % args))
    monkeypatch.setattr(wallet_link, "log", quiet)
    return lines


@pytest.fixture
def link(tmp_path: Path, told: Queue[str]) -> Iterator[Callable[[], WalletLink]]:
    made: list[WalletLink] = []

    def start() -> WalletLink:
        made.append(WalletLink(UnixAddress(tmp_path / "wallet.sock"), "moneyrocket-node", "regtest", LocalInit()))
        return made[-1]

    yield start
    for each in made:
        each.stop()


def test_it_is_used_by_the_wallets_until_they_hang_up_and_comes_again(
    tmp_path: Path, link: Callable[[], WalletLink], told: Queue[str]
) -> None:
    wallets = Wallets(tmp_path)
    link()
    title, remote = wallets.came.get(timeout=PATIENCE)
    answer = remote.init.make_echo().echo("x")
    remote.close()
    _, again = wallets.came.get(timeout=PATIENCE)

    assert (title.partition(" ")[0], answer) == ("moneyrocket-node", "x")
    assert again.connected
    assert told.empty()
    wallets.listeners.close()


def test_when_it_stops_it_hangs_up(tmp_path: Path, link: Callable[[], WalletLink]) -> None:
    wallets = Wallets(tmp_path)
    started = link()
    _, remote = wallets.came.get(timeout=PATIENCE)
    gone: Queue[None] = Queue()
    remote.on_disconnect(lambda: gone.put(None))

    started.stop()

    gone.get(timeout=PATIENCE)
    assert not remote.connected
    wallets.listeners.close()


def test_absence_is_told_of_once_and_the_wallets_are_found_when_they_come(
    tmp_path: Path, link: Callable[[], WalletLink], told: Queue[str]
) -> None:
    link()
    line = told.get(timeout=PATIENCE)
    wallets = Wallets(tmp_path)
    wallets.came.get(timeout=PATIENCE)

    assert line.startswith(f"The wallet process at unix:{tmp_path}/wallet.sock is away: ")
    assert line.endswith("; it is tried again")
    assert told.empty()
    wallets.listeners.close()


def test_a_refusal_is_told_once_and_tried_again(
    tmp_path: Path, link: Callable[[], WalletLink], told: Queue[str]
) -> None:
    wallets = Wallets(tmp_path)
    wallets.refusals += ["another has them"] * 2
    link()
    wallets.came.get(timeout=PATIENCE)

    assert "the wallet process refuses: another has them" in told.get(timeout=PATIENCE)
    assert told.empty()
    wallets.listeners.close()


def test_wallets_of_another_chain_refuse(tmp_path: Path, link: Callable[[], WalletLink], told: Queue[str]) -> None:
    wallets = Wallets(tmp_path, chain="signet")
    link()

    line = told.get(timeout=PATIENCE)

    assert "moneyrocket-node is set to the chain regtest, and this wallet process to signet" in line
    wallets.listeners.close()


def test_what_listens_must_be_a_wallet_process(
    tmp_path: Path, link: Callable[[], WalletLink], told: Queue[str]
) -> None:
    node = IpcListeners(LocalInit(), "moneyrocket-wallet", tmp_path)
    node.listen("unix")
    link()

    assert "This process has no wallets for nodes" in told.get(timeout=PATIENCE)
    node.close()


def test_addresses(tmp_path: Path) -> None:
    def address(*arguments: str) -> UnixAddress | None:
        return wallet_address(settings(tmp_path, *arguments))

    assert address() is None
    assert address("-noipcconnect") is None
    assert address("-ipcconnect=unix") == UnixAddress(tmp_path / "wallet.sock")
    assert address("-ipcconnect=unix:/x/y.sock") == UnixAddress(Path("/x/y.sock"))


@pytest.mark.parametrize("text", ["", "auto", "nonsense"])
def test_what_is_no_address_is_refused_with_those_that_are(tmp_path: Path, text: str) -> None:
    with pytest.raises(InitError, match="Use unix or unix:<path>"):
        wallet_address(settings(tmp_path, f"-ipcconnect={text}"))


def test_over_tcp_the_wallet_connects(tmp_path: Path) -> None:
    with pytest.raises(InitError, match="moneyrocket-wallet with -ipcconnect"):
        wallet_address(settings(tmp_path, "-ipcconnect=tcp:127.0.0.1:8500"))


def test_a_configuration_file_speaks_to_those_who_connect_to_nodes(tmp_path: Path) -> None:
    args = settings(tmp_path)
    config: Any = {"": {"ipcconnect": ["unix"]}}
    args.settings = args.settings.__class__(config=config)

    assert wallet_address(args) is None


def test_no_wallet_process_is_started_besides_unless_it_is_asked_for(tmp_path: Path) -> None:
    def disabled(*arguments: str) -> bool:
        args = settings(tmp_path, *arguments)
        moneyrocket_node.PROGRAM.interact(args)
        return args.get_bool("-disablewallet", False)

    assert not disabled()
    assert disabled("-ipcconnect=unix")
    assert not disabled("-noipcconnect")
    assert not disabled("-ipcconnect=unix", "-disablewallet=0")
