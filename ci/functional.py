"""Runs the functional suite on a build."""

import os
from collections.abc import Sequence
from pathlib import Path

from ci.build import Target
from ci.checks import run_checks
from ci.environments import test_environment
from ci.executables import DAEMONS
from depends.layout import Layout
from depends.process import clean_environment
from depends.progress import Progress

SUITE = "functional_tests"


def run_functional(
    layout: Layout,
    target: Target,
    bin_directory: Path,
    wheels: tuple[Path, ...],
    progress: Progress,
    arguments: Sequence[str],
) -> None:
    """Runs the suite, in parallel, on the node of a build.

    Args:
        layout: The tree.
        target: What was built.
        bin_directory: Its executables.
        wheels: pycapnp and libmultiprocess for tests that speak to the node over IPC, if the shape has them.
        progress: Where progress is shown.
        arguments: For pytest; a path among them replaces the whole suite, and a bare word names a test file.

    Raises:
        CheckFailedError: A test failed.
    """
    environment = test_environment(layout, progress, wheels, qt=target.qt)
    daemon = bin_directory / DAEMONS[target.shape]
    command = [str(environment.python), "-m", "pytest", *select_tests(layout.root, arguments)]
    # The framework's own tests are unit tests.
    command += [f"--ignore={SUITE}/framework/tests"]
    environ = clean_environment(os.environ, MONEYROCKETD=str(daemon), PYTHONPATH=str(layout.root))
    run_checks([command], layout.root, progress, environ)


def select_tests(root: Path, arguments: Sequence[str]) -> list[str]:
    """Turns the names `wallet_basic` or `wallet_*` into files, and takes the whole suite where nothing is named."""
    selected: list[str] = []
    others: list[str] = []
    for word in arguments:
        matches = (
            sorted((root / SUITE).glob(f"test_{word}.py")) if word.replace("_", "").replace("*", "").isalnum() else []
        )
        if matches:
            selected += [path.relative_to(root).as_posix() for path in matches]
        elif (root / word.partition("::")[0]).exists():
            selected.append(word)
        else:
            others.append(word)
    return [*(selected or [SUITE]), *others]
