"""A program's own files beside folders that it may not enter: debug.log, settings.json, the cookie and their like.

They lie in the chain's folder, as do wallets; a rule that let a sandboxed process replace a file there would let it
replace a wallet, too. So a process outside of the sandbox does that for it, for these files alone. Without a
sandbox the functions here are what `os` and `pathlib` offer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from moneyrocket.common import append_file

_BINARY: Final = getattr(os, "O_BINARY", 0)


class FileBroker(Protocol):
    """Works on files for a process that may not. All methods raise `OSError` as those of `os` do."""

    def covers(self, path: Path) -> bool:
        """Whether it does so for this path."""

    def open(self, path: Path, flags: int, mode: int) -> int:
        """Open the file; returns a descriptor."""

    def rename(self, path: Path, target: Path) -> None:
        """Rename the file, replacing another."""

    def remove(self, path: Path) -> None:
        """Delete the file."""

    def chmod(self, path: Path, mode: int) -> None:
        """Set the file's mode."""


class _Files:
    broker: FileBroker | None = None


def set_file_broker(broker: FileBroker | None) -> None:
    """Let another process work on this one's own files from now on."""
    _Files.broker = broker


def open_file(path: Path, flags: int, mode: int = 0o666) -> int:
    """Open a file for bytes as `os.open` does, which makes descriptors that programs started later do not get."""
    broker = _broker_for(path)
    flags |= _BINARY
    return os.open(path, flags, mode) if broker is None else broker.open(path, flags, mode)


def open_append(path: Path) -> int:
    """Open a file as `append_file.open_append` does."""
    broker = _broker_for(path)
    if broker is None:
        return append_file.open_append(path)
    return broker.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def read_bytes(path: Path) -> bytes:
    """Return what is in a file."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        return file.read()


def read_text(path: Path) -> str:
    """Return the text in a UTF-8 file."""
    return read_bytes(path).decode()


def write_bytes(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write a file anew.

    Args:
        path: the file.
        data: all of its contents.
        sync: return when they are on the disk.
    """
    with os.fdopen(open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file anew."""
    write_bytes(path, text.encode())


def rename(path: Path, target: Path) -> None:
    """Rename a file, replacing another."""
    broker = _broker_for(path)
    if broker is None:
        path.replace(target)
    else:
        broker.rename(path, target)


def remove(path: Path, *, missing_ok: bool = False) -> None:
    """Delete a file."""
    broker = _broker_for(path)
    try:
        if broker is None:
            path.unlink()
        else:
            broker.remove(path)
    except FileNotFoundError:
        if not missing_ok:
            raise


def chmod(path: Path, mode: int) -> None:
    """Set a file's mode."""
    broker = _broker_for(path)
    if broker is None:
        path.chmod(mode)
    else:
        broker.chmod(path, mode)


def _broker_for(path: Path) -> FileBroker | None:
    broker = _Files.broker
    return broker if broker is not None and broker.covers(path) else None
