"""Blocks and undo data in flat files: Bitcoin Core's blk*.dat and rev*.dat."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from moneyrocket.common.errors import InitError, MoneyrocketError
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.limits import MAX_BLOCK_SERIALIZED_SIZE
from moneyrocket.node.block_index import FilePosition
from moneyrocket.primitives.hashes import hash256

MAX_FILE_SIZE: Final = 0x8000000
"""A blk file never grows beyond this, bytes."""

_RECORD_HEADER: Final = 8
"""Network magic and size in front of every record."""
_CHECKSUM: Final = 32
_KEY_SIZE: Final = 8
_SMALLEST_BLOCK: Final = 81

log = category_logger("blockstorage")


class BlockFileError(MoneyrocketError):
    """A record cannot be read: the file is missing, cut off or not what it should be."""


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a pair of blk and rev files holds.

    Attributes:
        blocks: number of blocks.
        size: bytes in use in the blk file.
        undo_size: bytes in use in the rev file.
        height_first: lowest height of a block in it.
        height_last: highest height.
        time_first: earliest block time, unix seconds.
        time_last: latest block time.
    """

    blocks: int = 0
    size: int = 0
    undo_size: int = 0
    height_first: int = 0
    height_last: int = 0
    time_first: int = 0
    time_last: int = 0

    def with_block(self, height: int, time: int) -> "FileInfo":
        """The same with one more block."""
        if not self.blocks:
            return replace(self, blocks=1, height_first=height, height_last=height, time_first=time, time_last=time)
        return replace(
            self,
            blocks=self.blocks + 1,
            height_first=min(self.height_first, height),
            height_last=max(self.height_last, height),
            time_first=min(self.time_first, time),
            time_last=max(self.time_last, time),
        )


def load_xor_key(blocks_dir: Path, *, wanted: bool) -> bytes:
    """The 8 bytes that all block files are XORed with, made at the first start and kept in ``xor.dat``.

    Args:
        blocks_dir: folder of the files.
        wanted: the -blocksxor option.

    Raises:
        InitError: if the files have a key and the option says they must not.
    """
    path = blocks_dir / "xor.dat"
    if path.exists():
        key = path.read_bytes()[:_KEY_SIZE]
        if len(key) != _KEY_SIZE:
            raise InitError(f"The blocksdir XOR-key in '{path}' is cut off")
    else:
        # Files from before the key existed are plain; only an empty folder may start with a random one.
        fresh = not any(blocks_dir.glob("blk*.dat"))
        key = os.urandom(_KEY_SIZE) if wanted and fresh else bytes(_KEY_SIZE)
        path.write_bytes(key)
    if not wanted and any(key):
        raise InitError(
            "The blocksdir XOR-key can not be disabled when a random key was already stored! "
            f"Stored key: '{key.hex()}', stored path: '{path}'."
        )
    log.info("Using obfuscation key for blocksdir *.dat files (%s): '%s'", blocks_dir, key.hex())
    return key


