"""Messages to those who may be slow."""

from __future__ import annotations

import threading

from moneyrocket.common.in_time import InTime
from moneyrocket.common.outbox import Outbox


def test_jobs_run_in_order_and_replace_those_with_the_same_key() -> None:
    outbox = Outbox("test")
    running, go, done = threading.Event(), threading.Event(), threading.Event()
    ran: list[str] = []

    def first() -> None:
        running.set()
        go.wait(10)

    outbox.put(first)
    running.wait(10)
    outbox.put(lambda: ran.append("old tip"), "tip")
    outbox.put(lambda: ran.append("message"))
    outbox.put(lambda: ran.append("new tip"), "tip")
    outbox.put(done.set)
    go.set()

    assert done.wait(10)
    assert ran == ["new tip", "message"]
    outbox.close()


def test_a_receiver_that_is_gone_ends_it_and_one_that_fails_does_not() -> None:
    outbox = Outbox("test")
    told = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    def lose() -> None:
        raise ConnectionResetError

    outbox.put(fail)
    outbox.put(told.set)
    assert told.wait(10)
    outbox.put(lose)
    outbox.close()
    ran: list[int] = []
    outbox.put(lambda: ran.append(1))

    assert outbox.closed
    assert ran == []


def test_a_job_may_close_it() -> None:
    outbox = Outbox("test")
    done = threading.Event()

    def end() -> None:
        outbox.close()
        done.set()

    outbox.put(end)

    assert done.wait(10)


def test_jobs_wait_for_company() -> None:
    outbox = Outbox("test", delay=0.05)
    done = threading.Event()
    ran: list[int] = []
    for number in range(100):
        outbox.put(lambda number=number: ran.append(number), "tip")  # type: ignore[misc]
    outbox.put(done.set)

    assert done.wait(10)
    assert ran == [99]
    outbox.close()


def test_a_question_that_hangs_is_asked_once() -> None:
    release, asked = threading.Event(), threading.Semaphore(0)

    def ask() -> int:
        asked.release()
        release.wait(10)
        return 7

    question = InTime("test", ask)

    assert question.answer(0.01) is None
    assert question.answer(0.01) is None
    release.set()
    assert question.answer(10) == 7
    assert asked.acquire(blocking=False)
    assert not asked.acquire(blocking=False)


def test_no_connection_is_no_answer() -> None:
    def ask() -> int:
        raise ConnectionResetError

    assert InTime("test", ask).answer(10) is None
