"""Files that several processes append to at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import _winapi
    import msvcrt

    _FILE_APPEND_DATA = 0x4
    _FILE_SHARE_ALL = 0x7
    _OPEN_ALWAYS = 4
    _FILE_ATTRIBUTE_NORMAL = 0x80

    def open_append(path: Path) -> int:
        """Opens a file, made if need be, and returns a descriptor whose every write goes to the end in one piece.

        Raises:
            OSError: the file cannot be written.
        """
        # What O_APPEND does there is to look for the end and then write, and another process may write in between.
        handle = _winapi.CreateFile(
            os.fspath(path), _FILE_APPEND_DATA, _FILE_SHARE_ALL, 0, _OPEN_ALWAYS, _FILE_ATTRIBUTE_NORMAL, 0
        )
        return msvcrt.open_osfhandle(handle, os.O_WRONLY | os.O_BINARY | os.O_NOINHERIT)

else:

    def open_append(path: Path) -> int:
        """Opens a file, made if need be, and returns a descriptor whose every write goes to the end in one piece.

        Raises:
            OSError: the file cannot be written.
        """
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
