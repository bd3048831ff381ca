"""Makes up for what Wine 8 lacks; installed as `sitecustomize`, so every Windows program of the session runs it first.

- Cap'n Proto asks for a file's compressed size when it reads a schema, and does without where the system says
  ERROR_CALL_NOT_IMPLEMENTED. Wine says ERROR_INVALID_FUNCTION, on which Cap'n Proto gives up.
- Wine ends a program that calls CopyFile2. Python copies without it where it is not there.
"""

import _winapi
import ctypes
import importlib.abc
import importlib.machinery
import struct
import sys
from collections.abc import Sequence
from ctypes import wintypes
from pathlib import Path
from types import ModuleType

assert sys.platform == "win32"

_ERROR_INVALID_FUNCTION, _ERROR_CALL_NOT_IMPLEMENTED = 1, 120
_PAGE_READWRITE = 4

_QUERY = b"GetFileInformationByHandleEx"
_Query = ctypes.WINFUNCTYPE(
    wintypes.BOOL, wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, use_last_error=True
)
_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_query = _Query((_QUERY.decode(), _kernel32))


def _expected_answer(handle: int, kind: int, buffer: int, size: int) -> int:
    done: int = _query(handle, kind, buffer, size)
    if not done and ctypes.get_last_error() == _ERROR_INVALID_FUNCTION:
        ctypes.set_last_error(_ERROR_CALL_NOT_IMPLEMENTED)
    return done


_query_as_expected = _Query(_expected_answer)


def _imported_at(base: int, name: bytes) -> int:
    """Where the 64-bit module loaded at `base` keeps the address of a function that it imports."""

    def number(offset: int, kind: str = "<I") -> int:
        return int(struct.unpack(kind, ctypes.string_at(base + offset, struct.calcsize(kind)))[0])

    header = number(0x3C)
    descriptor = number(header + 0x90)
    while names := number(descriptor):
        index = 0
        while entry := number(names + index, "<Q"):
            by_number = entry >> 63
            if not by_number and ctypes.string_at(base + entry + 2) == name:
                return base + number(descriptor + 16) + index
            index += 8
        descriptor += 20
    raise LookupError(name)


def _mend(library: Path) -> None:
    module = ctypes.WinDLL(str(library))
    address = _imported_at(module._handle, _QUERY)
    size, before = ctypes.c_size_t(8), wintypes.DWORD()
    _kernel32.VirtualProtect(ctypes.c_void_p(address), size, _PAGE_READWRITE, ctypes.byref(before))
    ctypes.c_void_p.from_address(address).value = ctypes.cast(_query_as_expected, ctypes.c_void_p).value
    _kernel32.VirtualProtect(ctypes.c_void_p(address), size, before.value, ctypes.byref(before))


class _Mender(importlib.abc.MetaPathFinder):
    """Mends pycapnp when it is first imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name == "capnp":
            sys.meta_path.remove(self)
            for library in Path(__file__).parent.glob("capnp/lib/capnp.*.pyd"):
                _mend(library)
        return None


vars(_winapi).pop("CopyFile2", None)
sys.meta_path.insert(0, _Mender())
