"""A wallet's SQLite file. Schema and promises are described in docs/wallet.md."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moneyrocket.primitives.block import BlockLocator
from moneyrocket.primitives.serialize import Reader
from moneyrocket.primitives.transaction import OutPoint, Transaction
from moneyrocket.sandbox.user_files import open_user_file
from moneyrocket.wallet.errors import LoadFailure, WalletLoadError
from moneyrocket.wallet.transaction import IN_MEMPOOL, INACTIVE, Status, TxState, WalletTx

SCHEMA_VERSION: Final = 1

_FILE_VERSIONS: Final = slice(18, 20)
"""Where SQLite's file header says whether there is a write-ahead log."""

_WITHOUT_LOG: Final = b"\x01\x01"

_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE descriptors (
    id INTEGER PRIMARY KEY,
    descriptor TEXT NOT NULL UNIQUE,
    secret,
    created INTEGER NOT NULL,
    range_start INTEGER NOT NULL,
    range_end INTEGER NOT NULL,
    next_index INTEGER NOT NULL
);
CREATE TABLE active (
    output_type TEXT NOT NULL,
    internal INTEGER NOT NULL,
    descriptor INTEGER NOT NULL REFERENCES descriptors (id),
    PRIMARY KEY (output_type, internal)
) WITHOUT ROWID;
CREATE TABLE transactions (
    txid BLOB PRIMARY KEY,
    raw BLOB NOT NULL,
    position INTEGER NOT NULL UNIQUE,
    status INTEGER NOT NULL,
    block_hash BLOB,
    height INTEGER NOT NULL,
    block_index INTEGER NOT NULL,
    block_time INTEGER NOT NULL,
    time_received INTEGER NOT NULL,
    time_smart INTEGER NOT NULL,
    comment TEXT,
    comment_to TEXT,
    replaces BLOB,
    replaced_by BLOB
);
CREATE TABLE addresses (
    script BLOB PRIMARY KEY,
    label TEXT,
    purpose TEXT,
    spent INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE locked_outputs (txid BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (txid, n)) WITHOUT ROWID;
"""

_SAVE_TRANSACTION: Final = """
INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (txid) DO UPDATE SET
    raw = excluded.raw, status = excluded.status, block_hash = excluded.block_hash, height = excluded.height,
    block_index = excluded.block_index, block_time = excluded.block_time, time_smart = excluded.time_smart,
    comment = excluded.comment, comment_to = excluded.comment_to, replaces = excluded.replaces,
    replaced_by = excluded.replaced_by
"""


@dataclass(frozen=True, slots=True)
class DescriptorRow:
    """A descriptor as stored.

    Attributes:
        id: row number.
        descriptor: public text with checksum.
        secret: the same descriptor with its private keys, sealed if these are bytes; None without private keys.
        created: unix seconds before which no output can pay to it.
        range_start: first index in use.
        range_end: one past the last index that is watched.
        next_index: next index to hand out.
    """

    id: int
    descriptor: str
    secret: str | bytes | None
    created: int
    range_start: int
    range_end: int
    next_index: int


@dataclass(frozen=True, slots=True)
class AddressRow:
    """What a wallet knows of an address.

    Attributes:
        script: the output script.
        label: the user's label, None for change.
        purpose: ``receive``, ``send``, or None.
        spent: whether a coin on it was spent (kept for wallets that avoid reuse).
    """

    script: bytes
    label: str | None
    purpose: str | None
    spent: bool


class WalletDatabase:
    """An open wallet file, locked against other processes.

    Not thread-safe: callers hold the wallet's lock. What a `transaction` wrote is durable when its block is left.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._depth = 0

    @classmethod
    def create(
        cls, path: Path, magic: bytes, fill: Callable[[WalletDatabase], None], *, unsafe_sync: bool = False
    ) -> WalletDatabase:
        """Make a new wallet file, and its folder where needed.

        Args:
            path: the file.
            magic: the network's message start bytes, which become the file's application id.
            fill: writes the first contents. The file is made with them, or not at all.
            unsafe_sync: do not wait for the disk (a power cut may then lose data; a killed process loses nothing).

        Raises:
            WalletLoadError: the file cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"SQLiteDatabase: Failed to open database: {error.strerror} '{path.parent}'"
            raise WalletLoadError(LoadFailure.LOAD, message) from error
        # Until the first commit is in the file itself, it must not look like a wallet: so no write-ahead log yet.
        database = cls._connect(path, journal="DELETE", unsafe_sync=unsafe_sync)
        application_id = int.from_bytes(magic, "big", signed=True)
        try:
            with database.transaction():
                for statement in _SCHEMA.split(";"):
                    database._connection.execute(statement)
                database._connection.execute(f"PRAGMA application_id = {application_id}")
                database._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                fill(database)
            database._connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            database.close()
            message = f"SQLiteDatabase: Failed to create new database: {error}"
            raise WalletLoadError(LoadFailure.LOAD, message) from error
        return database

    @classmethod
    def open(cls, path: Path, magic: bytes, *, unsafe_sync: bool = False, verify: bool = True) -> WalletDatabase:
        """Open an existing wallet file.

        Args:
            path: the file.
            magic: the network's message start bytes.
            unsafe_sync: see `create`.
            verify: read all of it to find damage.

        Raises:
            WalletLoadError: it is damaged, in use, of another network, or of another schema.
        """
        database = cls._connect(path, journal="WAL", unsafe_sync=unsafe_sync)
        try:
            database._check(magic, read_all=verify)
        except sqlite3.DatabaseError as error:
            database._connection.close()
            message = f"SQLiteDatabase: Failed to execute statement to verify database: {error}"
            raise WalletLoadError(LoadFailure.VERIFY, message) from error
        except WalletLoadError:
            database._connection.close()
            raise
        return database

    @classmethod
    def _connect(cls, path: Path, *, journal: str, unsafe_sync: bool) -> WalletDatabase:
        try:
            connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise WalletLoadError(LoadFailure.LOAD, f"SQLiteDatabase: Failed to open database: {error}") from error
        try:
            # Exclusive before WAL: the log's index then lives in this process, and no second process gets in.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute(f"PRAGMA journal_mode = {journal}")
            connection.execute(f"PRAGMA synchronous = {'OFF' if unsafe_sync else 'FULL'}")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            if "locked" in str(error):
                message = (
                    "SQLiteDatabase: Unable to obtain an exclusive lock on the database, "
                    "is it being used by another instance of Moneyrocket?\n"
                )
            else:
                message = f"SQLiteDatabase: Failed to open database: {error}"
            raise WalletLoadError(LoadFailure.LOAD, message) from error
        return cls(path, connection)

    def _check(self, magic: bytes, *, read_all: bool) -> None:
        expected = int.from_bytes(magic, "big")
        found = self._pragma("application_id") & 0xFFFFFFFF
        if found != expected:
            message = f"SQLiteDatabase: Unexpected application id. Expected {expected}, got {found}"
            raise WalletLoadError(LoadFailure.VERIFY, message)
        version = self._pragma("user_version")
        tables = {name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "main" in tables:
            message = "SQLiteDatabase: The file is a wallet of Bitcoin Core, which Moneyrocket cannot open yet"
            raise WalletLoadError(LoadFailure.VERIFY, message)
        if version != SCHEMA_VERSION:
            message = (
                f"SQLiteDatabase: Unknown sqlite wallet schema version {version}. "
                f"Only version {SCHEMA_VERSION} is supported"
            )
            raise WalletLoadError(LoadFailure.VERIFY, message)
        if not read_all:
            return
        problems = [str(text) for (text,) in self._connection.execute("PRAGMA integrity_check")]
        if problems != ["ok"]:
            raise WalletLoadError(LoadFailure.VERIFY, "\n".join(["Failed to verify database", *problems, ""]))

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Group writes: all of them are stored, or none. A transaction inside another is part of it."""
        if self._depth:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._depth = 0

    def purge(self) -> None:
        """Write the whole file anew, so that nothing deleted or overwritten is left in it."""
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, destination: Path) -> None:
        """Copy the whole wallet, as it is now, into a file.

        Raises:
            OSError: the destination cannot be written.
        """
        # Written as bytes, since whoever opens the file may hand over no more than a descriptor.
        copy = sqlite3.connect(":memory:")
        try:
            self._connection.backup(copy)
            data = bytearray(copy.serialize())
        finally:
            copy.close()
        data[_FILE_VERSIONS] = _WITHOUT_LOG
        with os.fdopen(open_user_file(destination, write=True), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Write the log back into the file and release it. Harmless if repeated."""
        self._connection.close()

    # Single values

    def get(self, key: str) -> object:
        """A value of the ``meta`` table, None if it is not there."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def put(self, key: str, value: int | str | bytes) -> None:
        """Write a value of the ``meta`` table."""
        with self.transaction():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def best_block(self) -> BlockLocator | None:
        """Locator of the last block whose transactions are stored."""
        value = self.get("best_block")
        return BlockLocator.read(Reader(value)) if isinstance(value, bytes) else None

    def best_height(self) -> int | None:
        """Height of that block; None in files of versions that did not store it."""
        value = self.get("best_height")
        return value if isinstance(value, int) else None

    def put_best_block(self, locator: BlockLocator, height: int) -> None:
        """Write what `best_block` and `best_height` read."""
        with self.transaction():
            self.put("best_block", locator.serialize())
            self.put("best_height", height)

    # Descriptors

    def descriptors(self) -> list[DescriptorRow]:
        """All descriptors in the order in which they were added."""
        query = (
            "SELECT id, descriptor, secret, created, range_start, range_end, next_index FROM descriptors ORDER BY id"
        )
        return [DescriptorRow(*row) for row in self._connection.execute(query)]

    def add_descriptor(self, row: DescriptorRow) -> int:
        """Store a descriptor (its id is ignored); returns its row number."""
        with self.transaction():
            cursor = self._connection.execute(
                "INSERT INTO descriptors (descriptor, secret, created, range_start, range_end, next_index) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (row.descriptor, row.secret, row.created, row.range_start, row.range_end, row.next_index),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def update_descriptor(self, row: DescriptorRow) -> None:
        """Store everything but the text of a descriptor anew."""
        with self.transaction():
            self._connection.execute(
                "UPDATE descriptors SET secret = ?, created = ?, range_start = ?, range_end = ?, next_index = ? "
                "WHERE id = ?",
                (row.secret, row.created, row.range_start, row.range_end, row.next_index, row.id),
            )

    def active(self) -> list[tuple[str, bool, int]]:
        """Output type, internal, and row number of the descriptors that new addresses come from."""
        query = "SELECT output_type, internal, descriptor FROM active"
        return [(kind, bool(internal), number) for kind, internal, number in self._connection.execute(query)]

    def set_active(self, output_type: str, internal: bool, number: int | None) -> None:
        """Choose the descriptor that new addresses of a type come from; None for none."""
        with self.transaction():
            if number is None:
                query = "DELETE FROM active WHERE output_type = ? AND internal = ?"
                self._connection.execute(query, (output_type, internal))
            else:
                query = "INSERT OR REPLACE INTO active VALUES (?, ?, ?)"
                self._connection.execute(query, (output_type, internal, number))

    # Transactions

    def transactions(self) -> Iterator[WalletTx]:
        """All transactions in the order in which the wallet learned of them."""
        for row in self._connection.execute("SELECT * FROM transactions ORDER BY position").fetchall():
            _, raw, position, status, block_hash, height, index, block_time, received, smart, *rest = row
            comment, comment_to, replaces, replaced_by = rest
            state = TxState(Status(status), block_hash, height, index, block_time)
            yield WalletTx(
                Transaction.deserialize(raw),
                state,
                position,
                received,
                smart,
                comment,
                comment_to,
                replaces,
                replaced_by,
            )

    def save_transaction(self, wtx: WalletTx) -> None:
        """Store a transaction or its changed state."""
        state = INACTIVE if wtx.state is IN_MEMPOOL else wtx.state
        with self.transaction():
            self._connection.execute(
                _SAVE_TRANSACTION,
                (
                    wtx.txid,
                    wtx.tx.serialize(),
                    wtx.position,
                    int(state.status),
                    state.block_hash,
                    state.height,
                    state.index,
                    state.block_time,
                    wtx.time_received,
                    wtx.time_smart,
                    wtx.comment,
                    wtx.comment_to,
                    wtx.replaces,
                    wtx.replaced_by,
                ),
            )

    # Addresses and locks

    def addresses(self) -> list[AddressRow]:
        """All addresses that the wallet knows something of."""
        query = "SELECT script, label, purpose, spent FROM addresses"
        return [
            AddressRow(script, label, purpose, bool(spent))
            for script, label, purpose, spent in self._connection.execute(query)
        ]

    def save_address(self, row: AddressRow) -> None:
        """Store what is known of an address."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO addresses VALUES (?, ?, ?, ?)", (row.script, row.label, row.purpose, row.spent)
            )

    def locked_outputs(self) -> list[OutPoint]:
        """Outputs locked beyond a restart."""
        return [OutPoint(txid, n) for txid, n in self._connection.execute("SELECT txid, n FROM locked_outputs")]

    def lock_output(self, outpoint: OutPoint) -> None:
        """Store a lock."""
        with self.transaction():
            self._connection.execute("INSERT OR IGNORE INTO locked_outputs VALUES (?, ?)", tuple(outpoint))

    def unlock_output(self, outpoint: OutPoint) -> None:
        """Delete a stored lock, if there is one."""
        with self.transaction():
            self._connection.execute("DELETE FROM locked_outputs WHERE txid = ? AND n = ?", tuple(outpoint))
