"""A wallet component over a fake chain, called as the node would call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcRequest
from moneyrocket.tests.wallet.fake_chain import FakeChain
from moneyrocket.wallet.loader import WalletLoaderImpl


class WalletProcess:
    """The wallet component of a data directory, restartable."""

    def __init__(self, datadir: Path, chain: FakeChain) -> None:
        self.datadir = datadir
        self.chain = chain
        self.loader: WalletLoaderImpl | None = None

    def start(self, *, loaded: tuple[str, ...] = (), **options: str) -> bool:
        """Start it with options (without dash); False if it refused."""
        (self.datadir / "regtest" / "wallets").mkdir(parents=True, exist_ok=True)
        given: dict[str, list[Json]] = {
            "datadir": [str(self.datadir)],
            "regtest": ["1"],
            "unsafesqlitesync": ["1"],
            "keypool": ["3"],
            **{name: [value] for name, value in options.items()},
        }
        if loaded:
            given["wallet"] = [*loaded]
        args = ArgsManager(NODE_OPTIONS, Settings(command_line=given, network="regtest"))
        self.loader = WalletLoaderImpl(args, self.chain)
        self.loader.register_rpcs()
        if not self.loader.verify() or not self.loader.load():
            return False
        self.loader.start(schedule_rebroadcast=False)
        return True

    def stop(self) -> None:
        """Stop it in order."""
        if self.loader is not None:
            self.loader.stop()
            self.loader = None

    def kill(self) -> None:
        """Let it vanish: nothing is written any more, and the file's lock is released by the system."""
        assert self.loader is not None
        self.chain.subscribers.clear()
        self.chain.commands.clear()
        for wallet in self.loader.manager.wallets():
            wallet.database._connection.close()
        self.loader = None

    def call(self, method: str, *params: Json, wallet: str | None = None, **named: Json) -> Json:
        """Call an RPC method."""
        uri = "/" if wallet is None else f"/wallet/{wallet}"
        request = RpcRequest(method, {**named, "args": [*params]} if named else [*params], uri)
        return self.chain.commands[method].handler.call(request)


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def process(tmp_path: Path, chain: FakeChain) -> Iterator[WalletProcess]:
    made = WalletProcess(tmp_path, chain)
    yield made
    made.stop()


@pytest.fixture
def rpc(process: WalletProcess) -> Callable[..., Json]:
    """Call a method of a started component that has one wallet, ``w``."""
    assert process.start(fallbackfee="0.0002")
    process.call("createwallet", "w")
    return process.call
