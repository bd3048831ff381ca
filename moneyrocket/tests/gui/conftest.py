"""Fixtures of the GUI's tests: no screen, no files outside a temporary folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.options import GuiOptions
from moneyrocket.gui.session import State
from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallet, FakeWallets, history
from moneyrocket.tests.gui.guard import guard
from moneyrocket.tests.gui.sample import LABELS

StartDesktop = Callable[..., Desktop]

PATIENCE_MS = 60_000
"""How long a test waits for something, in milliseconds, so that a busy machine fails none."""


class PatientQtBot(QtBot):
    """Waits longer than pytest-qt would."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        """See `QtBot.waitUntil`."""
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qtbot: QtBot, request: pytest.FixtureRequest) -> QtBot:
    """The plugin's, whose application and clean-up it shares."""
    return PatientQtBot(request)


@pytest.fixture(autouse=True)
def no_call_on_the_gui_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test in which an interface was called on the GUI's thread."""
    offences: list[str] = []
    guard(monkeypatch, offences)
    yield
    assert offences == []


@pytest.fixture
def wallet() -> FakeWallet:
    """A wallet with a short history."""
    return FakeWallet("Savings", history(30, LABELS))


@pytest.fixture
def node(wallet: FakeWallet) -> FakeNode:
    """A node with that wallet."""
    return FakeNode(FakeWallets([wallet]))


@pytest.fixture
def source(node: FakeNode) -> FakeSource:
    """Gives out that node."""
    return FakeSource(node)


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[StartDesktop]:
    """Starts the program over a source, and ends it after the test."""
    made: list[Desktop] = []

    def make(source: FakeSource, *, ready: bool = True) -> Desktop:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        options = GuiOptions("moneyrocket-qt", source.chain, tmp_path)
        desktop = Desktop(application, source, options, processes=source.can_reconnect)
        made.append(desktop)
        desktop.window.show()
        desktop.session.begin()
        if ready:
            qtbot.waitUntil(lambda: desktop.session.state is State.READY)
            component = source.node.wallet_component
            if component is not None:
                wanted = len(component.open)
                qtbot.waitUntil(lambda: len(desktop.session.open_wallets) == wanted)
        return desktop

    yield make
    for desktop in made:
        for each in desktop.session.source.nodes if isinstance(desktop.session.source, FakeSource) else []:
            each.gate.set()
            each.start_gate.set()
        desktop.session.stop()
        qtbot.waitUntil(partial(_stopped, desktop))
        desktop.window.close()
        desktop.end()
        desktop.window.deleteLater()
        desktop.session.deleteLater()
        desktop.theme.deleteLater()
        # Now: the next test's style sheet would be given to windows that are half gone.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desktop(start: StartDesktop, source: FakeSource) -> Desktop:
    """The program, ready, with one wallet."""
    return start(source)


def _stopped(desktop: Desktop) -> bool:
    return desktop.session.state is State.STOPPED
