"""What `ps` shows for a process that was forked and does something else than the one before."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Final

_PR_SET_NAME: Final = 15
_ARGUMENTS_START: Final = 48
"""Fields of /proc/self/stat as proc(5) counts them."""


def set_process_title(title: str) -> None:
    """Show ``title`` as this process's command line, as far as the space that the old one had allows. Linux only."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = (int(fields[number - 3]) for number in (_ARGUMENTS_START, _ARGUMENTS_START + 1))
    text = title.encode()[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, text, len(text))
    ctypes.CDLL(None).prctl(_PR_SET_NAME, title.encode()[:15], 0, 0, 0)
