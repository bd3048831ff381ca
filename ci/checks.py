"""Checks of the source: format, lint, types, import layers, unit tests."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.environments import lint_environment, test_environment, types_environment
from ci.proxies import generate_proxies
from depends.config_site import ConfigSite
from depends.environments import Environment
from depends.errors import FatalError
from depends.layout import Layout
from depends.process import clean_environment
from depends.progress import Progress

TYPED = (
    *(
        "moneyrocket",
        "depends",
        "ci",
        "functional_tests",
        "recipes/libmultiprocess/src",
        "recipes/libmultiprocess/tests",
    ),
    *("noxfile.py", "hatch_build.py"),
)
WINDOWS_TYPED = (
    "ci/wine_shims.py",
    "moneyrocket/common/append_file.py",
    "recipes/libmultiprocess/src/libmultiprocess/process_windows.py",
)
"""What is checked as on Windows besides, since elsewhere mypy takes it for unreachable."""

UNIT_TESTS = (
    *("moneyrocket/tests", "depends/tests", "ci/tests", "recipes/libmultiprocess/tests"),
    "functional_tests/framework/tests",
)
GUI_TESTS = "moneyrocket/tests/gui"
"""These need Qt; a prefix made with NO_QT=1 has none."""


class CheckFailedError(FatalError):
    """A check found something; it has said what."""


def check_lint(layout: Layout, progress: Progress, arguments: Sequence[str]) -> None:
    """Runs ruff, as linter and as formatter; `--fix` repairs.

    Raises:
        CheckFailedError: It found something.
    """
    ruff = str(lint_environment(layout, progress).bin / "ruff")
    fix = "--fix" in arguments
    lint = [ruff, "check", *(["--fix"] if fix else []), "."]
    style = [ruff, "format", *([] if fix else ["--check"]), "."]
    run_checks([lint, style], layout.root, progress)


def check_types(layout: Layout, site: ConfigSite, progress: Progress) -> None:
    """Runs mypy over everything that is Python, generated proxies included.

    Raises:
        CheckFailedError: It found something.
    """
    test = test_environment(layout, progress, site.wheels, qt=site.qt)
    generate_proxies(layout, test, site.wheels, progress)
    environment = types_environment(layout, progress)
    mypy = [str(environment.python), "-m", "mypy"]
    windows = [*mypy, "--platform", "win32", "--follow-imports", "silent", *_existing(layout.root, WINDOWS_TYPED)]
    run_checks([[*mypy, *_existing(layout.root, TYPED)], windows], layout.root, progress)


def check_layers(layout: Layout, progress: Progress) -> None:
    """Runs import-linter on the contracts in pyproject.toml.

    Raises:
        CheckFailedError: An import goes up or sideways.
    """
    command = [str(lint_environment(layout, progress).bin / "lint-imports")]
    run_checks([command], layout.root, progress, {"PYTHONPATH": str(layout.root)})


def check_units(layout: Layout, site: ConfigSite, progress: Progress, arguments: Sequence[str]) -> None:
    """Runs the unit tests in parallel.

    Args:
        layout: The tree.
        site: The prefix whose pycapnp and libmultiprocess are tested with.
        progress: Where progress is shown.
        arguments: For pytest; a path among them replaces the whole list of folders.

    Raises:
        CheckFailedError: A test failed.
    """
    environment = test_environment(layout, progress, site.wheels, qt=site.qt)
    generate_proxies(layout, environment, site.wheels, progress)
    folders = [] if any((layout.root / word.partition("::")[0]).exists() for word in arguments) else list(UNIT_TESTS)
    without = [] if site.qt else [f"--ignore={GUI_TESTS}"]
    pytest = [str(environment.python), "-m", "pytest", "-n", str(os.cpu_count() or 1), *folders, *without, *arguments]
    run_checks([pytest], layout.root, progress, unit_environ(layout, environment, site))


def unit_environ(layout: Layout, environment: Environment, site: ConfigSite) -> dict[str, str]:
    """Environment variables of the unit tests: this tree, and the tools of the prefix."""
    path = os.pathsep.join([str(environment.bin), str(site.prefix / "bin"), os.environ.get("PATH", os.defpath)])
    return {"PYTHONPATH": str(layout.root), "PATH": path, "CONFIG_SITE": str(site.path)}


def run_checks(
    commands: Sequence[Sequence[str]], root: Path, progress: Progress, environ: Mapping[str, str] | None = None
) -> None:
    """Runs every command with its output on the terminal, so that one run shows all that is wrong.

    Raises:
        CheckFailedError: One of them failed.
    """
    failed = []
    for command in commands:
        progress.command(command)
        env = clean_environment(os.environ, **(environ or {}))
        if subprocess.run(command, cwd=root, env=env, check=False).returncode:
            failed.append(" ".join([Path(command[0]).name, *command[1:3]]))
    if failed:
        raise CheckFailedError(f"failed: {', '.join(failed)}")


def _existing(root: Path, names: Sequence[str]) -> list[str]:
    missing = [name for name in names if not (root / name).exists()]
    if missing:
        raise CheckFailedError(f"to be checked, but missing: {', '.join(missing)}")
    return list(names)
