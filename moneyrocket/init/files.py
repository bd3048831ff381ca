"""Files that show that a node runs: directory locks and the process id."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from moneyrocket.common import own_files
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.version import CLIENT_NAME

PID_FILE = "moneyrocketd.pid"
LOCK_FILE = ".lock"


class DirectoryLock:
    """Holds a lock file in a directory, so that only one process uses it.

    Args:
        directory: the directory.
        name: name of the lock file.
        program: who has it, perhaps.

    Raises:
        InitError: another process has it, or the file cannot be written.
    """

    def __init__(self, directory: Path, name: str = LOCK_FILE, program: str = CLIENT_NAME) -> None:
        try:
            self._descriptor = own_files.open_file(directory / name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            raise InitError(f"Cannot write to directory '{directory}'; check permissions.") from None
        try:
            _lock_file(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            log.error("Error while attempting to lock directory %s: %s", directory, error.strerror)
            raise InitError(
                f"Cannot obtain a lock on directory {directory}. {program} is probably already running."
            ) from None

    def release(self) -> None:
        """Gives the directory up."""
        os.close(self._descriptor)


def _lock_file(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def probe_locks(args: ArgsManager) -> None:
    """Tells early, before a daemon leaves the terminal, that another process has a directory.

    Raises:
        InitError: it has.
    """
    for lock in take_locks(args):
        lock.release()


def take_locks(args: ArgsManager) -> list[DirectoryLock]:
    """Locks the chain's folder and the blocks folder.

    Raises:
        InitError: another process has one of them.
    """
    locks: list[DirectoryLock] = []
    try:
        for directory in (args.datadir_net, args.blocks_dir):
            locks.append(DirectoryLock(directory))
    except InitError:
        for lock in locks:
            lock.release()
        raise
    return locks


def pid_path(args: ArgsManager) -> Path | None:
    """Returns where the process id is written, None with -nopid."""
    path = args.get_path("-pid", PID_FILE)
    return None if path is None else args.absolute(path)


class PidFile:
    """Writes the process id, unless -nopid.

    Raises:
        InitError: the file cannot be written.
    """

    def __init__(self, args: ArgsManager) -> None:
        self._path = pid_path(args)
        if self._path is None:
            return
        try:
            own_files.write_text(self._path, f"{os.getpid()}\n")
        except OSError as error:
            raise InitError(f"Unable to create the PID file '{self._path}': {error.strerror}") from None

    def remove(self) -> None:
        """Deletes the file."""
        if self._path is not None:
            try:
                own_files.remove(self._path)
            except OSError as error:
                log.warning("Unable to remove PID file (%s): %s", self._path, error.strerror)
