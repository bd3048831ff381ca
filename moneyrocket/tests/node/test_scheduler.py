"""The scheduler thread and the order of notifications."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from moneyrocket.node.scheduler import Scheduler, SerialQueue
from moneyrocket.node.signals import ValidationSignals, ValidationSubscriber
from moneyrocket.primitives.block import BlockLocator

PATIENCE = 10.0


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler()
    scheduler.start()
    yield scheduler
    scheduler.stop()


class Listener(ValidationSubscriber):
    def __init__(self) -> None:
        self.seen: list[int] = []
        self.threads: set[str] = set()

    def chain_state_flushed(self, locator: BlockLocator) -> None:
        self.seen.append(len(locator.hashes))
        self.threads.add(threading.current_thread().name)


def test_jobs_run_when_due_and_time_can_be_moved(scheduler: Scheduler) -> None:
    order: list[str] = []
    done = threading.Event()

    def later() -> None:
        order.append("later")
        done.set()

    scheduler.schedule(later, delay=3600)
    scheduler.schedule(lambda: order.append("sooner"), delay=1800)

    scheduler.mock_forward(3600)

    assert done.wait(PATIENCE)
    assert order == ["sooner", "later"]


def test_a_repeated_job_repeats(scheduler: Scheduler) -> None:
    runs = threading.Semaphore(0)
    scheduler.schedule_every(runs.release, 600)

    for _ in range(3):
        scheduler.mock_forward(600)
        assert runs.acquire(timeout=PATIENCE)


def test_a_failing_job_does_not_end_the_thread(scheduler: Scheduler) -> None:
    done = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    scheduler.schedule(fail)
    scheduler.schedule(done.set)

    assert done.wait(PATIENCE)


def test_events_arrive_in_order_on_the_scheduler_thread(scheduler: Scheduler) -> None:
    signals = ValidationSignals(SerialQueue(scheduler))
    listener = Listener()
    signals.subscribe(listener)

    for count in range(50):
        signals.chain_state_flushed(BlockLocator((bytes(32),) * count))
    signals.sync()

    assert listener.seen == list(range(50))
    assert listener.threads == {"scheduler"}


def test_nothing_more_arrives_after_the_end_of_a_subscription(scheduler: Scheduler) -> None:
    signals = ValidationSignals(SerialQueue(scheduler))
    listener = Listener()
    signals.subscribe(listener)
    signals.chain_state_flushed(BlockLocator())
    signals.sync()

    signals.unsubscribe(listener)
    signals.chain_state_flushed(BlockLocator())
    signals.sync()

    assert listener.seen == [0]
