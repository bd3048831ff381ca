"""Cutting a stream of bytes into messages."""

import random
import struct
import tracemalloc

import pytest

from libmultiprocess.errors import MalformedMessage
from libmultiprocess.wire.framing import MAX_MESSAGE_BYTES, MessageStream


def framed(*segments: bytes) -> bytes:
    """A message of these segments."""
    table = struct.pack(f"<I{len(segments)}I", len(segments) - 1, *(len(segment) // 8 for segment in segments))
    return table + bytes(-len(table) & 7) + b"".join(segments)


def receive(stream: MessageStream, data: bytes) -> list[list[bytes]]:
    """Pass bytes on as a channel does, and take what messages there are."""
    found = []
    while data:
        room = stream.room()
        if room is None:
            stream.feed(data)
            data = b""
        else:
            count = min(len(room), len(data))
            room[:count] = data[:count]
            room.release()
            stream.filled(count)
            data = data[count:]
        while (message := stream.next()) is not None:
            found.append([bytes(segment) for segment in message.segments])
    return found


@pytest.mark.parametrize("seed", range(30))
def test_messages_arrive_however_they_are_cut(seed: int) -> None:
    chance = random.Random(seed)
    sent = [
        [
            chance.randbytes(8 * chance.choice((1, 2, 100, 9000, 20000)))
            for _ in range(chance.choice((1, 1, 1, 2, 3, 20)))
        ]
        for _ in range(20)
    ]
    data = b"".join(framed(*segments) for segments in sent)
    stream = MessageStream()

    found = []
    position = 0
    while position < len(data):
        step = chance.choice((1, 7, 8, 4096, 4096, 65536, 300_000))
        found += receive(stream, data[position : position + step])
        position += step

    assert found == sent
    assert not stream.unfinished


def test_byte_by_byte() -> None:
    data = framed(b"a" * 8, b"", b"b" * 16) + framed(b"c" * 8)
    stream = MessageStream()

    found = [item for n in range(len(data)) for item in receive(stream, data[n : n + 1])]

    assert found == [[b"a" * 8, b"", b"b" * 16], [b"c" * 8]]


def test_what_follows_a_large_message_in_one_piece() -> None:
    large, small = b"x" * (1 << 20), b"y" * 8
    data = framed(large) + framed(small) + framed(small)
    stream = MessageStream()
    stream.feed(data[:100])
    assert stream.next() is None

    stream.feed(data[100:])
    found = []
    while (message := stream.next()) is not None:
        found.append([bytes(segment) for segment in message.segments])

    assert found == [[large], [small], [small]]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<II", 0, MAX_MESSAGE_BYTES // 8),
        struct.pack("<II", 0, 0xFFFFFFFF),
        struct.pack("<II", 512, 1),
        struct.pack("<II", 0xFFFFFFFF, 1),
        struct.pack("<4I", 1, 1, 0xFFFFFFFF, 0),
        framed(b""),
        framed(b"", b"x" * 8),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    stream = MessageStream()
    stream.feed(data)

    with pytest.raises(MalformedMessage):
        stream.next()


def test_the_largest_message() -> None:
    content = bytes(MAX_MESSAGE_BYTES - 8)
    assert receive(MessageStream(), framed(content)) == [[content]]


def test_a_limit_of_its_own() -> None:
    stream = MessageStream(max_bytes=16)
    assert receive(stream, framed(b"x" * 8)) == [[b"x" * 8]]
    with pytest.raises(MalformedMessage, match="24 bytes; at most 16"):
        receive(stream, framed(b"x" * 16))


def test_an_announcement_alone_takes_no_more_than_its_message() -> None:
    stream = MessageStream()
    tracemalloc.start()
    stream.feed(struct.pack("<II", 0, MAX_MESSAGE_BYTES // 8 - 1))
    assert stream.next() is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= MAX_MESSAGE_BYTES + 4096
