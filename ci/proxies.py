"""Generates the proxies into the working tree, for checks that run on it rather than on a build."""

import hashlib
import os
from pathlib import Path

from depends.environments import Environment
from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress

_INPUTS = ("moneyrocket/ipc/capnp", "moneyrocket/interfaces", "moneyrocket/primitives", "hatch_build.py")


def generate_proxies(layout: Layout, environment: Environment, wheels: tuple[Path, ...], progress: Progress) -> None:
    """Writes moneyrocket/ipc/generated unless it was made from just these files.

    Args:
        layout: The tree.
        environment: Has libmultiprocess and hatchling.
        wheels: The wheels that `environment` got libmultiprocess from.
        progress: Where progress is shown.

    Raises:
        BuildError: mpgen refuses a schema.
    """
    digest = hashlib.sha256()
    for path in (*_files(layout.root), *wheels):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    stamp = layout.root / "moneyrocket" / "ipc" / "generated" / ".made-from"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest.hexdigest():
        return
    with progress.step("proxies"):
        run_logged(
            [str(environment.python), str(layout.root / "hatch_build.py")],
            title="proxies",
            log=layout.logs / "proxies.log",
            progress=progress,
            env=clean_environment(os.environ),
            cwd=layout.root,
        )
    stamp.write_text(digest.hexdigest(), encoding="utf-8")


def _files(root: Path) -> list[Path]:
    files: list[Path] = []
    for name in _INPUTS:
        path = root / name
        files += sorted(path.glob("*.py")) + sorted(path.glob("*.capnp")) if path.is_dir() else [path]
    return files
