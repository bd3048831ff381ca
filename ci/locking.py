"""Pins every Python package anew: `requirements/*.in` are resolved into `requirements/*.txt`."""

import os
from pathlib import Path

from depends.environments import ensure_environment
from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress

_OLDEST_PYTHON = "3.11"


def lock_requirements(layout: Layout, progress: Progress) -> None:
    """Resolves all files together first, so that a package has one version in whichever file it appears.

    Raises:
        BuildError: The resolver fails.
    """
    uv = ensure_environment(layout, "lock", ["lock"], progress).bin / "uv"
    inputs = sorted(layout.requirements.glob("*.in"))
    together = layout.work / "all-requirements.txt"
    together.parent.mkdir(parents=True, exist_ok=True)
    _compile(uv, inputs, together, [], layout, progress)
    for path in inputs:
        constraints = ["--generate-hashes", "--constraint", str(together)]
        _compile(uv, [path], path.with_suffix(".txt"), constraints, layout, progress)


def _compile(uv: Path, inputs: list[Path], output: Path, extra: list[str], layout: Layout, progress: Progress) -> None:
    # Neither addresses nor annotations: the files say what, not where from.
    command = [str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", _OLDEST_PYTHON, "--upgrade"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    run_logged(
        [*command, *extra, *map(str, inputs), "--output-file", str(output)],
        title=f"locking {output.name}",
        log=layout.logs / "lock.log",
        progress=progress,
        env=clean_environment(os.environ),
        cwd=layout.root,
    )
