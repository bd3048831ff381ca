"""What keeps Qt from showing windows is told before Qt is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from moneyrocket.gui.qt_check import qt_problem


def test_problems_are_told() -> None:
    assert qt_problem({"QT_QPA_PLATFORM": "offscreen"}) == ""
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in qt_problem({})


@pytest.mark.parametrize("module", ["moneyrocket_qt", "moneyrocket_gui"])
def test_desktop_programs_without_a_display_say_so(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)

    command = [sys.executable, "-m", f"moneyrocket.init.{module}", f"-datadir={tmp_path}", "-regtest"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert done.stderr == (
        "Error: There is no display to show windows on: neither DISPLAY nor WAYLAND_DISPLAY is set.\n"
    )
