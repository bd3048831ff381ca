"""Pictures of every page of the desktop program: in both themes, at both scales, and written from right to left."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci.environments import test_environment
from depends.errors import FatalError
from depends.layout import Layout
from depends.process import clean_environment
from depends.progress import Progress

RUNS = {
    "light": ([], "1"),
    "dark": (["--theme", "dark"], "1"),
    "light-2x": ([], "2"),
    "dark-2x": (["--theme", "dark"], "2"),
    "rtl": (["--right-to-left"], "1"),
}
"""End of the file names: arguments, and device pixels in a pixel."""
COMMITTED = {
    "overview-light.png": "gui-overview.png",
    "overview-dark.png": "gui-overview-dark.png",
    "send-light.png": "gui-send.png",
    "receive-light.png": "gui-receive.png",
    "transactions-dark.png": "gui-transactions-dark.png",
    "peers-details-light.png": "gui-peers.png",
    "network-dark.png": "gui-network-dark.png",
    "mempool-light.png": "gui-mempool.png",
    "console-dark.png": "gui-console-dark.png",
    "processes-light.png": "gui-processes.png",
    "processes-attached-light.png": "gui-processes-attached.png",
    "node-away-dark.png": "gui-node-away-dark.png",
    "syncing-light.png": "gui-syncing.png",
}
"""Pictures that the documents show, and their names in docs/images."""
LARGEST = 100_000
"""Most bytes that a committed picture may have."""


class ScreenshotError(FatalError):
    """A page could not be drawn, or is too large to be committed."""


def take_screenshots(layout: Layout, progress: Progress, arguments: Sequence[str]) -> None:
    """Draws all pages into build/screenshots; with ``--commit`` copies the chosen ones to docs/images.

    Raises:
        ScreenshotError: A run failed.
    """
    folder = layout.root / "build" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    python = test_environment(layout, progress).python
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = [pool.submit(_draw, layout, progress, python, folder, suffix) for suffix in RUNS]
        failed = [suffix for suffix, run in zip(RUNS, runs, strict=True) if run.result()]
    if failed:
        raise ScreenshotError(f"pages could not be drawn: {', '.join(failed)}")
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder.relative_to(layout.root)}")
    if "--commit" in arguments:
        commit_pictures(folder, layout.root / "docs" / "images")


def _draw(layout: Layout, progress: Progress, python: Path, folder: Path, suffix: str) -> int:
    options, scale = RUNS[suffix]
    command = [str(python), "-m", "moneyrocket.tests.gui.screenshots", str(folder), "--suffix", suffix, *options]
    progress.command(command)
    environ = clean_environment(os.environ, PYTHONPATH=str(layout.root), QT_SCALE_FACTOR=scale)
    return subprocess.run(command, cwd=layout.root, env=environ, check=False).returncode


def commit_pictures(folder: Path, images: Path) -> None:
    """Copies the chosen pictures to where they are committed: all of them, or none.

    Raises:
        ScreenshotError: One is too large.
    """
    images.mkdir(exist_ok=True)
    for source in COMMITTED:
        size = (folder / source).stat().st_size
        if size > LARGEST:
            raise ScreenshotError(f"{source} has {size} bytes: pictures in docs/images have at most {LARGEST}")
    for source, name in COMMITTED.items():
        shutil.copyfile(folder / source, images / name)
