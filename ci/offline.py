"""Proves that `depends` needs no network once the sources are fetched."""

import os
import shutil
import subprocess
import sys

from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress

# What `depends` reads; nothing else of the tree is there when it runs.
_NEEDED = ("depends", "recipes", "requirements")


def network_remover() -> list[str] | None:
    """The command that runs another one without a network, or None where this user may not."""
    tool = shutil.which("unshare")
    for command in ([tool, "-n"], [tool, "-rn"]) if tool else ():
        words = [word for word in command if word]
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    return None


def check_offline(layout: Layout, remover: list[str], progress: Progress) -> None:
    """Builds the multiprocess prefix in an empty copy of the tree, with the sources fetched before and no network.

    Raises:
        BuildError: It fails.
    """
    copy = layout.root / "build" / "offline"
    shutil.rmtree(copy, ignore_errors=True)
    for name in _NEEDED:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", name],
            cwd=layout.root,
            capture_output=True,
            text=True,
            check=True,
        )
        for file in filter(None, listed.stdout.split("\0")):
            if (layout.root / file).is_file():
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(layout.root / file, copy / file)
    with progress.step("depends from nothing, without a network"):
        run_logged(
            [*remover, sys.executable, "-m", "depends", "MULTIPROCESS=1", f"SOURCES_PATH={layout.sources}"],
            title="offline depends",
            log=layout.logs / "offline.log",
            progress=progress,
            env=clean_environment(os.environ),
            cwd=copy,
        )
    shutil.rmtree(copy)
