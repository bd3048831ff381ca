"""Says what this machine lacks before anyone waits for a build."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.errors import FatalError, ToolchainError
from depends.qt_libraries import ALWAYS, X11, install_command, missing
from depends.toolchain import find_compiler, install_hint, python_headers
from depends.triplet import machine_triplet
from depends.wine import INSTALL_WINE, find_wine

_NEEDED_SPACE = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        name: What was looked for.
        ok: It is there.
        detail: What was found, or the command that fixes it.
    """

    name: str
    ok: bool
    detail: str


def examine(root: Path, environ: Mapping[str, str] = os.environ, *, qt: bool = True) -> list[Finding]:
    """Checks everything that `depends` and `build` need from the system."""
    return [
        Finding("Python", sys.version_info >= (3, 11), f"{sys.version.split()[0]} at {sys.executable}"),
        _checked("system", machine_triplet),
        _checked("C++ compiler", lambda: find_compiler(environ).detail),
        _headers(),
        _module("venv", "ensurepip"),
        _tool("git", environ, needed=True),
        _tool("cmake", environ, needed=False),
        _tool("ninja", environ, needed=False),
        *(qt_findings() if qt else ()),
        _wine(environ),
        _space(root),
    ]


def qt_findings() -> list[Finding]:
    """Checks what Qt takes from the system. What only a display needs is told, but nothing is wrong without it."""
    absent = missing(ALWAYS)
    on_display = missing(X11)
    display = f"for windows on a display, on Debian or Ubuntu: {install_command(on_display)}" if on_display else "there"
    if not absent:
        return [Finding("Qt libraries", True, "there"), Finding("Qt on a display", True, display)]
    fix = f"{', '.join(absent)} not found; on Debian or Ubuntu: {install_command([*absent, *on_display])}"
    return [Finding("Qt libraries", False, f"{fix} (or do without the GUI: NO_QT=1)")]


def require_healthy(findings: list[Finding]) -> None:
    """Raises when anything is missing.

    Raises:
        ToolchainError: Something is; the message says what, and how to get it.
    """
    missing = [f"{finding.name}: {finding.detail}" for finding in findings if not finding.ok]
    if missing:
        raise ToolchainError("this machine is not ready:\n  " + "\n  ".join(missing))


def _checked(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except FatalError as error:
        return Finding(name, False, str(error))


def _headers() -> Finding:
    path = python_headers()
    if path.is_file():
        return Finding("Python headers", True, str(path))
    return Finding("Python headers", False, f"{path} is missing; {install_hint()}")


def _module(name: str, module: str) -> Finding:
    try:
        __import__(module)
    except ModuleNotFoundError:
        return Finding(name, False, f"Python has no {module}; {install_hint()}")
    return Finding(name, True, "there")


def _tool(name: str, environ: Mapping[str, str], *, needed: bool) -> Finding:
    path = shutil.which(name, path=environ.get("PATH"))
    if path:
        return Finding(name, True, path)
    if needed:
        return Finding(name, False, f"not found; on Debian or Ubuntu: apt install {name}")
    return Finding(name, True, "not found; it will be fetched with the other build tools")


def _wine(environ: Mapping[str, str]) -> Finding:
    path = find_wine(environ)
    return Finding("wine", True, str(path) if path else f"not found; only nox -s wine needs it: {INSTALL_WINE}")


def _space(root: Path) -> Finding:
    free = shutil.disk_usage(root).free
    return Finding("disk space", free >= _NEEDED_SPACE, f"{free / 1e9:.1f} GB free of {_NEEDED_SPACE / 1e9:.0f} needed")
