"""Lets a desktop program be used as a user would: clicks, types, reads what the widgets show.

Run by the interpreter of a build in place of the program's launcher, with the arguments EXECUTABLE FLOW SECONDS
OPTION... It prints one JSON object a line for each step reached, and ends the process with status 1 after one with
``failed`` in it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from functional_tests.framework import desktop_attach_flows, desktop_flows
from functional_tests.framework.desktop_user import Flow, Steps, Waiting, appears, found, step
from moneyrocket.gui.main_window import MainWindow

LOOK_MS = 20
"""How often a condition is looked at."""

FLOWS: dict[str, Flow] = {**desktop_flows.FLOWS, **desktop_attach_flows.FLOWS}


def whole(flow: Flow) -> Steps[None]:
    """A flow between the window's appearance and its end."""
    window = yield from appears(MainWindow)
    step("window", title=window.windowTitle())
    yield from flow(window)
    step("close")
    window.close()
    yield "the window's end", lambda: False


class Driver:
    """Takes the next step whenever what it waits for has come.

    Args:
        steps: The steps.
        limit: Seconds that one wait may take.
    """

    def __init__(self, steps: Steps[None], limit: float) -> None:
        self._steps = steps
        self._limit = limit
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._waiting: Waiting = ("the event loop", lambda: True)
        self._deadline = time.monotonic() + limit
        self._timer.start(LOOK_MS)

    def _look(self) -> None:
        # An exception must not be lost in Qt, nor keep the program open.
        try:
            words, has_come = self._waiting
            if has_come():
                self._waiting = next(self._steps)
                self._deadline = time.monotonic() + self._limit
            elif time.monotonic() > self._deadline:
                fail(f"{words}: not within {self._limit:.0f} s\n{seen()}")
        except BaseException:
            fail(traceback.format_exc())


def seen() -> str:
    """What the window shows, for a report."""
    window = found(MainWindow)
    if window is None:
        return "no window"
    widgets = window.findChildren(QWidget)
    texts = [
        str(text()) for text in (getattr(each, "text", None) for each in widgets if each.isVisible()) if callable(text)
    ]
    return " | ".join(filter(None, texts))


def fail(reason: str) -> None:
    """Tell why it went no further, and end at once."""
    print(json.dumps({"failed": reason}), flush=True)
    os._exit(1)


def drive(flow: str, limit: float) -> None:
    """Let the steps begin with the event loop."""
    run_loop = QApplication.exec

    def run_driven() -> int:
        driver = Driver(whole(FLOWS[flow]), limit)
        status = run_loop()
        del driver
        return status

    QApplication.exec = staticmethod(run_driven)  # type: ignore[method-assign]


def main() -> int:
    """Run the program that the command line names."""
    executable, flow, limit, *options = sys.argv[1:]
    sys.argv = [executable, *options]
    drive(flow, float(limit))
    program = importlib.import_module("moneyrocket.init." + Path(executable).name.replace("-", "_"))
    status: int = program.main()
    return status
