"""Builds the block index anew from the block files (-reindex)."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.node.block_index import FilePosition
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from moneyrocket.node.chain_manager import ChainstateManager

log = category_logger("")
reindex_log = category_logger("reindex")


class Reindexer:
    """Takes in the blocks of all files; the caller then moves to the best chain.

    Blocks lie in the files in order of arrival, so a child may come before its parent. It is remembered by its place,
    and read again when the parent is known.
    """

    def __init__(self, chainman: ChainstateManager) -> None:
        self._chainman = chainman
        self._files = chainman.store.files
        self._orphans: defaultdict[bytes, list[FilePosition]] = defaultdict(list)
        self._loaded = 0

    def run(self, interrupted: Callable[[], bool]) -> bool:
        """Go through all files. Returns False if it was interrupted, and must be begun anew."""
        count = self._files.count_on_disk()
        for number in range(count):
            log.info("Reindexing block file blk%05d.dat (%d%% complete)...", number, number * 100 // count)
            started = time.monotonic()
            before = self._loaded
            for offset, data in self._files.records(number):
                self._take(data, FilePosition(number, offset))
                # Not before the first block, the genesis block, without which there is no chain to stop with.
                if interrupted():
                    return False
            milliseconds = (time.monotonic() - started) * 1000
            log.info("Loaded %d blocks from external file in %dms", self._loaded - before, milliseconds)
        log.info("Reindexing finished")
        return True

    def _take(self, data: bytes, position: FilePosition) -> None:
        try:
            block = Block.deserialize(data)
        except DeserializeError as error:
            reindex_log.debug("LoadExternalBlockFile: unexpected data at %s - %s. continuing", position, error)
            return
        if self._chainman.lookup(block.header.prev_hash) is None and block.hash != self._chainman.params.genesis_hash:
            reindex_log.debug(
                "LoadExternalBlockFile: Out of order block %s, parent %s not known",
                hash_to_hex(block.hash), hash_to_hex(block.header.prev_hash),
            )  # fmt: skip
            self._orphans[block.header.prev_hash].append(position)
            return
        self._accept(block, position)
        parents = [block.hash]
        while parents:
            parent = parents.pop()
            for place in self._orphans.pop(parent, ()):
                child = Block.deserialize(self._files.read_block(place))
                reindex_log.debug(
                    "LoadExternalBlockFile: Processing out of order child %s of %s",
                    hash_to_hex(child.hash), hash_to_hex(parent),
                )  # fmt: skip
                self._accept(child, place)
                parents.append(child.hash)

    def _accept(self, block: Block, position: FilePosition) -> None:
        try:
            if self._chainman.accept_stored_block(block, position):
                self._loaded += 1
        except ValidationError as error:
            reindex_log.debug("%s", error)
