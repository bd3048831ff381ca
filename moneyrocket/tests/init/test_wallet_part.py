"""What becomes of the node when its wallet process ends."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.init.node_shape import NodeInit
from moneyrocket.init.wallet_part import WalletPart
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcHandler, RpcRequest
from moneyrocket.interfaces.wallet import WalletLoader, Wallets
from moneyrocket.node.announcer import Announcer
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.table import WALLET_PROCESS_GONE, RpcTable
from moneyrocket.rpc.wallet_router import WalletRouter


class Answer(RpcHandler):
    def __init__(self, answer: Json = None, error: Exception | None = None) -> None:
        self.answer, self.error = answer, error

    def call(self, request: RpcRequest) -> Json:
        if self.error is not None:
            raise self.error
        return self.answer


class FakeLoader(WalletLoader):
    """Offers one method; says no, or is gone, when told so."""

    def __init__(self, router: WalletRouter) -> None:
        self.router = router
        self.says = True
        self.calls: list[str] = []

    def register_rpcs(self) -> None:
        self.handler = self.router.offer_own(RpcCommand("wallet", "getbalance", (), Answer(5)))

    def verify(self) -> bool:
        return self.says

    def load(self) -> bool:
        return self.says

    def start(self, schedule_rebroadcast: bool) -> None:
        raise ConnectionResetError("gone")

    def stop(self) -> None:
        self.calls.append("stop")

    def set_mock_time(self, time: int) -> None: ...

    def scheduler_mock_forward(self, seconds: int) -> None: ...

    def loaded_wallets(self) -> list[str]:
        return []

    def wallets(self) -> Wallets:
        raise NotImplementedError


class FakeInit(NodeInit):
    def __init__(self, loader: FakeLoader) -> None:
        self.loader = loader
        self.hook: Callable[[], None] | None = None

    def make_echo(self) -> Echo:
        raise NotImplementedError

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        return self.loader

    def on_wallet_gone(self, hook: Callable[[], None]) -> None:
        self.hook = hook


@pytest.fixture
def table() -> RpcTable:
    table = RpcTable()
    table.add([RpcCommand("control", "uptime", (), Answer(1))])
    table.finish_warmup()
    return table


@pytest.fixture
def router(table: RpcTable) -> WalletRouter:
    return WalletRouter(table)


@pytest.fixture
def shape(router: WalletRouter) -> FakeInit:
    return FakeInit(FakeLoader(router))


@pytest.fixture
def context(table: RpcTable, router: WalletRouter) -> Any:
    return SimpleNamespace(
        args=ArgsManager(()),
        chain=None,
        rpc_table=table,
        wallet_router=router,
        wallet_loader=None,
        announcer=Announcer(),
    )


def connected(context: Any, shape: FakeInit) -> WalletPart:
    part = WalletPart(cast(NodeContext, context), shape)
    part.connect()
    return part


def test_wallet_methods_tell_that_the_process_ended(context: Any, shape: FakeInit, table: RpcTable) -> None:
    connected(context, shape)
    before = table.execute(RpcRequest("getbalance", []))
    assert shape.hook is not None
    shape.hook()

    assert before == 5
    with pytest.raises(RpcError) as error:
        table.execute(RpcRequest("getbalance", []))
    assert (error.value.code, error.value.message) == (-18, WALLET_PROCESS_GONE)
    assert table.execute(RpcRequest("uptime", [])) == 1
    assert context.wallet_loader is None
    assert WALLET_PROCESS_GONE in table.help("getbalance", RpcRequest("help", []))


def test_a_call_that_loses_its_process_says_so(table: RpcTable) -> None:
    table.add([RpcCommand("wallet", "send", (), Answer(error=ConnectionResetError("gone")))])

    with pytest.raises(RpcError, match="wallet process"):
        table.execute(RpcRequest("send", []))


def test_a_wallet_that_cannot_be_loaded_ends_the_node(context: Any, shape: FakeInit) -> None:
    part = connected(context, shape)
    shape.loader.says = False

    with pytest.raises(InitError):
        part.verify()
    with pytest.raises(InitError):
        part.load()


def test_the_node_starts_and_stops_without_the_process(context: Any, shape: FakeInit) -> None:
    part = connected(context, shape)

    part.start()
    part.stop()

    assert shape.loader.calls == ["stop"]
    assert context.wallet_loader is None
