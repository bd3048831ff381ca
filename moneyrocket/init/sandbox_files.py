"""The files that a sandboxed program has its launcher open, replace and delete: its own ones, beside wallets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.settings_file import settings_path
from moneyrocket.init import files
from moneyrocket.init.log_setup import log_options
from moneyrocket.init.sandbox_network import socket_paths

_NODE_FILES: Final = ("peers.dat", "banlist.json", "mempool.dat", "mempool.journal", files.LOCK_FILE)
_TEMPORARY_SUFFIXES: Final = ("", ".new", ".tmp")

NODE_READABLE_NAMES: Final = ("mempool.dat",)
"""RPC importmempool takes one from anywhere; no wallet is called so."""


def log_files(args: ArgsManager, *others: str) -> tuple[Path, ...]:
    """The log, which can be moved away and made anew, and others beside it."""
    log_file = log_options(args).file
    return (*([] if log_file is None else [log_file]), *(args.datadir_net / name for name in others))


def node_files(args: ArgsManager) -> tuple[Path, ...]:
    """The files of a node."""
    return _with_temporary([*server_files(args, "node"), *(args.datadir_net / name for name in _NODE_FILES)])


def lone_wallet_files(args: ArgsManager) -> tuple[Path, ...]:
    """The files of a wallet process that was started on its own."""
    return _with_temporary(server_files(args, "wallet"))


def server_files(args: ArgsManager, role: str) -> tuple[Path, ...]:
    """What any program has that serves others."""
    # Only here: no other process needs it before its threads run.
    from moneyrocket.rpc.auth import cookie_path

    given = (settings_path(args), files.pid_path(args), cookie_path(args))
    return (*log_files(args), *(path for path in given if path is not None), *socket_paths(args, role))


def _with_temporary(paths: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for path in paths for suffix in _TEMPORARY_SUFFIXES)