class BlockFiles:
    """Appends and reads records. Safe to use from several threads.

    What was written but is not yet named by the block index is overwritten after a restart, so a crash leaves no trace.

    Attributes:
        infos: contents of the files by number.
        dirty: numbers of files whose info changed since `take_dirty`.
    """

    def __init__(self, blocks_dir: Path, magic: bytes, *, xor_key: bytes, max_file_size: int = MAX_FILE_SIZE) -> None:
        self._dir = blocks_dir
        self._magic = magic
        self._key = xor_key if any(xor_key) else b""
        self._max_file_size = max_file_size
        self._lock = threading.RLock()
        self._handles: dict[tuple[str, int], BinaryIO] = {}
        self._unsynced: set[tuple[str, int]] = set()
        self.infos: list[FileInfo] = []
        self.dirty: set[int] = set()

    def path(self, kind: str, number: int) -> Path:
        """Path of a file; ``kind`` is "blk" or "rev"."""
        return self._dir / f"{kind}{number:05d}.dat"

    @property
    def total_size(self) -> int:
        """Bytes in use in all files."""
        with self._lock:
            return sum(info.size + info.undo_size for info in self.infos)

    def write_block(self, data: bytes, height: int, time: int) -> FilePosition:
        """Append a block.

        Args:
            data: the serialized block.
            height: its height, for the file's info.
            time: its time, unix seconds, likewise.

        Raises:
            OSError: if the disk is full or broken.
        """
        with self._lock:
            if not self.infos:
                self.infos.append(FileInfo())
            number = len(self.infos) - 1
            if self.infos[number].size and self.infos[number].size + len(data) + _RECORD_HEADER >= self._max_file_size:
                self._finish(number)
                number += 1
                self.infos.append(FileInfo())
            info = self.infos[number]
            self._write("blk", number, info.size, self._magic + len(data).to_bytes(4, "little") + data)
            position = FilePosition(number, info.size + _RECORD_HEADER)
            self.infos[number] = replace(info, size=position.offset + len(data)).with_block(height, time)
            self.dirty.add(number)
            return position

    def write_undo(self, number: int, data: bytes, prev_hash: bytes) -> int:
        """Append undo data to the rev file that belongs to a block's blk file.

        Args:
            number: the file's number.
            data: serialized undo data.
            prev_hash: hash of the block's parent; goes into the checksum.

        Returns:
            Offset of the data in the file.
        """
        with self._lock:
            info = self.infos[number]
            record = self._magic + len(data).to_bytes(4, "little") + data + hash256(prev_hash + data)
            self._write("rev", number, info.undo_size, record)
            self.infos[number] = replace(info, undo_size=info.undo_size + len(record))
            self.dirty.add(number)
            return info.undo_size + _RECORD_HEADER

    def read_block(self, position: FilePosition) -> bytes:
        """The serialized block at ``position``.

        Raises:
            BlockFileError: if it cannot be read.
        """
        return self._read("blk", position, trailer=0)

    def read_undo(self, position: FilePosition, prev_hash: bytes) -> bytes:
        """The serialized undo data at ``position``.

        Raises:
            BlockFileError: if it cannot be read, or its checksum does not match.
        """
        record = self._read("rev", position, trailer=_CHECKSUM)
        data, checksum = record[:-_CHECKSUM], record[-_CHECKSUM:]
        if hash256(prev_hash + data) != checksum:
            raise BlockFileError(f"undo data at {position} has a wrong checksum")
        return data

    def count_on_disk(self) -> int:
        """How many blk files there are without a gap."""
        number = 0
        while self.path("blk", number).exists():
            number += 1
        return number

    def records(self, number: int) -> Iterator[tuple[int, bytes]]:
        """All blocks of a file with their offsets, whatever the index knows; what is no record is passed over."""
        data = self._mask(self.path("blk", number).read_bytes(), 0)
        place = data.find(self._magic)
        while place >= 0:
            start = place + _RECORD_HEADER
            size = int.from_bytes(data[place + 4 : start], "little")
            if _SMALLEST_BLOCK <= size <= MAX_BLOCK_SERIALIZED_SIZE and start + size <= len(data):
                yield start, data[start : start + size]
                place = data.find(self._magic, start + size)
            else:
                place = data.find(self._magic, place + 1)

    def note_block(self, position: FilePosition, size: int, height: int, time: int) -> None:
        """Count a block that lies in a file already."""
        with self._lock:
            while len(self.infos) <= position.file:
                self.infos.append(FileInfo())
            info = self.infos[position.file]
            end = max(info.size, position.offset + size)
            self.infos[position.file] = replace(info, size=end).with_block(height, time)
            self.dirty.add(position.file)

    def take_dirty(self) -> dict[int, FileInfo]:
        """The infos that changed since the last call, to be stored in the block index."""
        with self._lock:
            changed = {number: self.infos[number] for number in self.dirty}
            self.dirty.clear()
            return changed

    def forget(self, number: int) -> None:
        """Count a pair of files as empty; `delete` must follow once the index knows."""
        with self._lock:
            self.infos[number] = FileInfo()
            self.dirty.add(number)

    def delete(self, number: int) -> None:
        """Delete a pair of files that nothing refers to any more."""
        with self._lock:
            for kind in ("blk", "rev"):
                self._unsynced.discard((kind, number))
                handle = self._handles.pop((kind, number), None)
                if handle is not None:
                    handle.close()
                self.path(kind, number).unlink(missing_ok=True)

    def sync(self) -> None:
        """Make everything written so far survive a power failure."""
        with self._lock:
            for key in self._unsynced:
                handle = self._handles.get(key)
                if handle is not None:
                    os.fsync(handle.fileno())
            self._unsynced.clear()

    def close(self) -> None:
        """Sync and close all files."""
        with self._lock:
            self.sync()
            for handle in self._handles.values():
                handle.close()
            self._handles.clear()

    def _finish(self, number: int) -> None:
        """Close the handles of a full file; its rev file may be opened again for late blocks."""
        self.sync()
        for kind in ("blk", "rev"):
            handle = self._handles.pop((kind, number), None)
            if handle is not None:
                handle.close()
        log.debug("Leaving block file %d: %s", number, self.infos[number])

    def _write(self, kind: str, number: int, offset: int, record: bytes) -> None:
        key = (kind, number)
        handle = self._handles.get(key)
        if handle is None:
            descriptor = os.open(self.path(kind, number), os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            handle = self._handles[key] = os.fdopen(descriptor, "r+b", buffering=0)
        handle.seek(offset)
        data = memoryview(self._mask(record, offset))
        while data:
            data = data[handle.write(data) :]
        self._unsynced.add(key)

    def _read(self, kind: str, position: FilePosition, trailer: int) -> bytes:
        # Opened for every read, so that a file that was moved away or replaced is noticed.
        path = self.path(kind, position.file)
        start = position.offset - _RECORD_HEADER
        try:
            with path.open("rb") as file:
                file.seek(start)
                header = self._mask(file.read(_RECORD_HEADER), start)
                if header[:4] != self._magic or len(header) != _RECORD_HEADER:
                    raise BlockFileError(f"no record at {path.name}:{position.offset}")
                size = int.from_bytes(header[4:], "little") + trailer
                data = self._mask(file.read(size), position.offset)
        except OSError as error:
            raise BlockFileError(f"cannot read {path}: {error.strerror}") from error
        if len(data) != size:
            raise BlockFileError(f"record at {path.name}:{position.offset} is cut off")
        return data

    def _mask(self, data: bytes, offset: int) -> bytes:
        """XOR ``data`` with the key, as it lies at ``offset`` of its file. Its own inverse."""
        if not self._key or not data:
            return data
        turn = offset % _KEY_SIZE
        key = self._key[turn:] + self._key[:turn]
        size = len(data)
        stream = (key * (size // _KEY_SIZE + 1))[:size]
        return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")
