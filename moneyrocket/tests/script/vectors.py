"""Reads the test vectors in ``data``."""

import json
import re
from pathlib import Path
from typing import Any

from moneyrocket.script import flags, opcodes
from moneyrocket.script.script import push_data, push_int

_DATA = Path(__file__).parent / "data"
FLAGS = {name.removeprefix("VERIFY_"): value for name, value in vars(flags).items() if name.startswith("VERIFY_")}
ALL_FLAGS = sum(FLAGS.values())


def load(name: str) -> list[Any]:
    """The vectors of a JSON file, without its comments (lists of one element)."""
    vectors = json.loads((_DATA / name).read_text())
    return [vector for vector in vectors if not isinstance(vector, list) or len(vector) > 1]


def load_object(name: str) -> dict[str, Any]:
    """A JSON file that holds an object."""
    result: dict[str, Any] = json.loads((_DATA / name).read_text())
    return result


def path(name: str) -> Path:
    """Where a file of vectors is."""
    return _DATA / name


def parse_flags(text: str) -> int:
    """Flags by their names, joined by commas."""
    return sum(FLAGS[name] for name in text.split(",") if name)


def parse_script(text: str) -> bytes:
    """A script as the vectors spell it: numbers, raw 0x…, 'text' to push, and opcodes."""
    parts = []
    for word in text.split():
        if re.fullmatch(r"-?\d+", word):
            parts.append(push_int(int(word)))
        elif word.startswith("0x"):
            parts.append(bytes.fromhex(word[2:]))
        elif word.startswith("'"):
            parts.append(push_data(word[1:-1].encode()))
        else:
            parts.append(bytes((getattr(opcodes, word if word.startswith("OP_") else f"OP_{word}"),)))
    return b"".join(parts)
