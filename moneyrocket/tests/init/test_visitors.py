"""Which wallet processes a node takes in, and when."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.settings import Settings
from moneyrocket.init.visiting_wallets import VisitingLoader
from moneyrocket.init.visitors import VisitorInit
from moneyrocket.init.wallet_visitors import WalletVisitorInit
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component, GlobalArgs, NotOfferedError
from moneyrocket.interfaces.rpc import RpcCommand, RpcHandler, RpcRequest
from moneyrocket.node.announcer import Announcer
from moneyrocket.node.signals import Immediate, ValidationSignals
from moneyrocket.rpc.table import RpcTable
from moneyrocket.rpc.text_calls import TextRpc
from moneyrocket.rpc.wallet_router import WalletRouter

WALLET = Component("moneyrocket-wallet", "v9", PROTOCOL_VERSION, "regtest")
PATIENCE = 10.0


class Loader(VisitingLoader):
    """Wallets of another process; remembers the time that it was told."""

    def __init__(self) -> None:
        self.time: int | None = None

    def set_mock_time(self, time: int) -> None:
        self.time = time

    def loaded_wallets(self) -> list[str]:
        return ["w"]


class Answer(RpcHandler):
    def call(self, request: RpcRequest) -> str:
        return f"{request.method} {request.uri}"


@pytest.fixture
def context() -> Any:
    table = RpcTable()
    table.finish_warmup()
    made = SimpleNamespace(
        args=ArgsManager((), Settings()),
        params=SimpleNamespace(name="regtest"),
        announcer=Announcer(),
        rpc_table=table,
        wallet_router=WalletRouter(table),
        signals=ValidationSignals(Immediate()),
        startup_over=threading.Event(),
        shutdown=threading.Event(),
    )
    made.startup_over.set()
    return made


def refusal(context: Any, component: Component) -> str:
    with pytest.raises(NotOfferedError) as caught:
        VisitorInit(context).attach_wallet(component, Loader())
    return str(caught.value)


def test_a_wallet_process_offers_its_methods_through_the_node(context: Any) -> None:
    chain = VisitorInit(context).attach_wallet(WALLET, Loader())

    handler = chain.handle_rpc(RpcCommand("wallet", "getbalance", (), Answer()))

    assert context.rpc_table.execute(RpcRequest("getbalance", [], "/wallet/w")) == "getbalance /wallet/w"
    handler.disconnect()


def test_it_gets_the_nodes_time_and_none_of_its_settings(context: Any) -> None:
    clock.set_mock_time(1_700_000_000)
    loader = Loader()
    try:
        chain = VisitorInit(context).attach_wallet(WALLET, loader)
    finally:
        clock.set_mock_time(0)

    assert loader.time == 1_700_000_000
    assert chain.get_rw_setting("wallet") is None
    assert not chain.update_rw_setting("wallet", ["w"])


def test_another_version_or_chain_is_refused_with_both_names(context: Any) -> None:
    version = refusal(context, replace(WALLET, protocol=PROTOCOL_VERSION + 1))
    chain = refusal(context, replace(WALLET, chain="signet"))

    assert f"moneyrocket-wallet v9 (protocol {PROTOCOL_VERSION + 1})" in version
    assert f"(protocol {PROTOCOL_VERSION})" in version
    assert "Use the same version of both" in version
    assert "signet" in chain
    assert "regtest" in chain


def test_one_that_comes_early_waits_for_the_end_of_start_up(context: Any) -> None:
    context.startup_over.clear()
    taken = threading.Event()

    def attach() -> None:
        VisitorInit(context).attach_wallet(WALLET, Loader())
        taken.set()

    thread = threading.Thread(target=attach, daemon=True)
    thread.start()
    early = taken.is_set()
    context.startup_over.set()

    assert not early
    assert taken.wait(PATIENCE)


def test_a_node_that_stops_takes_nobody_in(context: Any) -> None:
    context.shutdown.set()

    assert refusal(context, WALLET) == "The node is stopping."
    assert context.wallet_router.loaders() == []


def test_a_wallet_process_answers_programs_that_connect(context: Any) -> None:
    context.rpc_table.add((RpcCommand("wallet", "getbalance", (), Answer()),))
    rpc = TextRpc(context.rpc_table.execute, lambda user, method: True)
    init = WalletVisitorInit(rpc, "regtest", lambda title, remote: None)

    answer = init.make_rpc().execute_rpc('{"method": "getbalance", "id": 1}', "/wallet/w", "")

    assert "getbalance /wallet/w" in answer
    assert init.make_echo().echo("x") == "x"
    with pytest.raises(NotOfferedError):
        init.make_wallet_loader(GlobalArgs("{}"), context)
