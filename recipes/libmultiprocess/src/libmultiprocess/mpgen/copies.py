"""Copies of schema files for the generated package, which reads them when it is imported."""

import re
from collections.abc import Sequence
from pathlib import Path

from libmultiprocess.errors import SchemaError
from libmultiprocess.schema import INCLUDE_DIR

_IMPORT = re.compile(r'(\bimport\s*)"([^"]+)"')


def schema_copies(schemas: Sequence[Path], import_dirs: Sequence[Path]) -> dict[str, str]:
    """The text of each schema file, and of those that they import, by the name that it gets in the package.

    A package is one folder, so imports are rewritten to files beside. What the library and Cap'n Proto bring along
    is found where they are.

    Raises:
        SchemaError: if two files have the same name.
    """
    copies: dict[str, str] = {}
    sources: dict[str, Path] = {}
    left = list(schemas)
    while left:
        path = left.pop(0)
        known = sources.setdefault(path.name, path)
        if known.resolve() != path.resolve():
            raise SchemaError(f"{path}: {known} has the same name; one package cannot hold both")
        if path.name not in copies:
            copies[path.name], imported = _copy(path, import_dirs)
            left += imported
    return copies


def import_cycles(schemas: Sequence[Path], import_dirs: Sequence[Path]) -> dict[Path, set[Path]]:
    """For each schema file, those that it imports and that import it, through others or at once."""
    reached = {path.resolve(): _reached(path, import_dirs) for path in schemas}
    return {
        path: {other for other in schemas if other != path and _mutual(path.resolve(), other.resolve(), reached)}
        for path in schemas
    }


def _mutual(one: Path, other: Path, reached: dict[Path, set[Path]]) -> bool:
    return other in reached[one] and one in reached[other]


def _reached(path: Path, import_dirs: Sequence[Path]) -> set[Path]:
    found: set[Path] = set()
    left = [path]
    while left:
        for item in _copy(left.pop(), import_dirs)[1]:
            if item.resolve() not in found:
                found.add(item.resolve())
                left.append(item)
    return found


def _copy(path: Path, import_dirs: Sequence[Path]) -> tuple[str, list[Path]]:
    imported: list[Path] = []

    def rewrite(match: re.Match[str]) -> str:
        found = _find(match[2], path, import_dirs)
        if found is None:
            return match[0]
        imported.append(found)
        return f'{match[1]}"{found.name}"'

    lines = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        code, mark, comment = line.partition("#")
        lines.append(_IMPORT.sub(rewrite, code) + mark + comment)
    return "".join(lines), imported


def _find(name: str, importer: Path, import_dirs: Sequence[Path]) -> Path | None:
    """The file that is to be copied; None if the library finds it by itself."""
    if not name.startswith("/"):
        return importer.parent / name
    relative = name.removeprefix("/")
    if (INCLUDE_DIR / relative).is_file():
        return None
    return next((folder / relative for folder in import_dirs if (folder / relative).is_file()), None)
