"""An append-only list of the transactions that this node's user submitted.

mempool.dat is written when the node stops, so a node that is killed would forget transactions that a caller was told
are accepted. Each of them is therefore appended here before the caller gets an answer, and taken up again at the next
start. A record survives the death of the process, as it is in the operating system's hands by then; whether it also
survives a power failure is the caller's choice.
"""

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from moneyrocket.common import own_files
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.serialize import DeserializeError, Reader
from moneyrocket.primitives.transaction import Transaction

_CHECKSUM_SIZE: Final = 4
_COMPACT_AT: Final = 1 << 20
"""Size in bytes from which records of transactions that left the mempool are dropped."""


class MempoolJournal:
    """The journal in one file, which exists only while it has records.

    Args:
        path: the file.
        sync: make every record survive a power failure, which costs a disk's time to write.
    """

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        self._path = path
        self._sync = sync
        self._lock = threading.Lock()
        self._records: dict[bytes, bytes] = {}
        self._size = 0
        self._compact_at = _COMPACT_AT

    def __contains__(self, txid: bytes) -> bool:
        return txid in self._records

    def read(self) -> list[tuple[Transaction, int]]:
        """The recorded transactions, parents first, each with the time when it was accepted (unix seconds).

        A record that was cut short by a crash, and whatever follows it, is dropped.
        """
        try:
            data = own_files.read_bytes(self._path)
        except FileNotFoundError:
            return []
        found: list[tuple[Transaction, int]] = []
        reader = Reader(data)
        complete = 0
        with self._lock:
            self._records.clear()
            while reader.remaining:
                try:
                    body = reader.take(reader.u32())
                    if reader.take(_CHECKSUM_SIZE) != sha256(body)[:_CHECKSUM_SIZE]:
                        break
                    time = int.from_bytes(body[:8], "little", signed=True)
                    tx = Transaction.deserialize(body[8:])
                except DeserializeError:
                    break
                self._records[tx.txid] = data[complete : reader.pos]
                complete = reader.pos
                found.append((tx, time))
            if complete < len(data):
                self._rewrite()
            self._size = complete
        return found

    def append(self, transactions: Iterable[tuple[Transaction, int]], is_live: Callable[[bytes], bool]) -> None:
        """Record accepted transactions, parents first; those recorded already are skipped.

        Args:
            transactions: each with the time when it was accepted, unix seconds.
            is_live: whether the mempool still has a txid; used when the file is tidied up.

        Raises:
            OSError: if the file cannot be written.
        """
        with self._lock:
            new = {tx.txid: _record(tx, time) for tx, time in transactions if tx.txid not in self._records}
            if not new:
                return
            data = b"".join(new.values())
            descriptor = own_files.open_append(self._path)
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
                if self._sync:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._records.update(new)
            self._size += sum(map(len, new.values()))
            if self._size > self._compact_at:
                self._keep_only(is_live)

    def keep(self, wanted: Callable[[bytes], bool]) -> None:
        """Drop the records of all transactions but those whose txids are ``wanted``.

        Raises:
            OSError: if the file cannot be written.
        """
        with self._lock:
            self._keep_only(wanted)

    def _keep_only(self, wanted: Callable[[bytes], bool]) -> None:
        kept = {txid: record for txid, record in self._records.items() if wanted(txid)}
        if len(kept) != len(self._records):
            self._records = kept
            self._rewrite()
        self._compact_at = max(_COMPACT_AT, 2 * self._size)

    def _rewrite(self) -> None:
        if not self._records:
            own_files.remove(self._path, missing_ok=True)
        else:
            new = self._path.with_name(self._path.name + ".new")
            own_files.write_bytes(new, b"".join(self._records.values()))
            own_files.rename(new, self._path)
        self._size = sum(map(len, self._records.values()))


def _record(tx: Transaction, time: int) -> bytes:
    body = time.to_bytes(8, "little", signed=True) + tx.serialize()
    return len(body).to_bytes(4, "little") + body + sha256(body)[:_CHECKSUM_SIZE]
