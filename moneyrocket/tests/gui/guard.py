"""Notices interface calls on the GUI's thread: each of them may wait, and would freeze the window."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeHandler, FakeWallet, FakeWallets

PROPERTIES = frozenset({"chain", "can_reconnect", "attached_to"})
"""Members that are known to answer at once."""


def guard(monkeypatch: pytest.MonkeyPatch, offences: list[str]) -> None:
    """Note every call of an interface's method on the main thread."""
    for fake in (FakeNode, FakeSource, FakeWallet, FakeWallets, FakeHandler):
        for base in fake.__mro__[1:]:
            for name in getattr(base, "__abstractmethods__", ()):
                if name not in PROPERTIES:
                    monkeypatch.setattr(fake, name, _guarded(getattr(fake, name), f"{fake.__name__}.{name}", offences))


def _guarded(method: Callable[..., Any], name: str, offences: list[str]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            offences.append(name)
        return method(*arguments, **named)

    return call
