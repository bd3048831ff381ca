"""Headers of a chain that may have too little work: measured first, stored afterwards.

A peer could fill memory with headers that cost it little. So a chain that has not shown enough work yet is fetched
twice: the first time its work is added up and only a short keyed hash of every batch is kept, the second time every
batch must have the same hash, and is then stored.
"""

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.consensus.pow import block_proof
from moneyrocket.node.block_index import BlockIndex, make_locator
from moneyrocket.primitives.block import BlockHeader, BlockLocator

log = category_logger("net")

_COMMITMENT_SIZE: Final = 4
_MAX_FUTURE_SECONDS: Final = 2 * 3600
_MAX_HEADERS_PER_SECOND: Final = 6
_BATCH: Final = 2000

DifficultyRule = Callable[[int, int, int], bool]
"""Whether the header at a height may have these bits after those of the header before: ``(height, before, bits)``."""


@dataclass(frozen=True, slots=True)
class PresyncResult:
    """What came of a batch.

    Attributes:
        success: whether the batch was as it should be; otherwise this sync is over.
        request_more: whether to ask for the next batch.
        headers: headers to store now.
    """

    success: bool
    request_more: bool = False
    headers: tuple[BlockHeader, ...] = ()


_FAILED: Final = PresyncResult(False)


class HeadersPresync:
    """The state of one such sync with one peer.

    Args:
        peer_id: the peer's connection number, for log lines.
        start: the known block that the headers build upon.
        minimum_work: work the chain must have to be stored.
        difficulty_rule: checks changes of difficulty.

    Attributes:
        work: work of the chain as far as it was seen.
        height: height of the last header that was seen.
        redownloading: whether this is the second time.
        finished: whether the sync is over.
    """

    def __init__(self, peer_id: int, start: BlockIndex, minimum_work: int, difficulty_rule: DifficultyRule) -> None:
        self._peer_id = peer_id
        self._start = start
        self._minimum_work = minimum_work
        self._rule = difficulty_rule
        self._key = secrets.token_bytes(16)
        self._commitments: deque[bytes] = deque()
        seconds = clock.now() - start.median_time_past + _MAX_FUTURE_SECONDS
        self._max_batches = max(1, _MAX_HEADERS_PER_SECOND * seconds // _BATCH)
        self._last_hash = start.hash
        self._last_bits = start.bits
        self.last_time = start.time
        self.work = start.chain_work
        self.height = start.height
        self.redownloading = False
        self.finished = False
        text = "Initial headers sync started with peer=%d: height=%d, max_commitments=%d, min_work=%064x"
        log.debug(text, peer_id, self.height, self._max_batches, minimum_work)

    def locator(self) -> BlockLocator:
        """Locator to ask for the next batch with."""
        return BlockLocator((self._last_hash, *make_locator(self._start).hashes))

    def process(self, headers: Sequence[BlockHeader], *, full: bool) -> PresyncResult:
        """Take the next batch in.

        Args:
            headers: at least one header, each with valid proof of work and linked to the one before.
            full: whether the message had as many headers as it may have.
        """
        result = self._process(headers, full)
        self.finished = not (result.success and result.request_more)
        return result

    def _process(self, headers: Sequence[BlockHeader], full: bool) -> PresyncResult:
        if headers[0].prev_hash != self._last_hash:
            return self._abort("non-continuous headers")
        for header in headers:
            if not self._rule(self.height + 1, self._last_bits, header.bits):
                return self._abort("invalid difficulty transition")
            self._last_bits = header.bits
            self.work += block_proof(header.bits)
            self.height += 1
        self._last_hash = headers[-1].hash
        self.last_time = headers[-1].time
        commitment = hashlib.blake2b(self._last_hash, key=self._key, digest_size=_COMMITMENT_SIZE).digest()
        if self.redownloading:
            return self._store(headers, full, commitment)
        self._commitments.append(commitment)
        if len(self._commitments) > self._max_batches:
            return self._abort("exceeded max commitments")
        if self.work >= self._minimum_work:
            self._restart()
            return PresyncResult(True, request_more=True)
        if not full:
            self._abort("incomplete headers message")
        return PresyncResult(True, request_more=full)

    def _store(self, headers: Sequence[BlockHeader], full: bool, commitment: bytes) -> PresyncResult:
        enough = self.work >= self._minimum_work
        if not enough and (not self._commitments or commitment != self._commitments.popleft()):
            return self._abort("commitment mismatch")
        if enough:
            text = "Initial headers sync complete with peer=%d: releasing all at height=%d (redownload phase)"
            log.debug(text, self._peer_id, self.height)
        elif not full:
            self._abort("incomplete headers message")
        return PresyncResult(True, request_more=full and not enough, headers=tuple(headers))

    def _restart(self) -> None:
        text = (
            "Initial headers sync transition with peer=%d: reached sufficient work at height=%d,"
            " redownloading from height=%d"
        )
        log.debug(text, self._peer_id, self.height, self._start.height)
        self.redownloading = True
        self.work, self.height = self._start.chain_work, self._start.height
        self._last_hash, self._last_bits = self._start.hash, self._start.bits

    def _abort(self, why: str) -> PresyncResult:
        phase = "redownload" if self.redownloading else "presync"
        text = "Initial headers sync aborted with peer=%d: %s at height=%d (%s phase)"
        log.debug(text, self._peer_id, why, self.height, phase)
        return _FAILED
