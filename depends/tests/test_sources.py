"""Whatever a source comes from, its hash decides."""

import hashlib
import io
from pathlib import Path

import pytest

from depends.errors import SourceError
from depends.progress import Progress
from depends.sources import Source, cached_path, fetch_source, verify_cached

GOOD = b"the archive"
SHA256 = hashlib.sha256(GOOD).hexdigest()
SOURCE = Source("thing", SHA256, ("first:a/thing.tar.gz", "second:b/thing.orig.tar.gz"))


class Origin:
    """Hands out fixed bytes, or fails, and counts how often it was asked."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.asked = 0

    def __call__(self, source: Source, origin: str, target: Path) -> None:
        self.asked += 1
        if self.content is None:
            raise SourceError("no such file there")
        target.write_bytes(self.content)


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO())


def test_first_origin_is_enough(tmp_path: Path, progress: Progress) -> None:
    first, second = Origin(GOOD), Origin(GOOD)

    fetch_source(tmp_path, SOURCE, {"first": first, "second": second}, progress)

    assert cached_path(tmp_path, SOURCE).read_bytes() == GOOD
    assert (first.asked, second.asked) == (1, 0)


@pytest.mark.parametrize("content", [None, b"not the archive"])
def test_next_origin_is_tried_after_a_failure_or_wrong_bytes(
    tmp_path: Path, progress: Progress, content: bytes | None
) -> None:
    fetch_source(tmp_path, SOURCE, {"first": Origin(content), "second": Origin(GOOD)}, progress)

    assert cached_path(tmp_path, SOURCE).read_bytes() == GOOD


def test_failure_names_every_origin_and_leaves_nothing(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(SourceError) as caught:
        fetch_source(tmp_path, SOURCE, {"first": Origin(None), "second": Origin(b"wrong")}, progress)

    assert "first:a/thing.tar.gz: no such file there" in str(caught.value)
    assert f"expected sha256 {SHA256}, actual sha256 {hashlib.sha256(b'wrong').hexdigest()}" in str(caught.value)
    assert list((tmp_path / "s").iterdir()) == []


def test_cached_archive_is_not_fetched(tmp_path: Path, progress: Progress) -> None:
    path = cached_path(tmp_path, SOURCE)
    path.parent.mkdir()
    path.write_bytes(GOOD)

    fetch_source(tmp_path, SOURCE, {}, progress)


def test_flipped_byte_in_the_cache_is_an_error_with_both_hashes(tmp_path: Path, progress: Progress) -> None:
    path = cached_path(tmp_path, SOURCE)
    path.parent.mkdir()
    flipped = bytes([GOOD[0] ^ 1]) + GOOD[1:]
    path.write_bytes(flipped)

    with pytest.raises(SourceError) as caught:
        fetch_source(tmp_path, SOURCE, {"first": Origin(GOOD)}, progress)

    assert f"expected: sha256 {SHA256}" in str(caught.value)
    assert f"actual:   sha256 {hashlib.sha256(flipped).hexdigest()}" in str(caught.value)


def test_empty_cache_is_no_error(tmp_path: Path) -> None:
    assert verify_cached(tmp_path, SOURCE) is False
