"""The set of unspent outputs: a database, a write-back cache before it, and layers to try changes on."""

import struct
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final, Protocol

import lmdb

from moneyrocket.interfaces.chain import Coin
from moneyrocket.node.storage import Durability, open_environment
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut

__all__ = ["Coin", "CoinsCache", "CoinsDb", "CoinsLayer", "CoinsView", "is_unspendable"]

_MAX_SCRIPT_SIZE: Final = 10_000
_OP_RETURN: Final = b"\x6a"
_COIN_USAGE: Final = 400
"""Estimated memory of one change in the cache, bytes."""

_KEY: Final = struct.Struct(">32sI")
_VALUE: Final = struct.Struct("<Iq")
"""Twice the height plus one for a coinbase, and the amount in sat; the script follows."""
_BEST_BLOCK: Final = b"best block"


def is_unspendable(script_pubkey: bytes) -> bool:
    """Whether no input can ever spend an output with this script, so that it is not worth keeping."""
    return len(script_pubkey) > _MAX_SCRIPT_SIZE or script_pubkey[:1] == _OP_RETURN


class CoinsView(Protocol):
    """Anything that knows coins."""

    def get(self, outpoint: OutPoint) -> Coin | None:
        """The unspent coin at ``outpoint``, None if it was spent or never existed."""


class CoinsDb:
    """Coins in LMDB, sorted by outpoint, with the hash of the block up to which they are complete."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self._env = open_environment(path, durability)

    def best_block(self) -> bytes | None:
        """Hash of the block that the coins belong to, None in a new database."""
        with self._env.begin() as txn:
            value = txn.get(_BEST_BLOCK)
        return bytes(value) if value is not None else None

    def get(self, outpoint: OutPoint) -> Coin | None:
        """See `CoinsView.get`."""
        with self._env.begin() as txn:
            value = txn.get(_KEY.pack(*outpoint))
        return _parse(value) if value is not None else None

    def write(self, changes: dict[OutPoint, Coin | None], best_block: bytes) -> None:
        """Add coins and delete spent ones (None) in one transaction, together with the best block."""
        with self._env.begin(write=True) as txn:
            # In key order neighbouring records share pages.
            for outpoint in sorted(changes):
                coin = changes[outpoint]
                if coin is None:
                    txn.delete(_KEY.pack(*outpoint))
                else:
                    code = coin.height * 2 + coin.is_coinbase
                    txn.put(_KEY.pack(*outpoint), _VALUE.pack(code, coin.out.value) + coin.out.script_pubkey)
            txn.put(_BEST_BLOCK, best_block)

    def clear(self) -> None:
        """Forget all coins."""
        with self._env.begin(write=True) as txn:
            txn.drop(self._env.open_db(txn=txn), delete=False)

    def snapshot(self) -> "CoinsSnapshot":
        """The coins as they are now, unmoved by later writes. Close it soon: the file grows meanwhile."""
        return CoinsSnapshot(self._env)

    def disk_size(self) -> int:
        """Bytes that the coins take on disk."""
        stat = self._env.stat()
        return int(stat["psize"] * (stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]))

    def sync(self) -> None:
        """Make all commits survive a power failure."""
        self._env.sync(True)

    def close(self) -> None:
        """Sync and close the environment."""
        self.sync()
        self._env.close()


class CoinsSnapshot:
    """All coins of one moment, in the order of their outpoints; a context manager."""

    def __init__(self, env: lmdb.Environment) -> None:
        self._txn = env.begin()

    def __enter__(self) -> "CoinsSnapshot":
        return self

    def __exit__(self, *_: object) -> None:
        self._txn.abort()

    def best_block(self) -> bytes:
        """Hash of the block that the coins belong to."""
        return bytes(self._txn.get(_BEST_BLOCK, bytes(32)))

    def __iter__(self) -> Iterator[tuple[OutPoint, Coin]]:
        for key, value in self._txn.cursor():
            if len(key) == _KEY.size:
                yield OutPoint(*_KEY.unpack(key)), _parse(value)

    def find_scripts(self, scripts: Container[bytes]) -> Iterator[tuple[OutPoint, Coin | None]]:
        """All outpoints, with the coin where its output script is one of ``scripts``."""
        for key, value in self._txn.cursor():
            if len(key) == _KEY.size:
                found = _parse(value) if value[_VALUE.size :] in scripts else None
                yield OutPoint(*_KEY.unpack(key)), found


class CoinsCache:
    """Holds changes to the database until they are flushed.

    Only changes are held: a look-up in the memory-mapped file costs about as much as one in a second cache.
    """

    def __init__(self, db: CoinsDb, best_block: bytes) -> None:
        self._db = db
        self._changes: dict[OutPoint, Coin | None] = {}
        self._best_block = best_block
        self._flushed_block = best_block

    @property
    def best_block(self) -> bytes:
        """Hash of the block that the coins belong to, flushed or not."""
        return self._best_block

    @property
    def is_dirty(self) -> bool:
        """Whether anything is not yet flushed."""
        return self._best_block != self._flushed_block

    def memory_usage(self) -> int:
        """Estimated memory of the pending changes, bytes."""
        return len(self._changes) * _COIN_USAGE

    @property
    def pending(self) -> int:
        """Number of changes not yet flushed."""
        return len(self._changes)

    def get(self, outpoint: OutPoint) -> Coin | None:
        """See `CoinsView.get`."""
        try:
            return self._changes[outpoint]
        except KeyError:
            return self._db.get(outpoint)

    def apply(self, layer: "CoinsLayer", best_block: bytes) -> None:
        """Take over a layer's changes, which make the coins those of ``best_block``."""
        self._changes.update(layer.changes)
        self._best_block = best_block

    def flush(self) -> None:
        """Commit all changes to the database."""
        self._db.write(self._changes, self._best_block)
        self._changes.clear()
        self._flushed_block = self._best_block


class CoinsLayer:
    """Changes upon another view, which stays as it is.

    Attributes:
        changes: new coins, and None for spent ones.
    """

    __slots__ = ("_base", "changes")

    def __init__(self, base: CoinsView) -> None:
        self._base = base
        self.changes: dict[OutPoint, Coin | None] = {}

    def get(self, outpoint: OutPoint) -> Coin | None:
        """See `CoinsView.get`."""
        try:
            return self.changes[outpoint]
        except KeyError:
            return self._base.get(outpoint)

    def add(self, outpoint: OutPoint, coin: Coin) -> None:
        """Put a coin in, unless nobody can spend it."""
        if not is_unspendable(coin.out.script_pubkey):
            self.changes[outpoint] = coin

    def add_outputs(self, tx: Transaction, height: int) -> None:
        """Put all spendable outputs of ``tx`` in."""
        coinbase = tx.is_coinbase
        txid = tx.txid
        for n, out in enumerate(tx.outputs):
            if not is_unspendable(out.script_pubkey):
                self.changes[OutPoint(txid, n)] = Coin(out, height, coinbase)

    def spend(self, outpoint: OutPoint) -> Coin | None:
        """Take a coin out and return it, None if it is not there."""
        coin = self.get(outpoint)
        if coin is not None:
            self.changes[outpoint] = None
        return coin


def _parse(value: bytes) -> Coin:
    code, amount = _VALUE.unpack_from(value)
    return Coin(TxOut(amount, bytes(value[_VALUE.size :])), code >> 1, bool(code & 1))
