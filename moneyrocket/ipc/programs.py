"""The executables that processes of this installation start, and how they are started."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Final

IPC_DESCRIPTOR_OPTION: Final = "-ipcfd"
"""Option by which a started process learns the descriptor of its socket. It takes no other option: everything else it
needs to know comes over the connection."""

WALLET_PROGRAM: Final = "moneyrocket-wallet"
NODE_PROGRAM: Final = "moneyrocket-node"


def program_module(program: str) -> str:
    """The module of an executable of this installation."""
    return f"moneyrocket.init.{program.replace('-', '_')}"


def listening_socket(path: Path) -> socket.socket:
    """A Unix socket that listens for programs of this user.

    Raises:
        OSError: it cannot be made; the text says why.
    """
    # Imported by whoever is asked for one, which is mostly nobody.
    from libmultiprocess.unix import listen_unix

    path.parent.mkdir(parents=True, exist_ok=True)
    return listen_unix(path)


def program_command(program: str, module: str) -> list[str]:
    """How to start another executable of this installation.

    Args:
        program: name of the executable, looked for beside the running one.
        module: what to run with this Python when there is no such executable (a source tree).
    """
    beside = Path(sys.argv[0]).parent / program
    if beside.is_file() and os.access(beside, os.X_OK):
        return [os.fspath(beside.absolute())]
    return [sys.executable, "-m", module]
