"""Reads the part of YAML that this tree's recipe files use, without a YAML library.

Nested maps by indentation, lists of scalars, quoted or plain scalars, and comments. Anything else is an error, so a
file that Conan would read differently is never half understood.
"""

from pathlib import Path
from typing import TypeAlias

from depends.errors import FatalError

Node: TypeAlias = "str | list[str] | dict[str, Node]"


def read_mapping(path: Path) -> dict[str, Node]:
    """Reads a file whose top level is a map.

    Raises:
        FatalError: The file uses more of YAML than this reader knows.
    """
    lines = [
        (len(line) - len(line.lstrip()), line.strip())
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    node, rest = _block(lines, path)
    if rest or not isinstance(node, dict):
        raise FatalError(f"{path}: not a plain YAML map")
    return node


def submap(node: dict[str, Node], key: str, path: Path) -> dict[str, Node]:
    """Returns the map at `key`.

    Raises:
        FatalError: There is none.
    """
    value = node.get(key)
    if not isinstance(value, dict):
        raise FatalError(f"{path}: expected a map at {key}")
    return value


def _block(lines: list[tuple[int, str]], path: Path) -> tuple[Node, list[tuple[int, str]]]:
    indent = lines[0][0]
    if lines[0][1].startswith("- "):
        items: list[str] = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            items.append(_scalar(lines[0][1][2:], path))
            lines = lines[1:]
        return items, lines
    result: dict[str, Node] = {}
    while lines and lines[0][0] == indent:
        key, value, lines = *_entry(lines[0][1], path), lines[1:]
        if value:
            result[key] = _scalar(value, path)
            continue
        if not lines or lines[0][0] <= indent:
            raise FatalError(f"{path}: nothing under {key}")
        result[key], lines = _block(lines, path)
    if lines and lines[0][0] > indent:
        raise FatalError(f"{path}: unexpected indentation at {lines[0][1]!r}")
    return result, lines


def _entry(text: str, path: Path) -> tuple[str, str]:
    key, colon, value = text.partition(": ")
    if not colon:
        if not text.endswith(":"):
            raise FatalError(f"{path}: can't read {text!r}")
        key, value = text[:-1], ""
    return _scalar(key, path), value.strip()


def _scalar(text: str, path: Path) -> str:
    text = text.strip()
    if text[:1] == '"':
        end = text.find('"', 1)
        if end < 0 or text[end + 1 :].strip() or "\\" in text:
            raise FatalError(f"{path}: can't read {text}")
        return text[1:end]
    if text[:1] in "'{[&*!|>%@`" or " #" in text:
        raise FatalError(f"{path}: can't read {text!r}")
    return text
