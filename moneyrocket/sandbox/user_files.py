"""Files that the user names in a request, which a sandboxed process may not open itself."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from moneyrocket.sandbox.state import launcher, sandbox_state


class SandboxRefusedError(PermissionError):
    """The sandbox keeps this process from a path; the text says what the user can do."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EACCES, refusal_of(path))

    def __str__(self) -> str:
        return str(self.strerror)


def refusal_of(path: Path) -> str:
    """Tells the user that a path is out of reach, and how to change that."""
    folder = path if path.is_dir() else path.parent
    return (
        f"The sandbox keeps this process from '{path}'. Start with -sandboxallow={folder} to let it use that folder, "
        "or with -sandbox=0 to do without"
    )


def open_user_file(path: Path, *, write: bool) -> int:
    """Open a file that a request named, for reading or to be written anew; returns a descriptor.

    The launcher opens it where this process may not, while the request runs that the node has told it of.

    Raises:
        SandboxRefusedError: neither may.
        OSError: it cannot be opened.
    """
    path = path.absolute()
    flags = getattr(os, "O_BINARY", 0)
    flags |= os.O_WRONLY | os.O_CREAT | os.O_TRUNC if write else os.O_RDONLY
    try:
        return os.open(path, flags, 0o666)
    except PermissionError:
        if not sandbox_state().enabled:
            raise
        outside = launcher()
        if outside is None:
            raise SandboxRefusedError(path) from None
    try:
        return outside.open(path, flags, 0o666)
    except PermissionError:
        raise SandboxRefusedError(path) from None
