"""`share/depends.json`: what a prefix was made from, and whether it is still whole."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.build_id import Inputs, build_id

_FORMAT = 1
MANIFEST = Path("share/depends.json")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a prefix.

    Attributes:
        host: Host triplet.
        options: Options of the set, by name.
        packages: What each package was made from, by name.
    """

    host: str
    options: Mapping[str, bool]
    packages: Mapping[str, Inputs]

    @property
    def set_id(self) -> str:
        """Identifies the option set and everything in it."""
        ids = {name: build_id(inputs) for name, inputs in self.packages.items()}
        text = json.dumps([_FORMAT, self.host, dict(self.options), ids], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_manifest(prefix: Path, manifest: Manifest) -> None:
    """Writes the manifest, with the size of every file of the prefix."""
    path = prefix / MANIFEST
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "format": _FORMAT,
        "set": manifest.set_id,
        "host": manifest.host,
        "options": dict(manifest.options),
        "packages": {
            name: {"build_id": build_id(inputs), "inputs": inputs.to_json()}
            for name, inputs in manifest.packages.items()
        },
        "files": _sizes(prefix),
    }
    path.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def read_manifest(prefix: Path) -> Manifest | None:
    """Reads the manifest of a prefix; None when there is none, or one of another format."""
    try:
        data = json.loads((prefix / MANIFEST).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            return None
        packages = {name: Inputs.from_json(entry["inputs"]) for name, entry in data["packages"].items()}
        return Manifest(data["host"], data["options"], packages)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_whole(prefix: Path) -> bool:
    """Tells whether every file that the manifest lists is there with its size."""
    try:
        files = json.loads((prefix / MANIFEST).read_text(encoding="utf-8"))["files"]
        return all((prefix / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError):
        return False


def _sizes(prefix: Path) -> dict[str, int]:
    return {
        path.relative_to(prefix).as_posix(): path.stat().st_size
        for path in sorted(prefix.rglob("*"))
        if path.is_file() and path != prefix / MANIFEST
    }
