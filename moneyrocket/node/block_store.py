"""Known headers and stored blocks: the header tree in memory, the index database and the block files under it."""

from dataclasses import dataclass
from pathlib import Path

from moneyrocket.common.errors import ChainLoadError
from moneyrocket.common.logging import category_logger
from moneyrocket.node.block_db import BlockDb
from moneyrocket.node.block_files import MAX_FILE_SIZE, BlockFileError, BlockFiles, load_xor_key
from moneyrocket.node.block_index import BlockIndex, BlockStatus, FilePosition
from moneyrocket.node.storage import Durability
from moneyrocket.node.undo import BlockUndo
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError

log = category_logger("")


@dataclass(frozen=True, slots=True)
class BlockStoreOptions:
    """Where and how blocks are kept.

    Attributes:
        blocks_dir: folder of the block files (-blocksdir).
        index_dir: folder of the index database.
        magic: network magic in front of each record.
        durability: what a commit survives.
        xor: obfuscate the files (-blocksxor).
        max_file_size: size at which a new file is begun, bytes.
        reindex: begin with an empty index.
    """

    blocks_dir: Path
    index_dir: Path
    magic: bytes
    durability: Durability
    xor: bool = True
    max_file_size: int = MAX_FILE_SIZE
    reindex: bool = False


class BlockStore:
    """Keeps headers, blocks and undo data. The caller holds the chain lock, except for reading.

    A block is in its file before the index names it, and `flush` commits the index before the chain state that
    needs it is committed.

    Attributes:
        blocks: all known headers by hash.
        files: the block files.
        reindexing: the index was empty at the start and is to be filled from the files.
    """

    def __init__(self, options: BlockStoreOptions) -> None:
        self._options = options
        options.blocks_dir.mkdir(parents=True, exist_ok=True)
        key = load_xor_key(options.blocks_dir, wanted=options.xor)
        self.files = BlockFiles(options.blocks_dir, options.magic, xor_key=key, max_file_size=options.max_file_size)
        self._db = BlockDb(options.index_dir, options.durability)
        self._dirty: set[BlockIndex] = set()
        self.reindexing = options.reindex or self._db.is_reindexing()
        if self.reindexing:
            self._db.clear()
            self._db.set_reindexing(True)
        self.blocks, self.files.infos = self._db.load()
        self._require_files()

    def _require_files(self) -> None:
        log.info("Checking all blk files are present...")
        lost = {
            number
            for number in {index.file for index in self.blocks.values() if index.have_data}
            if not self.files.path("blk", number).exists()
        }
        if lost:
            names = ", ".join(self.files.path("blk", number).name for number in sorted(lost))
            log.error("Missing block files: %s", names)
            raise ChainLoadError("Error loading block database")

    def add_header(self, header: BlockHeader) -> BlockIndex:
        """Put a header whose parent is known into the tree, or return the one that is there already."""
        known = self.blocks.get(header.hash)
        if known is not None:
            return known
        index = BlockIndex(header, self.blocks.get(header.prev_hash))
        self.blocks[index.hash] = index
        self._dirty.add(index)
        return index

    def mark_dirty(self, index: BlockIndex) -> None:
        """Store the state of ``index`` at the next flush."""
        self._dirty.add(index)

    def save_block(self, block: Block, index: BlockIndex) -> None:
        """Append the block to a file and note its place.

        Raises:
            OSError: if the disk is full or broken.
        """
        position = self.files.write_block(block.serialize(), index.height, index.time)
        self.set_position(index, position, len(block.transactions))

    def adopt_block(self, block: Block, index: BlockIndex, position: FilePosition) -> None:
        """Note the place of a block that lies in a file already."""
        self.files.note_block(position, block.size, index.height, index.time)
        self.set_position(index, position, len(block.transactions))

    def finish_reindex(self) -> None:
        """Note that the index is complete."""
        self.flush()
        self._db.set_reindexing(False)
        self.reindexing = False

    def set_position(self, index: BlockIndex, position: FilePosition, n_tx: int) -> None:
        """Note where a block lies."""
        index.file, index.data_pos = position
        index.n_tx = n_tx
        index.status |= BlockStatus.HAVE_DATA
        index.raise_validity(BlockStatus.VALID_TRANSACTIONS)
        self._dirty.add(index)

    def save_undo(self, undo: BlockUndo, index: BlockIndex) -> None:
        """Append undo data, unless it is there from an earlier connection of the block.

        Raises:
            OSError: if the disk is full or broken.
        """
        if not index.have_undo:
            index.undo_pos = self.files.write_undo(index.file, undo.serialize(), index.prev_hash)
            index.status |= BlockStatus.HAVE_UNDO
            self._dirty.add(index)

    def read_block_bytes(self, index: BlockIndex) -> bytes:
        """The serialized block.

        Raises:
            BlockFileError: if it is not stored or cannot be read.
        """
        if not index.have_data:
            raise BlockFileError(f"block {hash_to_hex(index.hash)} is not stored")
        return self.files.read_block(FilePosition(index.file, index.data_pos))

    def read_block(self, index: BlockIndex) -> Block:
        """The block.

        Raises:
            BlockFileError: if it is not stored, cannot be read, or is another block.
        """
        try:
            block = Block.deserialize(self.read_block_bytes(index))
        except DeserializeError as error:
            raise BlockFileError(f"block {hash_to_hex(index.hash)} cannot be read: {error}") from error
        if block.hash != index.hash:
            raise BlockFileError(f"another block lies where {hash_to_hex(index.hash)} should be")
        return block

    def read_undo(self, index: BlockIndex) -> BlockUndo:
        """The coins that the block spent; none for the genesis block.

        Raises:
            BlockFileError: if they are not stored or cannot be read.
        """
        if index.prev is None:
            return BlockUndo()
        if not index.have_undo:
            raise BlockFileError(f"no undo data for block {hash_to_hex(index.hash)}")
        try:
            return BlockUndo.deserialize(
                self.files.read_undo(FilePosition(index.file, index.undo_pos), index.prev_hash)
            )
        except DeserializeError as error:
            raise BlockFileError(f"undo data of {hash_to_hex(index.hash)} cannot be read: {error}") from error

    def flush(self) -> None:
        """Commit everything that changed, files first."""
        infos = self.files.take_dirty()
        if not self._dirty and not infos:
            return
        if self._options.durability is Durability.POWER:
            self.files.sync()
        self._db.write(self._dirty, infos)
        self._dirty.clear()

    def close(self) -> None:
        """Commit everything and close database and files."""
        self.flush()
        self.files.close()
        self._db.close()
