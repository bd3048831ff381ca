"""Which wallet component a node's wallet request goes to."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcHandler, RpcMode, RpcRequest
from moneyrocket.interfaces.wallet import WalletLoader, Wallets
from moneyrocket.rpc import wallet_router
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.table import WALLET_PROCESS_GONE, RpcTable
from moneyrocket.rpc.wallet_router import WALLET_PROCESS_LEFT, WalletComponent, WalletRouter

METHODS = ("getbalance", "listwallets", "listwalletdir", "createwallet", "unloadwallet")


class Loader(WalletLoader):
    """Has wallets, and is gone when told so."""

    def __init__(self, *wallets: str) -> None:
        self.names = list(wallets)
        self.gone = False
        self.times: list[int] = []

    def register_rpcs(self) -> None: ...

    def verify(self) -> bool:
        return True

    def load(self) -> bool:
        return True

    def start(self, schedule_rebroadcast: bool) -> None: ...

    def stop(self) -> None: ...

    def set_mock_time(self, time: int) -> None:
        if self.gone:
            raise ConnectionResetError("gone")
        self.times.append(time)

    def scheduler_mock_forward(self, seconds: int) -> None: ...

    def loaded_wallets(self) -> list[str]:
        if self.gone:
            raise ConnectionResetError("gone")
        return self.names

    def wallets(self) -> Wallets:
        raise NotImplementedError


class Method(RpcHandler):
    """Answers with its component's title."""

    def __init__(self, component: WalletComponent) -> None:
        self.component = component

    def call(self, request: RpcRequest) -> Json:
        loader = self.component.loader
        assert isinstance(loader, Loader)
        if loader.gone:
            raise ConnectionResetError("gone")
        if request.mode is RpcMode.GET_HELP:
            return "help"
        if request.method == "listwallets":
            return [*loader.names]
        if request.method == "listwalletdir":
            return {"wallets": [{"name": name, "warnings": [self.component.title]} for name in loader.names]}
        return self.component.title


class Scene:
    """A table and its router."""

    def __init__(self, *, forwards: bool = True) -> None:
        self.table = RpcTable()
        self.table.finish_warmup()
        self.router = WalletRouter(self.table, forwards=forwards)

    def join(self, title: str, *wallets: str, is_own: bool = False) -> WalletComponent:
        """A component comes and offers its methods."""
        component = WalletComponent(title, Loader(*wallets), is_own)
        self.router.join(component)
        for name in METHODS:
            self.router.offer(component, RpcCommand("wallet", name, (), Method(component)))
        return component

    def call(self, method: str, *params: Json, wallet: str | None = None, named: Any = None) -> Json:
        """Call a method."""
        uri = "/" if wallet is None else f"/wallet/{wallet}"
        return self.table.execute(RpcRequest(method, named if named is not None else [*params], uri))

    def refusal(self, call: Callable[[], object]) -> tuple[int, str]:
        """Code and text of the error that a call ends with."""
        with pytest.raises(RpcError) as caught:
            call()
        return caught.value.code, caught.value.message


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_wallet_is_found_where_it_is_loaded(scene: Scene) -> None:
    scene.join("one", "a")
    scene.join("two", "b", "c")

    assert scene.call("getbalance", wallet="a") == "one"
    assert scene.call("getbalance", wallet="c") == "two"
    assert scene.refusal(lambda: scene.call("getbalance", wallet="x"))[0] == RpcErrorCode.WALLET_NOT_FOUND


def test_without_a_name_the_only_wallet_of_all_is_meant(scene: Scene) -> None:
    scene.join("one")
    two = scene.join("two", "b")
    assert scene.call("getbalance") == "two"

    three = scene.join("three", "c")
    assert scene.refusal(lambda: scene.call("getbalance"))[0] == RpcErrorCode.WALLET_NOT_SPECIFIED

    for component in (two, three):
        component.loader.names.clear()  # type: ignore[attr-defined]
    assert scene.refusal(lambda: scene.call("getbalance"))[0] == RpcErrorCode.WALLET_NOT_FOUND


