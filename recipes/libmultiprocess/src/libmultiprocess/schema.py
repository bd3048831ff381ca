"""Loading schemas."""

import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import capnp

INCLUDE_DIR: Final = Path(__file__).parent / "include"
_CAPNP_DIR: Final = Path(capnp.__file__).parent.parent

_CHECK: Final = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass  # Windows writes no core files.
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
