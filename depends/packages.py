"""The packages of `recipes/`: which options want them, what they need, and which files they are made from."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from depends.conandata import read_mapping, submap
from depends.errors import FatalError
from depends.layout import Layout
from depends.options import Options
from depends.sources import Source

_NOT_PART_OF_A_BUILD = frozenset({"__pycache__", "test_package", "tests", "doc", "docs", "example", "examples"})


@dataclass(frozen=True, slots=True)
class Package:
    """One recipe.

    Attributes:
        name: Name of the recipe and of its folder.
        requires: Names of the packages it is built against; they stand before it in `PACKAGES`.
        uses_python: Its binaries depend on the Python they are built for.
        in_tree: Its source is the recipe folder itself.
    """

    name: str
    requires: tuple[str, ...] = ()
    uses_python: bool = False
    in_tree: bool = False


PACKAGES = (
    Package("capnproto"),
    Package("pycapnp", requires=("capnproto",), uses_python=True),
    Package("libmultiprocess", requires=("pycapnp",), uses_python=True, in_tree=True),
)


def wanted_packages(options: Options) -> tuple[Package, ...]:
    """The packages that `options` ask for, in build order."""
    return PACKAGES if options.multiprocess else ()


def package_version(layout: Layout, package: Package) -> str:
    """The version that the recipe's `config.yml` gives.

    Raises:
        FatalError: It gives none or several.
    """
    path = layout.recipes / package.name / "config.yml"
    versions = tuple(submap(read_mapping(path), "versions", path))
    if len(versions) != 1:
        raise FatalError(f"{path}: expected one version, found {len(versions)}")
    return versions[0]


def package_source(layout: Layout, package: Package) -> Source | None:
    """The pinned source of a package, or None when its source is in the tree."""
    if package.in_tree:
        return None
    path = layout.recipes / package.name / "all" / "conandata.yml"
    entry = submap(submap(read_mapping(path), "sources", path), package_version(layout, package), path)
    urls, sha256 = entry.get("url"), entry.get("sha256")
    if isinstance(urls, str):
        urls = [urls]
    if not isinstance(urls, list) or not isinstance(sha256, str) or len(sha256) != 64:
        raise FatalError(f"{path}: every source needs url and sha256")
    return Source(package.name, sha256, tuple(urls))


def recipe_digest(layout: Layout, package: Package) -> str:
    """SHA-256 over the recipe, and over the sources of a package whose source is in the tree."""
    folder = layout.recipes / package.name
    digest = hashlib.sha256()
    for path in _files(folder if package.in_tree else folder / "all"):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_PART_OF_A_BUILD or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path
