"""Tests of the Windows programs, under Wine: libmultiprocess's own, and node and wallet as two processes."""

import shutil
from pathlib import Path

from ci.checks import CheckFailedError
from ci.wine import WindowsPython, ensure_windows_python
from depends.layout import Layout
from depends.progress import Progress

LIBRARY_TESTS = (
    *("test_platforms.py", "test_process.py", "test_calls.py", "test_values.py", "test_calculator.py"),
    *("test_framing.py", "test_codec.py"),
)
"""Those that a system without Unix sockets and fork can pass, and that are about more than the protocol."""

PROGRAM_TESTS = "functional_tests/windows"

_PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "--timeout=200", "--verbose")


def check_windows(layout: Layout, progress: Progress, arguments: tuple[str, ...] = ()) -> None:
    """Runs the tests of the Windows programs.

    Args:
        layout: The tree.
        progress: Where progress is shown.
        arguments: For pytest, besides.

    Raises:
        CheckFailedError: A test failed.
        FatalError: There is no Wine, or the Windows programs can't be made.
    """
    python = ensure_windows_python(layout, progress)
    with python.running():
        tree = _make_tree(layout, python, progress)
        library, product = tree / "libmultiprocess", tree / "product"
        paths = [library / "src", product]
        _test(layout, python, progress, [*LIBRARY_TESTS, *arguments], library / "tests", paths)
        # The other functional tests, and so what their conftest.py imports, are for POSIX.
        own_only = f"--confcutdir={PROGRAM_TESTS}"
        _test(layout, python, progress, [own_only, PROGRAM_TESTS, *arguments], product, paths)


def _make_tree(layout: Layout, python: WindowsPython, progress: Progress) -> Path:
    """A copy of what is tested, with proxies generated on Windows, and compiled once instead of at every start."""
    tree = layout.work / "wine" / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    with progress.step("Windows programs: proxies"):
        for name in ("src", "tests", "examples", "pyproject.toml"):
            _copy(layout.root / "recipes" / "libmultiprocess" / name, tree / "libmultiprocess" / name)
        for name in ("moneyrocket", "functional_tests", "pyproject.toml"):
            _copy(layout.root / name, tree / "product" / name)
        product = tree / "product"
        schemas = [path.relative_to(product) for path in sorted((product / "moneyrocket/ipc/capnp").glob("*.capnp"))]
        paths = [tree / "libmultiprocess" / "src", product]
        mpgen = ["-m", "libmultiprocess.mpgen", "--out", "moneyrocket/ipc/generated"]
        mpgen += ["--import-prefix", "moneyrocket.ipc.generated", *(path.as_posix() for path in schemas)]
        compiling = ["-m", "compileall", "-q", "moneyrocket", "../libmultiprocess/src"]
        for command in (mpgen, compiling):
            python.run(command, title=command[1], layout=layout, progress=progress, cwd=product, paths=paths)
    return tree


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "generated"))
    else:
        shutil.copyfile(source, target)


def _test(
    layout: Layout, python: WindowsPython, progress: Progress, arguments: list[str], cwd: Path, paths: list[Path]
) -> None:
    python.run(
        [*_PYTEST, *arguments],
        title=f"Windows: pytest {cwd.name}",
        layout=layout,
        progress=progress,
        cwd=cwd,
        paths=paths,
        echo=True,
        error=CheckFailedError,
    )
