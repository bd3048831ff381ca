"""The binding between Python and Qt keeps references."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

CALLS = 500


class Sender(QObject):
    """Something with a signal."""

    sent = Signal()


def test_calls_do_not_lose_references_to_none_and_true(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses one a call on Pythons without immortal objects, which then end with a fatal error."""
    sender = Sender()
    sender.sent.connect(lambda: None)
    spare = [[None] * CALLS * 10, [True] * CALLS * 10]
    before = [sys.getrefcount(value) for value in (None, True)]
    for _ in range(CALLS):
        sender.sent.emit()
        sender.setObjectName("name")
        sender.property("nothing")
    after = [sys.getrefcount(value) for value in (None, True)]
    assert [new - old for new, old in zip(after, before, strict=True)] >= [-CALLS // 10, -CALLS // 10]
    del spare
