"""Which pictures are committed, and how large they may be."""

from pathlib import Path

import pytest

from ci.screenshots import COMMITTED, LARGEST, RUNS, ScreenshotError, commit_pictures

ROOT = Path(__file__).resolve().parents[2]


def test_committed_pictures_are_those_that_the_documents_show() -> None:
    shown = (ROOT / "docs" / "gui.md").read_text(encoding="utf-8")
    for source, name in COMMITTED.items():
        assert f"images/{name}" in shown
        assert (ROOT / "docs" / "images" / name).stat().st_size <= LARGEST
        assert source.removesuffix(".png").rpartition("-")[2] in RUNS


def test_a_picture_that_is_too_large_is_not_committed(tmp_path: Path) -> None:
    for source in COMMITTED:
        (tmp_path / source).write_bytes(bytes(LARGEST + 1))
    with pytest.raises(ScreenshotError, match="at most"):
        commit_pictures(tmp_path, tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []
