"""Pins every Python package anew: `requirements/*.in` are resolved into `requirements/*.txt`."""

import os
import re
from pathlib import Path

from depends.environments import WINDOWS, ensure_environment
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
    inputs = sorted(path for path in layout.requirements.glob("*.in") if path.stem != WINDOWS)
    together = layout.work / "all-requirements.txt"
    together.parent.mkdir(parents=True, exist_ok=True)
    _compile(uv, inputs, together, [], layout, progress)
    for path in inputs:
        constraints = ["--generate-hashes", "--constraint", str(together)]
        _compile(uv, [path], path.with_suffix(".txt"), constraints, layout, progress)
    _lock_windows(uv, together, layout, progress)


def _lock_windows(uv: Path, together: Path, layout: Layout, progress: Progress) -> None:
    """Resolves what runs under Wine: one system, one Python, the other files' versions but for what is overridden."""
    path, override = (layout.requirements / f"{WINDOWS}{suffix}" for suffix in (".in", ".override"))
    overridden = overridden_packages(override)
    blocks = re.split(r"^(?=\S)", together.read_text(encoding="utf-8"), flags=re.MULTILINE)
    constraints = layout.work / "windows-constraints.txt"
    kept = [block for block in blocks if block.partition("==")[0] not in overridden]
    constraints.write_text("".join(kept), encoding="utf-8")
    platform = ["--python-platform", "x86_64-pc-windows-msvc", "--python-version", "3.13"]
    extra = ["--generate-hashes", "--constraint", str(constraints), "--override", str(override), *platform]
    _compile(uv, [path], path.with_suffix(".txt"), extra, layout, progress, universal=False)


def overridden_packages(override: Path) -> set[str]:
    """Names of the packages that have another version under Wine than elsewhere."""
    lines = override.read_text(encoding="utf-8").splitlines()
    return {line.partition("==")[0] for line in lines if line[:1].isalpha()}


def _compile(
    uv: Path,
    inputs: list[Path],
    output: Path,
    extra: list[str],
    layout: Layout,
    progress: Progress,
    *,
    universal: bool = True,
) -> None:
    # Neither addresses nor annotations: the files say what, not where from.
    command = [str(uv), "pip", "compile", "--quiet", "--upgrade"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    if universal:
        command += ["--universal", "--python-version", _OLDEST_PYTHON]
    run_logged(
        [*command, *extra, *map(str, inputs), "--output-file", str(output)],
        title=f"locking {output.name}",
        log=layout.logs / "lock.log",
        progress=progress,
        env=clean_environment(os.environ),
        cwd=layout.root,
    )
