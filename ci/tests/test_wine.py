"""Finding Wine, and what its programs are told."""

from pathlib import Path

import pytest

from ci.wine import WindowsPython, require_wine, windows_path
from ci.wine_checks import LIBRARY_TESTS, PROGRAM_TESTS
from depends.errors import ToolchainError
from depends.wine import find_wine, find_wineserver

ROOT = Path(__file__).resolve().parents[2]


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_wine_is_found_on_the_path(tmp_path: Path) -> None:
    wine = program(tmp_path / "bin", "wine")

    assert find_wine({"PATH": str(wine.parent)}, tmp_path / "debian") == wine


def test_the_64_bit_program_is_preferred(tmp_path: Path) -> None:
    program(tmp_path / "bin", "wine")
    wine64 = program(tmp_path / "debian", "wine64")

    assert find_wine({"PATH": str(tmp_path / "bin")}, tmp_path / "debian") == wine64


def test_debians_wine64_is_on_no_path(tmp_path: Path) -> None:
    debian = tmp_path / "debian"
    wine, server = program(debian, "wine64"), program(debian, "wineserver")

    assert find_wine({"PATH": ""}, debian) == wine
    assert find_wineserver({"PATH": ""}, debian) == server


def test_without_wine_the_message_has_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ci.wine.find_wine", lambda: None)

    with pytest.raises(ToolchainError, match="apt install --no-install-recommends wine64"):
        require_wine()


def test_a_file_has_a_name_under_wine() -> None:
    assert windows_path(Path("/some/where")) == r"Z:\some\where"


def test_programs_see_no_display_and_import_from_the_given_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    python = WindowsPython(Path("wine64"), tmp_path / "prefix", tmp_path / "python")

    environ = python.environ([Path("/one"), Path("/two")])

    assert environ["PYTHONPATH"] == r"Z:\one;Z:\two"
    assert environ["WINEPREFIX"] == str(tmp_path / "prefix")
    assert not {"DISPLAY", "PYTHONDONTWRITEBYTECODE"} & environ.keys()


def test_the_tests_are_there() -> None:
    tests = ROOT / "recipes" / "libmultiprocess" / "tests"

    assert all((tests / name).is_file() for name in LIBRARY_TESTS)
    assert list((ROOT / PROGRAM_TESTS).glob("test_*.py"))
