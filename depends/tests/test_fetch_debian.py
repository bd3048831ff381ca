"""The private apt configuration is made from the machine's own mirror setting."""

from pathlib import Path

import pytest

from depends.errors import SourceError
from depends.fetch_debian import apt_options, find_mirror, private_sources


def test_mirror_from_deb822_sources(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "a-tool.list").write_text("deb https://tool.example/apt stable main\n")
    (folder / "debian.sources").write_text(
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n\n"
        "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\n"
    )

    assert find_mirror(tmp_path) == "http://mirror.example/debian"


def test_mirror_from_one_line_style(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb [signed-by=/k.gpg] http://mirror.example/debian/ bookworm main\n")

    assert find_mirror(tmp_path) == "http://mirror.example/debian/"


def test_no_mirror(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="names no Debian mirror"):
        find_mirror(tmp_path)


def test_only_sources_of_the_suite_are_listed() -> None:
    text = private_sources("http://mirror.example/debian", "trixie")

    assert text.startswith("Types: deb-src\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\n")


def test_apt_stays_inside_its_directory(tmp_path: Path) -> None:
    options = apt_options(tmp_path, tmp_path / "private.sources")

    for name in ("Dir::Etc::sourcelist", "Dir::State::lists", "Dir::Cache"):
        (value,) = (option for option in options if option.startswith(f"{name}="))
        assert value.startswith(f"{name}={tmp_path}")
