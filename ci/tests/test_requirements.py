"""Every Python package is pinned by hash, and what the product imports is among them."""

import ast
import re
import sys
from pathlib import Path

import pytest

from ci.locking import overridden_packages

ROOT = Path(__file__).resolve().parents[2]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
DISTRIBUTIONS = {"pbk": "py-bitcoinkernel", "PySide6": "pyside6-essentials"}
# Built from source by recipes/ instead.
FROM_RECIPES = {"capnp", "libmultiprocess"}


def pinned(path: Path) -> dict[str, str]:
    """The block of each package, by name."""
    blocks = re.split(r"^(?=\S)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.split(r"[=\[ ]", block)[0]: block for block in blocks if block.strip()}


def imported(folder: Path, *without: str) -> set[str]:
    """Top-level modules that the product's modules import, its own and Python's left out."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        if {"tests", "generated", *without} & set(path.relative_to(folder).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"moneyrocket"} - FROM_RECIPES


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_package_has_version_and_hash_and_no_address(path: Path) -> None:
    assert "://" not in path.read_text(encoding="utf-8")
    for name, block in pinned(path).items():
        assert re.match(rf"{re.escape(name)}==\S+ ", block), name
        assert "--hash=sha256:" in block, name


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.in")), ids=lambda path: path.name)
def test_every_input_is_locked(path: Path) -> None:
    names = [re.split(r"[=<>,;\[ ]", line.lower())[0] for line in path.read_text().splitlines() if line[:1].isalpha()]

    assert set(names) <= set(pinned(path.with_suffix(".txt")))


def test_a_package_has_one_version() -> None:
    versions: dict[str, set[str]] = {}
    elsewhere = overridden_packages(ROOT / "requirements" / "wine.override")
    for path in PINS:
        for name, block in pinned(path).items():
            if path.stem == "wine" and name in elsewhere:
                continue
            versions.setdefault(name, set()).add(block.split(" ")[0])

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_product_imports_only_what_is_pinned() -> None:
    requirements = ROOT / "requirements"
    runtime, multiprocess, gui = (
        set(pinned(requirements / f"{name}.txt")) for name in ("runtime", "multiprocess", "gui")
    )
    names = {DISTRIBUTIONS.get(name, name) for name in imported(ROOT / "moneyrocket")}

    assert names <= runtime | multiprocess | gui
    # Without Qt, everything but the GUI must still be importable.
    assert not gui & {DISTRIBUTIONS.get(name, name) for name in imported(ROOT / "moneyrocket", "gui")}
