"""The block index on disk: one LMDB record for every known header, and one for every block file."""

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from moneyrocket.node.block_files import FileInfo
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.storage import Durability, open_environment
from moneyrocket.primitives.block import BlockHeader

_RECORD: Final = struct.Struct("<IIIiII")
"""Height, status, number of transactions, file, position of data and of undo data; behind the header."""
_HEADER_SIZE: Final = 80
_FILE: Final = struct.Struct("<IIIIIQQ")
_FILE_KEY: Final = b"f"
_REINDEX_KEY: Final = b"reindexing"


class BlockDb:
    """Stores what `BlockIndex` and `FileInfo` objects hold."""

    def __init__(self, path: Path, durability: Durability) -> None:
        self._env = open_environment(path, durability)

    def load(self) -> tuple[dict[bytes, BlockIndex], list[FileInfo]]:
        """All headers, linked with their parents, and the infos of all block files by number.

        A header whose parent is unknown is left out.
        """
        rows: list[tuple[int, bytes, bytes]] = []
        infos: dict[int, FileInfo] = {}
        with self._env.begin() as txn:
            for key, value in txn.cursor():
                if len(key) == 32:
                    rows.append((_RECORD.unpack_from(value, _HEADER_SIZE)[0], key, value))
                elif key[:1] == _FILE_KEY and len(key) == 5:
                    infos[int.from_bytes(key[1:], "big")] = FileInfo(*_FILE.unpack(value))
        rows.sort(key=lambda row: row[0])
        blocks: dict[bytes, BlockIndex] = {}
        for height, block_hash, value in rows:
            header = BlockHeader.deserialize(value[:_HEADER_SIZE])
            prev = blocks.get(header.prev_hash)
            if prev is None and height > 0:
                continue
            index = BlockIndex(header, prev, block_hash)
            _, index.status, index.n_tx, index.file, index.data_pos, index.undo_pos = _RECORD.unpack_from(
                value, _HEADER_SIZE
            )
            blocks[block_hash] = index
        return blocks, [infos.get(number, FileInfo()) for number in range(max(infos, default=-1) + 1)]

    def is_reindexing(self) -> bool:
        """Whether the index is being built anew, and was not finished."""
        with self._env.begin() as txn:
            return txn.get(_REINDEX_KEY) is not None

    def set_reindexing(self, reindexing: bool) -> None:
        """Remember whether the index is being built anew."""
        with self._env.begin(write=True) as txn:
            if reindexing:
                txn.put(_REINDEX_KEY, b"1")
            else:
                txn.delete(_REINDEX_KEY)

    def clear(self) -> None:
        """Forget everything."""
        with self._env.begin(write=True) as txn:
            txn.drop(self._env.open_db(txn=txn), delete=False)

    def write(self, blocks: Iterable[BlockIndex], infos: Mapping[int, FileInfo]) -> None:
        """Store the state of some headers and files in one transaction."""
        with self._env.begin(write=True) as txn:
            for index in blocks:
                record = _RECORD.pack(
                    index.height, index.status, index.n_tx, index.file, index.data_pos, index.undo_pos
                )
                txn.put(index.hash, index.header.serialize() + record)
            for number, info in infos.items():
                packed = _FILE.pack(
                    info.blocks, info.size, info.undo_size, info.height_first, info.height_last, info.time_first,
                    info.time_last,
                )  # fmt: skip
                txn.put(_FILE_KEY + number.to_bytes(4, "big"), packed)

    def sync(self) -> None:
        """Make all commits survive a power failure."""
        self._env.sync(True)

    def close(self) -> None:
        """Sync and close the environment."""
        self.sync()
        self._env.close()
