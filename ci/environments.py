"""The Python environments of the checks."""

from pathlib import Path

from depends.environments import Environment, ensure_environment
from depends.layout import Layout
from depends.progress import Progress

_TEST = ("test", "nox", "runtime")
_QT = ("gui", "gui-test")


def lint_environment(layout: Layout, progress: Progress) -> Environment:
    """Has ruff and import-linter."""
    return ensure_environment(layout, "lint", ["lint"], progress)


def types_environment(layout: Layout, progress: Progress) -> Environment:
    """Has mypy, and everything whose types the code uses."""
    return ensure_environment(layout, "types", ["lint", *_TEST, "multiprocess", *_QT], progress)


def test_environment(
    layout: Layout, progress: Progress, wheels: tuple[Path, ...] = (), *, qt: bool = True
) -> Environment:
    """Has pytest and what the code under test imports.

    Args:
        layout: The tree.
        progress: Where progress is shown.
        wheels: pycapnp and libmultiprocess, or nothing for the monolithic shape.
        qt: Whether the desktop programs are tested.
    """
    shape = "multiprocess" if wheels else "monolithic"
    requirements = [*_TEST, *(["multiprocess"] if wheels else []), *(_QT if qt else ())]
    return ensure_environment(layout, f"test-{shape}{'' if qt else '-no-qt'}", requirements, progress, wheels=wheels)
