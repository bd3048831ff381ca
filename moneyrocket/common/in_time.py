"""Asks something that may hang, without hanging along."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class InTime(Generic[T]):
    """Asks on a thread of its own. While one question hangs, no further one is asked.

    Args:
        name: name of the thread.
        ask: the question; `ConnectionError` counts as no answer.
    """

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name = name
        self._ask = ask
        self._lock = threading.Lock()
        self._answered: threading.Event | None = None
        self._answer: T | None = None

    def answer(self, timeout: float) -> T | None:
        """The answer, None if there is none within ``timeout`` seconds."""
        with self._lock:
            answered = self._answered
            if answered is None or answered.is_set():
                answered = self._answered = threading.Event()
                threading.Thread(target=self._run, args=(answered,), name=self._name, daemon=True).start()
        return self._answer if answered.wait(timeout) else None

    def _run(self, answered: threading.Event) -> None:
        try:
            self._answer = self._ask()
        except ConnectionError:
            self._answer = None
        finally:
            answered.set()
