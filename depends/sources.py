"""Pinned source archives: where they may come from, and the one hash that decides.

The cache is laid out as Conan's backup sources are (`s/<sha256>`), so recipes find there what was fetched here.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.errors import SourceError
from depends.progress import Progress

Fetcher = Callable[["Source", str, Path], None]


@dataclass(frozen=True, slots=True)
class Source:
    """An archive.

    Attributes:
        name: Package it belongs to.
        sha256: Its hash, 64 hex digits.
        origins: Addresses in the order they are tried: `https://…`, `debian:<suite>/<package>/<file>` for a file of
            Debian's source package, or `pip:<name>==<version>/<file>` for a source distribution.
    """

    name: str
    sha256: str
    origins: tuple[str, ...]

    @property
    def filename(self) -> str:
        """Name of the archive, as its first origin has it."""
        return self.origins[0].rpartition("/")[2]


def cached_path(cache: Path, source: Source) -> Path:
    """Where the archive is kept."""
    return cache / "s" / source.sha256


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_cached(cache: Path, source: Source) -> bool:
    """Tells whether the archive is in the cache.

    Raises:
        SourceError: A file is there and is not the one that was pinned.
    """
    path = cached_path(cache, source)
    if not path.is_file():
        return False
    actual = file_sha256(path)
    if actual != source.sha256:
        raise SourceError(
            f"{source.filename} in the source cache is not the file that was pinned, so nothing was built.\n"
            f"  file:     {path}\n  expected: sha256 {source.sha256}\n  actual:   sha256 {actual}\n"
            f"Delete that file and run: nox -s sources"
        )
    return True


def fetch_source(cache: Path, source: Source, fetchers: Mapping[str, Fetcher], progress: Progress) -> None:
    """Brings the archive into the cache unless it is there, from the first origin that has the right bytes.

    Args:
        cache: The source cache.
        source: What to fetch.
        fetchers: How to fetch each kind of origin, by the part of the address before the colon.
        progress: Where progress is shown.

    Raises:
        SourceError: The cache holds a wrong file, or no origin has the right one.
    """
    if verify_cached(cache, source):
        return
    path = cached_path(cache, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for origin in source.origins:
        partial = path.with_name(f"{source.sha256}.{os.getpid()}.part")
        try:
            with progress.step(f"{source.filename} from {origin}"):
                fetchers[origin.partition(":")[0]](source, origin, partial)
                actual = file_sha256(partial)
                if actual != source.sha256:
                    raise SourceError(f"expected sha256 {source.sha256}, actual sha256 {actual}")
            partial.replace(path)
            return
        except SourceError as error:
            failures.append(f"  {origin}: {error}")
        finally:
            partial.unlink(missing_ok=True)
    raise SourceError(
        f"{source.filename} could not be fetched:\n" + "\n".join(failures) + f"\nPut the file at {path} by hand, "
        "or point SOURCES_PATH at a directory that has it."
    )
