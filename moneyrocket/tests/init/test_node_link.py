"""How a wallet process stays attached to a node that comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.init import node_link
from moneyrocket.init.node_link import NodeLink
from moneyrocket.init.visiting_wallets import VisitingLoader
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.init import Component, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader
from moneyrocket.interfaces.wallet_values import WalletRequestError
from moneyrocket.ipc.connect import IpcConnectError
from moneyrocket.tests.wallet.fake_chain import FakeChain
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.linked_chain import LinkedChain
from moneyrocket.wallet.loader import WalletLoaderImpl

COMPONENT = Component("moneyrocket-wallet", "v1", 1, "regtest")
PATIENCE = 10.0


class FakeRemote:
    """A connection to a node."""

    def __init__(self, attach: Callable[[Component, WalletLoader], Chain]) -> None:
        self.init: Any = self
        self.attach_wallet = attach
        self.connected = True
        self.hooks: list[Callable[[], None]] = []
        self.closed = threading.Event()

    def on_disconnect(self, hook: Callable[[], None]) -> None:
        self.hooks.append(hook)

    def close(self) -> None:
        self.lose()
        self.closed.set()

    def lose(self) -> None:
        """The node is gone."""
        self.connected = False
        for hook in self.hooks:
            hook()


class Scene:
    """A link, and the nodes that it finds, one attempt after the other."""

    def __init__(self, datadir: Path) -> None:
        (datadir / "regtest" / "wallets").mkdir(parents=True)
        given: Any = {"datadir": [str(datadir)], "regtest": ["1"], "unsafesqlitesync": ["1"], "keypool": ["1"]}
        args = ArgsManager(NODE_OPTIONS, Settings(command_line=given, network="regtest"))
        self.node = FakeChain()
        self.stopping = threading.Event()
        self.chain = LinkedChain(args, self.stopping)
        self.loader = WalletLoaderImpl(args, self.chain)
        self.attempts: list[FakeRemote | Exception] = []
        self.made: list[FakeRemote] = []
        self.attached = threading.Semaphore(0)
        self.tried = threading.Semaphore(0)
        self.link = self.make_link(self._connect)

    def make_link(self, connect: Callable[[], FakeRemote] | None) -> NodeLink:
        """A link that finds nodes in a way of its own."""
        return NodeLink("unix:x", connect, COMPONENT, self.loader, self.chain, self.stopping)

    def _connect(self) -> FakeRemote:
        self.tried.release()
        if not self.attempts:
            raise IpcConnectError("unix:x: nobody there", absent=True)
        attempt = self.attempts.pop(0)
        if isinstance(attempt, Exception):
            raise attempt
        self.made.append(attempt)
        return attempt

    def attach(self, component: Component, loader: WalletLoader) -> Chain:
        """The node takes the wallets in."""
        assert component == COMPONENT
        assert isinstance(loader, VisitingLoader)
        self.attached.release()
        return self.node

    def remote(self) -> FakeRemote:
        """A connection to the node."""
        return FakeRemote(self.attach)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(node_link, "show_warning", lines.append)
    quiet = SimpleNamespace(info=lambda text, *args: None, warning=lambda text, *args: lines.append(text % args))
    monkeypatch.setattr(node_link, "log", quiet)
    return lines


@pytest.fixture
def scene(tmp_path: Path, told: list[str]) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.stopping.set()
    made.link.stop()
    made.loader.stop()
    made.link.close()


def wait(semaphore: threading.Semaphore, times: int = 1) -> None:
    for _ in range(times):
        assert semaphore.acquire(timeout=PATIENCE)


def wait_until(condition: Callable[[], bool]) -> None:
    done = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        done.wait(0.01)
    raise AssertionError("not in time")


def test_wallets_follow_the_node_and_their_methods_are_offered(scene: Scene) -> None:
    scene.loader.manager.create("w", WalletFlag(0))
    scene.attempts.append(scene.remote())

    scene.link.start()
    wait(scene.attached)
    wait_until(lambda: "getbalance" in scene.node.commands)

    wallet = scene.loader.manager.find("w")
    assert wallet is not None
    assert scene.chain.serves(wallet.handler)


def test_a_wallet_that_was_loaded_while_the_node_came_follows_too(scene: Scene) -> None:
    scene.attempts.append(scene.remote())
    scene.link.start()
    wait_until(lambda: "getbalance" in scene.node.commands)
    wallet, _ = scene.loader.manager.create("w", WalletFlag(0))
    wallet.handler = None

    for observer in scene.loader.manager.observers:
        observer(wallet)

    wait_until(lambda: scene.chain.serves(wallet.handler))


def test_a_lost_node_is_tried_again_and_told_of_once(scene: Scene, told: list[str]) -> None:
    scene.attempts += [scene.remote(), IpcConnectError("refused", absent=True), scene.remote()]
    scene.link.start()
    wait(scene.attached)
    wait_until(lambda: "getbalance" in scene.node.commands)

    scene.made[0].lose()
    wait(scene.attached)

    assert told == ["The node is away: the connection to unix:x was lost; it is tried again"]
    assert scene.made[0].closed.is_set()


def test_a_refusal_is_told_once_with_its_reason(scene: Scene, told: list[str]) -> None:
    def refuse(component: Component, loader: WalletLoader) -> Chain:
        raise NotOfferedError("wrong version")

    scene.attempts += [FakeRemote(refuse) for _ in range(3)]
    scene.link.start()
    wait(scene.tried, 4)

    assert told[0] == "The node is away: unix:x refused: wrong version; it is tried again"
    assert sum("refused" in line for line in told) == 1
    assert all(remote.closed.is_set() for remote in scene.made)


def test_a_wallet_that_cannot_follow_keeps_no_other_from_it(scene: Scene, told: list[str]) -> None:
    bad, _ = scene.loader.manager.create("bad", WalletFlag(0))
    good, _ = scene.loader.manager.create("good", WalletFlag(0))
    other = FakeChain()
    other.mine(b"\x52")
    bad.database.put_best_block(other.get_locator(), 1)
    scene.node.blocks[0] = scene.node.mine(b"\x53")
    scene.attempts.append(scene.remote())

    scene.link.start()
    wait_until(lambda: scene.chain.serves(good.handler) and "getbalance" in scene.node.commands)

    assert not scene.chain.serves(bad.handler)
    assert len([line for line in told if "[bad] The wallet does not follow the chain" in line]) == 1


def test_stopping_does_not_wait_for_the_node(scene: Scene) -> None:
    waiting, released = threading.Event(), threading.Event()

    def never(component: Component, loader: WalletLoader) -> Chain:
        waiting.set()
        released.wait(PATIENCE)
        raise ConnectionResetError("hung up")

    remote = FakeRemote(never)
    remote.hooks.append(released.set)
    scene.attempts.append(remote)
    scene.link.start()
    assert waiting.wait(PATIENCE)

    scene.stopping.set()
    scene.link.stop()

    assert released.is_set()


def test_a_node_that_comes_by_itself_is_used_like_one_that_was_found(scene: Scene, told: list[str]) -> None:
    scene.link = scene.make_link(None)
    scene.loader.manager.create("w", WalletFlag(0))
    first, second = scene.remote(), scene.remote()
    scene.link.start()

    scene.link.offer("the first", first)
    wait(scene.attached)
    wait_until(lambda: "getbalance" in scene.node.commands)
    first.lose()
    scene.link.offer("the second", second)
    wait(scene.attached)

    assert told == ["The node is away: the connection to the first was lost; it is waited for"]
    assert first.closed.is_set()
    assert not second.closed.is_set()


def test_a_node_that_comes_while_another_is_sought_need_not_wait(scene: Scene) -> None:
    scene.link.start()
    wait(scene.tried, 3)

    scene.link.offer("a node", scene.remote())

    wait(scene.attached)


def test_one_node_at_a_time(scene: Scene) -> None:
    scene.attempts.append(scene.remote())
    scene.link.start()
    wait(scene.attached)

    with pytest.raises(NotOfferedError, match=r"attached to a node already, unix:x\."):
        scene.link.offer("another", scene.remote())


def test_of_two_that_come_at_once_the_first_is_taken(scene: Scene) -> None:
    scene.link.offer("the first", scene.remote())

    with pytest.raises(NotOfferedError, match=r"attached to a node already, the first\."):
        scene.link.offer("the second", scene.remote())


def test_one_that_comes_while_another_is_found_is_hung_up_on(scene: Scene) -> None:
    late, found = scene.remote(), scene.remote()

    def connect() -> FakeRemote:
        scene.link.offer("late", late)
        return found

    scene.link = scene.make_link(connect)
    scene.link.start()
    wait(scene.attached)

    assert late.closed.is_set()
    assert not found.closed.is_set()


def test_none_comes_to_a_process_that_stops(scene: Scene) -> None:
    scene.link = scene.make_link(None)
    scene.link.start()
    scene.stopping.set()
    scene.link.stop()

    with pytest.raises(NotOfferedError, match="stopping"):
        scene.link.offer("a node", scene.remote())


def test_a_node_cannot_close_the_wallets_of_others(scene: Scene) -> None:
    visiting = VisitingLoader(scene.loader, shared=True)
    scene.loader.manager.create("w", WalletFlag(0))

    visiting.stop()
    visiting.register_rpcs()

    assert visiting.loaded_wallets() == ["w"]
    assert visiting.verify()
    assert visiting.load()


def test_wallets_may_be_kept_from_the_node(scene: Scene) -> None:
    scene.loader.manager.create("w", WalletFlag(0))
    visiting = VisitingLoader(scene.loader, shared=False)
    wallets = visiting.wallets()

    assert visiting.loaded_wallets() == []
    assert (wallets.loaded(), wallets.list_directory(), wallets.directory()) == ([], [], "")
    wallets.handle_loaded(lambda wallet: None).disconnect()
    assert wallets.process_stats().alive
    for refused in (lambda: wallets.load("w", None), lambda: wallets.unload("w", None)):
        with pytest.raises(WalletRequestError, match="-forwardwalletrpc=0"):
            refused()