def test_a_single_component_answers_for_itself(scene: Scene) -> None:
    scene.join("one", "a", "b")

    assert scene.call("getbalance") == "one"
    assert scene.call("getbalance", wallet="unknown") == "one"


def test_lists_are_joined(scene: Scene) -> None:
    scene.join("visitor", "b", "a")
    scene.join("own", "a", is_own=True)

    assert scene.call("listwallets") == ["a", "b"]
    assert scene.call("listwalletdir") == {
        "wallets": [{"name": "a", "warnings": ["own"]}, {"name": "b", "warnings": ["visitor"]}]
    }


def test_new_wallets_go_to_the_nodes_own_component(scene: Scene) -> None:
    scene.join("one")
    assert scene.call("createwallet", "w") == "one"

    scene.join("two")
    code, message = scene.refusal(lambda: scene.call("createwallet", "w"))
    assert code == RpcErrorCode.WALLET_NOT_SPECIFIED
    assert "moneyrocket-wallet -server" in message

    scene.join("own", is_own=True)
    assert scene.call("createwallet", "w") == "own"


def test_the_wallet_to_unload_may_be_a_parameter(scene: Scene) -> None:
    scene.join("one", "a")
    scene.join("two", "b")

    assert scene.call("unloadwallet", "b") == "two"
    assert scene.call("unloadwallet", named={"wallet_name": "b"}) == "two"
    assert scene.call("unloadwallet", named={"args": ["a"]}) == "one"


def test_of_two_wallets_of_one_name_the_first_counts_and_the_operator_is_warned(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    log = SimpleNamespace(warning=lambda text, *args: warnings.append(text % args))
    monkeypatch.setattr(wallet_router, "log", log)
    scene.join("one", "a")
    two = scene.join("two", "a", "b")

    scene.router.warn_of_doubles(two)

    assert [scene.call("getbalance", wallet="a") for _ in range(2)] == ["one", "one"]
    assert warnings == ['The wallet "a" of two cannot be reached through this node: one has one of that name']


def test_methods_of_components_that_left_say_so(scene: Scene) -> None:
    visitor = scene.join("visitor", "a")
    scene.router.leave(visitor)

    assert scene.refusal(lambda: scene.call("getbalance")) == (-18, WALLET_PROCESS_LEFT)
    assert WALLET_PROCESS_LEFT in scene.table.help("getbalance", RpcRequest("help", []))

    own = scene.join("own", is_own=True)
    scene.router.leave(own)
    assert scene.refusal(lambda: scene.call("getbalance")) == (-18, WALLET_PROCESS_GONE)


def test_a_component_that_leaves_during_a_call_may_have_done_it(scene: Scene) -> None:
    visitor = scene.join("visitor", "a")
    visitor.loader.gone = True  # type: ignore[attr-defined]

    code, message = scene.refusal(lambda: scene.call("getbalance"))

    assert code == -18
    assert "may have had its effect" in message


def test_dead_components_hide_no_wallets(scene: Scene) -> None:
    dead = scene.join("dead", "a")
    scene.join("alive", "b")
    dead.loader.gone = True  # type: ignore[attr-defined]

    assert scene.call("getbalance") == "alive"
    scene.router.tell_all(lambda loader: loader.set_mock_time(5))


def test_nothing_is_forwarded_when_that_is_off() -> None:
    scene = Scene(forwards=False)
    scene.join("one", "a")

    code, message = scene.refusal(lambda: scene.call("getbalance"))

    assert code == RpcErrorCode.METHOD_NOT_FOUND
    assert "-forwardwalletrpc=0" in message


def test_an_offer_ends_with_its_handler(scene: Scene) -> None:
    component = scene.join("one", "a")
    handler = scene.router.offer(component, RpcCommand("wallet", "late", (), Method(component)))
    handler.disconnect()
    handler.disconnect()

    assert scene.refusal(lambda: scene.call("late"))[0] == -18
