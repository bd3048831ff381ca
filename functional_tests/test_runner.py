#!/usr/bin/env python3
"""Run functional tests by name, in parallel: a thin command over pytest.

MONEYROCKETD=moneyrocket-node functional_tests/test_runner.py --jobs 4 wallet_basic
"""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent


def parse_arguments(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split the command line into this command's options and those that go on to pytest."""
    parser = argparse.ArgumentParser(
        description="Run functional tests. Options not listed here go to pytest (try --help-pytest).",
    )
    parser.add_argument("tests", nargs="*", help="names such as wallet_basic or mempool_*; all if none is given")
    parser.add_argument("--jobs", "-j", default=None, help="tests run at once (default: number of processors + 1)")
    parser.add_argument("--filter", help="only tests whose names match this pytest -k expression")
    parser.add_argument("--failfast", "-F", action="store_true", help="stop at the first failure")
    parser.add_argument("--quiet", "-q", action="store_true", help="print less")
    parser.add_argument("--help-pytest", action="store_true", help="show pytest's own options and exit")
    return parser.parse_known_args(argv)


def test_files(names: list[str]) -> list[Path]:
    """The files that names stand for.

    Raises:
        SystemExit: if a name stands for none, with the names there are.
    """
    files: list[Path] = []
    for name in names:
        stem = name.removesuffix(".py").removeprefix("test_")
        found = sorted(FOLDER.glob(f"test_{stem}.py"))
        if not found:
            known = ", ".join(sorted(path.stem.removeprefix("test_") for path in all_test_files()))
            sys.exit(f"no functional test is named {name!r}. There are: {known}")
        files += found
    return files


def all_test_files() -> list[Path]:
    """Every functional test, this runner left out."""
    return [path for path in FOLDER.glob("test_*.py") if path != Path(__file__).resolve()]


def pytest_command(argv: list[str]) -> list[str]:
    """The pytest command line that this command line stands for."""
    options, passed_on = parse_arguments(argv)
    command = [interpreter(), "-m", "pytest"]
    if options.help_pytest:
        return [*command, "--help", str(FOLDER)]
    files = test_files(options.tests) if options.tests else sorted(all_test_files())
    command += [str(path.relative_to(ROOT)) for path in files]
    if options.jobs is not None:
        command += ["-n", options.jobs]
    if options.filter:
        command += ["-k", options.filter]
    if options.failfast:
        command.append("-x")
    if options.quiet:
        command.append("-q")
    return command + passed_on


def interpreter() -> str:
    """This interpreter if it has what the tests need, else that of the environment which the test sessions make.

    Raises:
        SystemExit: if there is neither, with the command that makes one.
    """
    if all(importlib.util.find_spec(module) for module in ("pytest", "xdist", "pytest_timeout")):
        return sys.executable
    for name in ("test-multiprocess", "test-monolithic"):
        python = ROOT / ".nox" / "env" / name / "bin" / "python"
        if python.exists():
            return str(python)
    sys.exit(f"{sys.executable} lacks pytest or plugins; to get them: python3 noxfile.py -s multiprocess")


def main() -> int:
    """Run pytest, and pass its exit status on."""
    return subprocess.run(pytest_command(sys.argv[1:]), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
