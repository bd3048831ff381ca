"""Mail from other threads."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from moneyrocket.gui.mailbox import Mailbox

THREADS = 4
EACH = 500


class Item:
    """Something that can be watched as it goes."""


def test_everything_arrives_in_the_order_of_each_sender(qtbot: QtBot) -> None:
    parent = QObject()
    got: list[tuple[int, int]] = []
    box = Mailbox(got.append, parent)

    def send(sender: int) -> None:
        for number in range(EACH):
            box.outbox.post([(sender, number)])

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(THREADS)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(got) == THREADS * EACH)
    for thread in threads:
        thread.join()
    for sender in range(THREADS):
        assert [number for who, number in got if who == sender] == list(range(EACH))


def test_the_sender_does_not_keep_what_was_read(qtbot: QtBot) -> None:
    parent = QObject()
    read: list[weakref.ref[Item]] = []
    box = Mailbox(lambda item: read.append(weakref.ref(item)), parent)
    cell = [Item()]
    box.outbox.post(cell)
    qtbot.waitUntil(lambda: bool(read))
    gc.collect()
    assert cell == []
    assert read[0]() is None


def test_mail_for_a_box_that_is_gone_does_no_harm(qtbot: QtBot) -> None:
    parent = QObject()
    got: list[int] = []
    outbox = Mailbox(got.append, parent).outbox
    parent.deleteLater()
    with qtbot.waitSignal(parent.destroyed):
        pass
    for number in range(10_000):
        outbox.post([number])
    assert got == []
