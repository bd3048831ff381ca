"""Where wallets lie in the file system."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError

DATA_FILE = "wallet.dat"

_SQLITE_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID_OFFSET = 68
_BDB_MAGICS = (b"\x62\x31\x05\x00", b"\x00\x05\x31\x62")
_BDB_MAGIC_OFFSET = 12


def wallet_dir(args: ArgsManager) -> Path:
    """The folder that holds the wallets: -walletdir, else ``wallets`` in the network's folder if it is there."""
    given = args.get_path("-walletdir")
    if given is not None:
        # An unusable -walletdir stops the node at start-up; here it simply holds no wallet.
        return given if given.is_dir() else Path()
    folder = args.datadir_net / "wallets"
    return folder if folder.is_dir() else args.datadir_net


def wallet_path(directory: Path, name: str) -> Path:
    """The folder of a wallet.

    Args:
        directory: the folder that holds the wallets.
        name: the wallet's name: a path, relative to that folder or absolute.

    Raises:
        WalletLoadError: the name is no usable path.
    """
    without_slash = name.removesuffix("/")
    normal = without_slash.replace("/", os.sep) == os.path.normpath(without_slash) if without_slash else True
    if not normal or name.endswith(("//", "./")):
        raise WalletLoadError(LoadFailure.BAD_PATH, "Wallet name given as a path must be normalized")
    first = name.split("/", 1)[0]
    if first in (".", ".."):
        raise WalletLoadError(
            LoadFailure.BAD_PATH,
            "Wallet name given as a relative path cannot begin with ./ or ../, for wallets not in the walletdir, "
            "please use an absolute path.",
        )
    if name == "/":
        raise WalletLoadError(LoadFailure.BAD_PATH, "Wallet name cannot be the root path")
    path = directory / name
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return path
    except OSError as error:
        raise WalletLoadError(
            LoadFailure.BAD_PATH, f"Failed to access database path '{path}': {error.strerror}"
        ) from error
    usable = (
        stat.S_ISDIR(mode) or (stat.S_ISLNK(mode) and path.is_dir()) or (stat.S_ISREG(mode) and Path(name).name == name)
    )
    if not usable:
        raise WalletLoadError(
            LoadFailure.BAD_PATH,
            f"Invalid -wallet path '{name}'. -wallet path should point to a directory where wallet.dat and "
            "database/log.?????????? files can be stored, a location where such a directory could be created, "
            f'or (for backwards compatibility) the name of an existing data file in -walletdir ("{directory}")',
        )
    return path


def is_sqlite_wallet(path: Path, magic: bytes) -> bool:
    """Whether a file is an SQLite wallet of the network with the given message start bytes."""
    head = _head(path, 512)
    end = _APPLICATION_ID_OFFSET + 4
    return len(head) == 512 and head.startswith(_SQLITE_MAGIC) and head[_APPLICATION_ID_OFFSET:end] == magic


def is_legacy_wallet(path: Path) -> bool:
    """Whether a file is a Berkeley DB wallet, which is not supported."""
    head = _head(path, 4096)
    return len(head) == 4096 and head[_BDB_MAGIC_OFFSET : _BDB_MAGIC_OFFSET + 4] in _BDB_MAGICS


def list_wallets(directory: Path, magic: bytes) -> Iterator[tuple[str, bool]]:
    """Yield the name of every wallet below a folder, and whether it is of the unsupported legacy kind."""

    def report(error: OSError) -> None:
        log.warning("Error while scanning wallet dir item: %s [%s].", error.strerror, error.filename)

    for folder, subfolders, files in os.walk(directory, onerror=report, followlinks=False):
        subfolders.sort()
        here = Path(folder)
        top = here == directory
        for name in [] if top else [str(here.relative_to(directory))]:
            yield from _wallet_in(here / DATA_FILE, name, magic)
        for link in (sub for sub in subfolders if (here / sub).is_symlink()):
            yield from _wallet_in(here / link / DATA_FILE, str((here / link).relative_to(directory)), magic)
        if top:
            for file in sorted(files):
                path = here / file
                if path.is_symlink() or path.suffix == ".bak":
                    continue
                if file == DATA_FILE:
                    yield from _wallet_in(path, "", magic)
                elif is_legacy_wallet(path):
                    yield file, True


def _wallet_in(path: Path, name: str, magic: bytes) -> Iterator[tuple[str, bool]]:
    try:
        if is_legacy_wallet(path):
            yield name, True
        elif is_sqlite_wallet(path, magic):
            yield name, False
    except OSError as error:
        log.warning("Error while scanning wallet dir item: %s [%s].", error.strerror, path)


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except PermissionError:
        # That is what Windows says of a folder.
        if path.is_dir():
            return b""
        raise
