"""Calls on worker threads."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from moneyrocket.gui.workers import Poll, Worker


def test_work_is_done_elsewhere_and_reported_here(qtbot: QtBot) -> None:
    worker = Worker("test")
    threads: list[threading.Thread] = []
    worker.call(threading.current_thread, lambda thread: threads.extend([thread, threading.current_thread()]))
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()
    worker.stop()


def test_errors_go_to_their_handler_or_to_the_signal(qtbot: QtBot) -> None:
    worker = Worker("test")
    handled: list[Exception] = []

    def fail() -> None:
        raise ValueError("no")

    worker.call(fail, None, handled.append)
    qtbot.waitUntil(lambda: len(handled) == 1)
    with qtbot.waitSignal(worker.failed) as failed:
        worker.call(fail)
    assert isinstance(failed.args[0], ValueError)
    worker.stop()


def test_stale_results_are_dropped(qtbot: QtBot) -> None:
    worker = Worker("test")
    gate = threading.Event()
    results: list[int] = []

    def first() -> int:
        gate.wait(10)
        return 1

    worker.call(first, results.append, key="question")
    worker.call(lambda: 2, results.append, key="question")
    worker.call(lambda: 3, results.append, key="question")
    gate.set()
    qtbot.waitUntil(lambda: bool(results))
    assert results == [3]
    worker.stop()


def test_results_for_someone_who_is_gone_are_dropped(qtbot: QtBot) -> None:
    worker = Worker("test")
    gate = threading.Event()
    results: list[bool] = []
    context = QObject()
    worker.call(lambda: gate.wait(10), results.append, context=context)
    context.deleteLater()
    with qtbot.waitSignal(context.destroyed):
        pass
    gate.set()
    over: list[int] = []
    worker.call(lambda: 1, over.append)
    qtbot.waitUntil(lambda: over == [1])
    assert results == []
    worker.stop()


def test_a_call_that_hangs_is_told_and_taken_back(qtbot: QtBot) -> None:
    worker = Worker("test", limit=0.05)
    gate = threading.Event()
    with qtbot.waitSignal(worker.stuck_changed) as stuck:
        worker.call(lambda: gate.wait(10))
    assert stuck.args == [True]
    with qtbot.waitSignal(worker.stuck_changed) as freed:
        gate.set()
    assert freed.args == [False]
    worker.stop()


def test_long_work_does_not_count_as_stuck(qtbot: QtBot) -> None:
    worker = Worker("test", limit=0.0)
    gate, begun = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return gate.wait(10)

    worker.call(work, patient=True)
    qtbot.waitUntil(begun.is_set)
    assert worker.waited() == 0.0
    gate.set()
    worker.stop()


def test_a_poll_waits_for_its_answer_before_it_asks_again(qtbot: QtBot) -> None:
    worker = Worker("test")
    gate = threading.Event()
    asked: list[int] = []
    answers: list[bool] = []

    def ask() -> bool:
        asked.append(1)
        return gate.wait(10)

    parent = QObject()
    poll = Poll(worker, ask, answers.append, 5, parent)
    poll.start()
    qtbot.waitUntil(lambda: len(asked) == 1)
    for _ in range(20):
        poll.ask()
    assert len(asked) == 1
    gate.set()
    qtbot.waitUntil(lambda: len(answers) > 2)
    poll.stop()
    worker.stop()
