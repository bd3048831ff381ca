"""Received messages: following pointers through segments, within the limits that a hostile message runs into."""

import struct
from collections.abc import Sequence
from typing import Final

from libmultiprocess.errors import MalformedMessage

Segment = bytes | memoryview
StructAt = tuple[Segment, int, int, int, int]
"""Where a struct lies: segment, position and size of its data in bytes, position and number of its pointers."""

ListAt = tuple[Segment, int, int, int, int, int]
"""Where a list lies: segment, position of the first element, element size code, number of elements, and for structs
the bytes of data and the number of pointers of each."""

STRUCT_LIST: Final = 7
MAX_DEPTH: Final = 64
TRAVERSAL_WORDS: Final = 16 << 20
"""How many words may be visited in one message, at most, and how many values may come out of it.

Pointers of a small message can lead to the same place again and again, so it may cost less: `_FREE_WORDS` and
`_READS_PER_BYTE` times its bytes. That is the most that a message may cost in which every bit is a value."""

_FREE_WORDS: Final = 1 << 16
_READS_PER_BYTE: Final = 9

# Elements without content take no room in the message, but they do in the reader's memory.
_NOTHING_COSTS: Final = 64
_WORD: Final = struct.Struct("<Q").unpack_from
_BITS: Final = (0, 1, 8, 16, 32, 64, 64)


class Message:
    """One received message. What a position means is up to the schema; every access is checked against the bounds.

    Args:
        segments: the message's segments, without the table before them.

    Attributes:
        size: bytes of all segments.
    """

    __slots__ = ("_budget", "depth", "segments", "size")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self.size = size = len(segments[0]) if len(segments) == 1 else sum(map(len, segments))
        self.depth = 0
        # Nothing is read twice but the first few words of an RPC message.
        self._budget = min(_READS_PER_BYTE * size + _FREE_WORDS, TRAVERSAL_WORDS)

    def word(self, segment: Segment, position: int) -> int:
        """The 64-bit word at ``position`` (bytes).

        Raises:
            MalformedMessage: if it lies outside the segment.
        """
        try:
            value: int = _WORD(segment, position)[0]
        except struct.error:
            raise MalformedMessage("a pointer lies outside the message") from None
        return value

    def struct_at(self, segment: Segment, position: int) -> StructAt | None:
        """The struct that the pointer at ``position`` refers to, None for a null pointer.

        Raises:
            MalformedMessage: if it refers to something else, or to outside the message.
        """
        word = self.word(segment, position)
        if not word:
            return None
        if word & 3 == 2:
            segment, position, word = self._landing(word)
        if word & 3:
            raise MalformedMessage("a struct was expected where something else is")
        offset = (word & 0xFFFFFFFF) >> 2
        if offset & 0x20000000:
            offset -= 0x40000000
        start = position + 8 + offset * 8
        data = (word >> 29) & 0x7FFF8
        pointers = word >> 48
        end = start + data + pointers * 8
        if start < 0 or end > len(segment):
            raise MalformedMessage("a struct lies outside the message")
        self.spend(1 + (end - start >> 3))
        return segment, start, data, start + data, pointers

    def list_at(self, segment: Segment, position: int) -> ListAt | None:
        """The list that the pointer at ``position`` refers to, None for a null pointer.

        Raises:
            MalformedMessage: if it refers to something else, or to outside the message.
        """
        word = self.word(segment, position)
        if not word:
            return None
        if word & 3 == 2:
            segment, position, word = self._landing(word)
        if word & 3 != 1:
            raise MalformedMessage("a list was expected where something else is")
        offset = (word & 0xFFFFFFFF) >> 2
        if offset & 0x20000000:
            offset -= 0x40000000
        start = position + 8 + offset * 8
        code = (word >> 32) & 7
        count = word >> 35
        if code != STRUCT_LIST:
            size = (count * _BITS[code] + 63) >> 6
            if start < 0 or start + size * 8 > len(segment):
                raise MalformedMessage("a list lies outside the message")
            self.spend(1 + (size or count * _NOTHING_COSTS))
            return segment, start, code, count, 0, 0
        if start < 0 or start + 8 + count * 8 > len(segment):
            raise MalformedMessage("a list lies outside the message")
        tag = self.word(segment, start)
        length = (tag & 0xFFFFFFFF) >> 2
        data, pointers = (tag >> 29) & 0x7FFF8, tag >> 48
        if tag & 3 or length * ((data >> 3) + pointers) > count:
            raise MalformedMessage("a list of structs is longer than its words")
        self.spend(1 + (count if data or pointers else length * _NOTHING_COSTS))
        return segment, start + 8, code, length, data, pointers

    def capability_at(self, segment: Segment, position: int) -> int | None:
        """The index into the capability table that the pointer at ``position`` holds, None for a null pointer.

        Raises:
            MalformedMessage: if the pointer is of another kind.
        """
        word = self.word(segment, position)
        if not word:
            return None
        if word & 3 == 2:
            word = self._landing(word)[2]
        if word & 0xFFFFFFFF != 3:
            raise MalformedMessage("a capability was expected where something else is")
        return word >> 32

    def enter(self) -> None:
        """One level deeper into nested values.

        Raises:
            MalformedMessage: if that is too deep.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise MalformedMessage(f"values are nested deeper than {MAX_DEPTH} levels")

    def spend(self, words: int) -> None:
        """Note that so many words are visited, or about as much memory is needed for what they mean.

        Raises:
            MalformedMessage: if that is too much for a message of this size.
        """
        self._budget -= words
        if self._budget < 0:
            raise MalformedMessage("the message refers to its own parts too often")

    def _landing(self, word: int) -> tuple[Segment, int, int]:
        """Segment, position and word of the pointer that a far pointer stands for."""
        segment, position = self._far(word)
        landing = self.word(segment, position)
        if not word & 4:
            if landing & 3 == 2:
                raise MalformedMessage("a far pointer refers to a far pointer")
            return segment, position, landing
        if landing & 7 != 2:
            raise MalformedMessage("a double far pointer has no landing pad")
        tag = self.word(segment, position + 8)
        if tag & 3 > 1 or tag & 0xFFFFFFFC:
            raise MalformedMessage("a double far pointer has no tag")
        segment, position = self._far(landing)
        return segment, position - 8, tag

    def _far(self, word: int) -> tuple[Segment, int]:
        number = word >> 32
        if number >= len(self.segments):
            raise MalformedMessage("a far pointer refers to a segment that is not there")
        self.spend(1)
        return self.segments[number], (word & 0xFFFFFFF8)
