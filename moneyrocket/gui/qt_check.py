"""Says what keeps Qt from showing windows, before Qt ends the process without a word that helps."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping

X11 = (
    "libX11-xcb.so.1",
    "libxcb-cursor.so.0",
    "libxcb-glx.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-render.so.0",
    "libxcb-shape.so.0",
    "libxcb-shm.so.0",
    "libxcb-sync.so.1",
    "libxcb-util.so.1",
    "libxcb-xfixes.so.0",
    "libxcb-xkb.so.1",
    "libxcb.so.1",
    "libxkbcommon-x11.so.0",
)
"""What Qt's X11 platform takes from the system, as in depends/qt_libraries.py."""


def qt_problem(environ: Mapping[str, str] = os.environ) -> str:
    """Returns what to tell the user, with the command that helps; empty if windows can be shown."""
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ModuleNotFoundError:
        return "This build has no GUI: it was made with NO_QT=1. Build it anew without: nox -s depends build"
    except ImportError as error:
        library = str(error).partition(":")[0]
        hint = f"apt install {_package(library)}" if ".so." in library else "nox -s doctor tells what is missing"
        return f"Qt cannot be loaded: {error}. On Debian or Ubuntu: {hint}"
    if sys.platform != "linux" or environ.get("QT_QPA_PLATFORM"):
        return ""
    if environ.get("WAYLAND_DISPLAY"):
        return ""
    if not environ.get("DISPLAY"):
        return "There is no display to show windows on: neither DISPLAY nor WAYLAND_DISPLAY is set."
    absent = [name for name in X11 if not _loads(name)]
    if not absent:
        return ""
    return (
        f"Qt cannot show windows without {', '.join(absent)}. "
        f"On Debian or Ubuntu: apt install {' '.join(sorted(map(_package, absent)))}"
    )


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _package(library: str) -> str:
    stem, _, version = library.partition(".so.")
    return f"{stem.lower().replace('_', '-')}{'-' if stem[-1:].isdigit() else ''}{version}"
