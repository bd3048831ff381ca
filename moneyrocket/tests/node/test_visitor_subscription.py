"""What a node does with wallet processes that are slow, broken or gone."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from moneyrocket.interfaces.chain import BlockInfo, ChainNotifications, RemovalReason
from moneyrocket.node import visitor_subscription
from moneyrocket.node.signals import Immediate, ValidationSignals
from moneyrocket.node.visitor_subscription import VisitorSubscription
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.transaction import Transaction

PATIENCE = 10.0


class Visitor(ChainNotifications):
    """Takes events in once it is let, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.lets = threading.Event()
        self.seen: list[object] = []

    def transaction_added_to_mempool(self, tx: Transaction) -> None:
        assert self.lets.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        self.seen.append(tx)

    def transaction_removed_from_mempool(self, tx: Transaction, reason: RemovalReason) -> None:
        self.seen.append((tx, reason))

    def block_connected(self, block: BlockInfo) -> None: ...

    def block_disconnected(self, block: BlockInfo) -> None: ...

    def updated_block_tip(self) -> None:
        self.seen.append("tip")

    def chain_state_flushed(self, locator: BlockLocator) -> None: ...


class Scene:
    """Signals with one visitor."""

    def __init__(self, visitor: Visitor) -> None:
        self.signals = ValidationSignals(Immediate())
        self.failures: list[str] = []
        self.failed = threading.Event()
        self.visitor = visitor
        self.subscription = VisitorSubscription(self.signals, visitor, self._fail)

    def _fail(self, reason: str) -> None:
        self.failures.append(reason)
        self.failed.set()

    def send(self, number: int) -> None:
        """One event."""
        self.signals.transaction_added_to_mempool(cast(Any, number), number)


def test_events_arrive_in_order_and_sync_waits_for_them() -> None:
    scene = Scene(Visitor())
    scene.visitor.lets.set()

    for number in range(50):
        scene.send(number)
    scene.signals.transaction_removed_from_mempool(cast(Any, 7), RemovalReason.EXPIRY, 1)
    scene.signals.updated_block_tip(cast(Any, SimpleNamespace()), None, False)
    scene.subscription.sync()

    assert scene.visitor.seen == [*range(50), (7, RemovalReason.EXPIRY), "tip"]
    scene.subscription.disconnect()
    scene.send(51)
    scene.subscription.sync()
    assert len(scene.visitor.seen) == 52


def test_nobody_waits_for_a_visitor_who_is_slow() -> None:
    scene = Scene(Visitor())

    for number in range(20):
        scene.send(number)
    seen = list(scene.visitor.seen)
    scene.visitor.lets.set()
    scene.subscription.sync()

    assert seen == []
    assert scene.visitor.seen == [*range(20)]


def test_a_visitor_who_hangs_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_subscription, "_STALL_SECONDS", 0.05)
    scene = Scene(Visitor())

    for number in range(200):
        scene.send(number)

    assert scene.failures == ["it has taken in nothing for 0 seconds"]
    scene.visitor.lets.set()
    scene.subscription.disconnect()


def test_a_visitor_who_fails_is_left() -> None:
    scene = Scene(Visitor(ZeroDivisionError("a bug")))
    scene.visitor.lets.set()

    scene.send(1)
    scene.send(2)

    assert scene.failed.wait(PATIENCE)
    assert scene.failures == ["a bug"]


def test_a_visitor_who_is_gone_is_forgotten() -> None:
    scene = Scene(Visitor(ConnectionResetError("gone")))
    waiting = threading.Thread(target=scene.subscription.sync)

    scene.send(1)
    waiting.start()
    scene.visitor.lets.set()
    waiting.join(PATIENCE)

    assert not waiting.is_alive()
    assert scene.failures == []
