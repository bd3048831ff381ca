"""LMDB environments for chain state, and how durable their commits are."""

from enum import Enum
from pathlib import Path

import lmdb

from moneyrocket.common.errors import InitError

_MAP_SIZE = 1 << 38
"""Address space set aside for an environment, bytes; the file only grows with its contents."""


class Durability(Enum):
    """What a commit survives.

    Attributes:
        PROCESS: the end of the process at any instant: pages are handed to the operating system in order.
        POWER: a power failure too: every commit waits for the disk.
    """

    PROCESS = "process"
    POWER = "power"


def open_environment(path: Path, durability: Durability) -> lmdb.Environment:
    """Open or make the environment in the folder ``path``.

    Raises:
        InitError: if it cannot be opened.
    """
    path.mkdir(parents=True, exist_ok=True)
    try:
        return lmdb.open(str(path), map_size=_MAP_SIZE, max_dbs=0, sync=durability is Durability.POWER, readahead=False)
    except lmdb.Error as error:
        raise InitError(f"Cannot open the database in {path}: {error}") from error
