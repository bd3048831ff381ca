"""Telling desktop programs what happens, and not following anything while there are none."""

from __future__ import annotations

import threading

import pytest

from moneyrocket.interfaces.node import NodeNotifications
from moneyrocket.node.announcer import Announcer

PATIENCE = 30


class Watching(NodeNotifications):
    """Remembers steps; the event is set at the last one."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.last = threading.Event()

    def init_message(self, message: str) -> None:
        self.steps.append(message)
        if message == "last":
            self.last.set()


@pytest.fixture
def announcer() -> Announcer:
    return Announcer()


def test_nothing_is_followed_before_somebody_watches(announcer: Announcer) -> None:
    begun: list[str] = []
    announcer.when_watched(lambda: begun.append("begun"))
    assert begun == []

    announcer.watch(NodeNotifications())
    announcer.watch(NodeNotifications()).disconnect()

    assert begun == ["begun"]


def test_what_is_watched_already_is_followed_at_once(announcer: Announcer) -> None:
    begun: list[str] = []
    announcer.watch(NodeNotifications())

    announcer.when_watched(lambda: begun.append("begun"))

    assert begun == ["begun"]


def test_everybody_is_told_until_he_leaves(announcer: Announcer) -> None:
    stays, leaves = Watching(), Watching()
    announcer.watch(stays)
    announcer.watch(leaves).disconnect()

    announcer.init_message("last")

    assert stays.last.wait(PATIENCE)
    assert leaves.steps == []
    assert announcer.is_watched


def test_who_comes_late_is_told_first_which_step_is_under_way(announcer: Announcer) -> None:
    late = Watching()
    announcer.watch(late, "Verifying blocks…")

    announcer.init_message("last")

    assert late.last.wait(PATIENCE)
    assert late.steps == ["Verifying blocks…", "last"]
