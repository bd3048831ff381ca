"""Paths that policies are made of."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path


def python_paths() -> tuple[Path, ...]:
    """What a running Python reads later on: its own library, installed packages, this package, shared libraries."""
    package = Path(__file__).resolve().parent.parent
    found = {Path(sys.prefix), Path(sys.base_prefix), package, Path("/usr"), Path("/lib"), Path("/lib64")}
    # What a source tree is imported from holds more than packages.
    found |= {Path(entry) for entry in sys.path if entry and Path(entry).resolve() not in (package.parent, Path.cwd())}
    files = ("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/null", "/proc/self", "/proc/cpuinfo")
    return (*sorted(found), *map(Path, files))


def own_thread_paths() -> tuple[Path, ...]:
    """Where names of this process's threads are written, and what swallows output."""
    return (Path("/proc/self/task"), Path("/dev/null"))


def around(paths: Iterable[Path], hidden: Iterable[Path]) -> tuple[Path, ...]:
    """Leave hidden folders out of allowed ones, by naming what is beside them instead.

    Args:
        paths: allowed files and folders.
        hidden: folders that must not be seen through any of them.

    Returns:
        Paths none of which holds, is, or lies in a hidden one. What is made beside a hidden folder later is left out.
    """
    secret = [Path(os.path.realpath(path)) for path in hidden]
    return tuple(found for path in paths for found in _around(Path(os.path.realpath(path)), secret))


def _around(path: Path, hidden: list[Path]) -> Iterable[Path]:
    if any(path.is_relative_to(secret) for secret in hidden):
        return
    if not any(secret.is_relative_to(path) for secret in hidden):
        yield path
        return
    try:
        children = sorted(path.iterdir())
    except OSError:
        return
    for child in children:
        # What a link leads to is allowed by its own path, or not at all.
        if not child.is_symlink():
            yield from _around(child, hidden)
