"""Schemas at run time: loading them, and reading messages into plain Python values."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import capnp

Wire = dict[str, Any]
"""A struct as plain values: int, float, bool, str, bytes, list and Wire; enums by number; None for a null pointer;
references to objects as `libmultiprocess.connection.Ref`."""

CapabilityReader = Callable[[Any], Any]

INCLUDE_DIR: Final = Path(__file__).parent / "include"
_CAPNP_DIR: Final = Path(capnp.__file__).parent.parent
CONTEXT_ID: Final = 0x9C44E6645D0B22C6

_CHECK: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
import capnp
split = sys.argv.index("--")
parser = capnp.SchemaParser()
for path in sys.argv[split + 1:]:
    parser.load(path, imports=sys.argv[1:split])
"""
_PARSE_ERROR: Final = re.compile(r"(\S+\.capnp):(\d+): failed: (.*)")

_parser = capnp.SchemaParser()
_parser_lock = threading.Lock()


_IMPORT_DIRS: Final = (INCLUDE_DIR, _CAPNP_DIR)


def load_schema(path: Path) -> Any:
    """Parse a schema file once per process; imports of ``/mp/proxy.capnp`` and ``/capnp/c++.capnp`` are found.

    All schemas of a process share one parser, because types of different parsers are different types. So a process
    cannot load two copies of one schema file, and a file that is not valid ends it: mpgen has checked them before.
    """
    with _parser_lock:
        return _parser.load(str(path), imports=[str(folder) for folder in _IMPORT_DIRS])


class SchemaSource:
    """Parses schemas apart from those that the process itself uses, as a generator needs.

    Args:
        import_dirs: where absolute imports are looked for, besides the usual ones.
    """

    def __init__(self, import_dirs: tuple[Path, ...] = ()) -> None:
        self._parser = capnp.SchemaParser()
        self._imports = [str(folder) for folder in (*import_dirs, *_IMPORT_DIRS)]

    def check(self, paths: Sequence[Path]) -> str:
        """What is wrong with schema files, as ``file:line: text``; empty if nothing is.

        pycapnp's parser aborts the process on an error, so a process of its own looks first.
        """
        command = [sys.executable, "-c", _CHECK, *self._imports, "--", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return ""
        found = [_PARSE_ERROR.search(line) for line in done.stderr.splitlines()]
        errors = []
        for match in filter(None, found):
            name = next((str(path) for path in paths if str(path).endswith(match[1])), match[1])
            # The parser counts lines from 0.
            errors.append(f"{name}:{int(match[2]) + 1}: {match[3]}")
        return "; ".join(errors) or done.stderr.strip()

    def load(self, path: Path) -> Any:
        """Parse a file that `check` found nothing wrong with."""
        return self._parser.load(str(path), imports=self._imports)


class StructReader:
    """Reads messages of one struct type into `Wire` values. Made once per type."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._fields: list[tuple[str, str, Any]] | None = None

    def _resolve(self) -> list[tuple[str, str, Any]]:
        fields: list[tuple[str, str, Any]] = []
        for field in self._schema.fields_list:
            proto = field.proto
            if proto.which() == "group":
                continue
            kind = str(proto.slot.type.which())
            sub = None
            if kind == "struct":
                if field.schema.node.id == CONTEXT_ID:
                    continue
                sub = struct_reader(field.schema)
            fields.append((proto.name, kind, sub))
        return fields

    def __call__(self, message: Any, capability: CapabilityReader) -> Wire:
        """All fields of ``message`` but call contexts; object references go through ``capability``."""
        fields = self._fields
        if fields is None:
            fields = self._fields = self._resolve()
        wire: Wire = {}
        for name, kind, sub in fields:
            if kind in _POINTERS and not message._has(name):
                wire[name] = None
            elif sub is not None:
                wire[name] = sub(message._get(name), capability)
            elif kind in _PLAIN:
                wire[name] = message._get(name)
            else:
                wire[name] = plain_value(message._get(name), capability)
        return wire

    def defaults(self) -> Wire:
        """The value of a message with nothing set."""
        module = capnp.lib.capnp._StructModule(self._schema, "")
        return self(module.new_message().as_reader(), lambda _: None)


_POINTERS: Final = frozenset(("text", "data", "list", "struct", "interface", "anyPointer"))
_PLAIN: Final = frozenset(
    (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
        "text",
        "data",
    )
)
_SCALARS: Final = frozenset((int, str, bytes, bool, float))
_readers: dict[tuple[int, str], StructReader] = {}


def struct_reader(schema: Any) -> StructReader:
    """The reader for a struct schema, shared unless the type is generic."""
    node = schema.node
    if node.isGeneric:
        return StructReader(schema)
    key = (node.id, node.displayName)
    reader = _readers.get(key)
    if reader is None:
        reader = _readers[key] = StructReader(schema)
    return reader


def plain_value(value: Any, capability: CapabilityReader) -> Any:
    """Any value that pycapnp reads from a message, as a plain one."""
    kind = type(value)
    if kind in _SCALARS or value is None:
        return value
    if kind is capnp.lib.capnp._DynamicListReader:
        items = list(value)
        if not items or type(items[0]) in _SCALARS:
            return items
        if type(items[0]) is capnp.lib.capnp._DynamicStructReader:
            reader = struct_reader(items[0].schema)
            return [reader(item, capability) for item in items]
        return [plain_value(item, capability) for item in items]
    if kind is capnp.lib.capnp._DynamicStructReader:
        return struct_reader(value.schema)(value, capability)
    if kind is capnp.lib.capnp._DynamicEnum:
        return value.raw
    if kind is capnp.lib.capnp._DynamicCapabilityClient:
        return capability(value)
    raise TypeError(f"cannot read a {kind.__name__} from a message")
