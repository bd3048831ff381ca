"""Messages in a stream of bytes: a table of segment sizes, then the segments."""

import struct
from typing import Final

from libmultiprocess.errors import MalformedMessage
from libmultiprocess.wire.message import Message, Segment

MAX_MESSAGE_BYTES: Final = 64 << 20
"""Size of the largest message that is taken. C++'s own limit is the same."""

_MAX_SEGMENTS: Final = 512
_COPY_BELOW: Final = 1 << 16
_PAIR: Final = struct.Struct("<II").unpack_from


class MessageStream:
    """Cuts received bytes into messages.

    Args:
        max_bytes: size of the largest message that is taken.
    """

    def __init__(self, max_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer: bytes | bytearray = b""
        self._start = 0
        self._filled = 0
        self._wanted = 0

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._filled > self._start

    def room(self) -> memoryview | None:
        """Where to put what comes next, while a large message is under way; tell `filled` how much it was."""
        if self._wanted <= _COPY_BELOW or not isinstance(self._buffer, bytearray):
            return None
        return memoryview(self._buffer)[self._filled :]

    def filled(self, count: int) -> None:
        """``count`` bytes were put into `room`."""
        self._filled += count

    def feed(self, data: bytes) -> None:
        """More bytes have come."""
        if self._filled == self._start:
            self._buffer, self._start, self._filled = data, 0, len(data)
        elif isinstance(self._buffer, bytearray) and len(self._buffer) > self._filled:
            self._buffer[self._filled : self._filled + len(data)] = data
            self._filled += len(data)
        else:
            self._buffer = bytes(self._buffer[self._start : self._filled]) + data
            self._start, self._filled = 0, len(self._buffer)

    def next(self) -> Message | None:
        """The next whole message, None if more bytes are needed.

        Raises:
            MalformedMessage: if the bytes are no messages, or one is too large.
        """
        start = self._start
        available = self._filled - start
        if available < 8:
            return None
        buffer = self._buffer
        last, first_words = _PAIR(buffer, start)
        if last == 0:
            body, total = 8, 8 + first_words * 8
            sizes: tuple[int, ...] = (first_words,)
        else:
            if last >= _MAX_SEGMENTS:
                raise MalformedMessage(f"a message of {last + 1} segments; this is not Cap'n Proto, or not the start")
            body = (4 * (last + 2) + 7) & ~7
            if available < body:
                return None
            sizes = struct.unpack_from(f"<{last + 1}I", buffer, start + 4)
            total = body + sum(sizes) * 8
        if total > self._max_bytes:
            raise MalformedMessage(f"a message of {total} bytes; at most {self._max_bytes} are taken")
        if available < total:
            self._grow(total)
            return None
        self._wanted = 0
        end = start + total
        self._start = end
        segments: list[Segment] = []
        view: Segment = memoryview(buffer)[:end] if total > _COPY_BELOW else bytes(buffer[start:end])
        position = body + (start if total > _COPY_BELOW else 0)
        for words in sizes:
            segments.append(view[position : position + words * 8])
            position += words * 8
        if not segments[0]:
            raise MalformedMessage("a message without a root")
        if end == self._filled:
            self._buffer, self._start, self._filled = b"", 0, 0
        elif isinstance(buffer, bytearray):
            # What was handed out keeps the old buffer; the rest moves on.
            self._buffer, self._start = bytes(memoryview(buffer)[end : self._filled]), 0
            self._filled = len(self._buffer)
        return Message(segments)

    def _grow(self, total: int) -> None:
        """Make room for a large message at once, so that its bytes are copied into place as they come."""
        if total <= _COPY_BELOW or self._wanted == total:
            return
        grown = bytearray(total)
        grown[: self._filled - self._start] = memoryview(self._buffer)[self._start : self._filled]
        self._filled -= self._start
        self._buffer, self._start, self._wanted = grown, 0, total
