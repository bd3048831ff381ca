"""Where things are in the tree: the one place that spells these paths."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one working tree.

    Attributes:
        root: Top of the tree.
        base_cache: Home of the private Conan client, where built packages are kept (`BASE_CACHE`).
        sources: Fetched sources and wheels (`SOURCES_PATH`).
    """

    root: Path
    base_cache: Path
    sources: Path

    @property
    def recipes(self) -> Path:
        """The Conan recipes, one folder a package."""
        return self.root / "recipes"

    @property
    def requirements(self) -> Path:
        """The pinned Python packages, one file a purpose."""
        return self.root / "requirements"

    @property
    def work(self) -> Path:
        """Scratch space; may be deleted at any time."""
        return self.root / "depends" / "work"

    @property
    def logs(self) -> Path:
        """Output of long commands, one file a step."""
        return self.work / "logs"

    @property
    def prefixes(self) -> Path:
        """One finished prefix for each option set."""
        return self.work / "prefixes"

    @property
    def environments(self) -> Path:
        """Python environments of the sessions."""
        return self.root / ".nox" / "env"

    @property
    def wheelhouse(self) -> Path:
        """Fetched Python distributions."""
        return self.sources / "wheels"

    @property
    def lockfile(self) -> Path:
        """Conan's lockfile, committed."""
        return self.root / "depends" / "conan.lock"

    def prefix(self, triplet: str) -> Path:
        """The prefix that builds of `triplet` find when they are not told otherwise."""
        return self.root / "depends" / triplet


def tree_layout(root: Path = ROOT, *, base_cache: Path | None = None, sources: Path | None = None) -> Layout:
    """Returns the layout of the tree at `root` with the default caches where none are given."""
    return Layout(
        root=root,
        base_cache=base_cache or root / "depends" / "conan-home",
        sources=sources or root / "depends" / "sources",
    )
