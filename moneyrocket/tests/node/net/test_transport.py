import pytest

from moneyrocket.node.net.transport import HEADER_SIZE, TransportError, V1Transport

MAGIC = bytes.fromhex("fabfb5da")


def test_message_survives_any_split() -> None:
    sender, receiver = V1Transport(MAGIC, 0), V1Transport(MAGIC, 1)
    wire = sender.encode("ping", b"12345678") + sender.encode("verack", b"")

    messages = [message for byte in wire for message in receiver.feed(bytes((byte,)), now=7)]

    assert [(m.type, m.payload, m.size, m.time, m.valid) for m in messages] == [
        ("ping", b"12345678", HEADER_SIZE + 8, 7, True),
        ("verack", b"", HEADER_SIZE, 7, True),
    ]


def test_header_layout_is_that_of_the_protocol() -> None:
    wire = V1Transport(MAGIC, 0).encode("verack", b"")

    assert wire.hex() == "fabfb5da76657261636b000000000000000000005df6e0e2"


def test_wrong_checksum_is_reported_and_the_stream_goes_on() -> None:
    sender, receiver = V1Transport(MAGIC, 0), V1Transport(MAGIC, 1)
    broken = bytearray(sender.encode("ping", b"12345678"))
    broken[-1] ^= 1

    messages = receiver.feed(bytes(broken) + sender.encode("pong", b"12345678"), now=0)

    assert [(m.type, m.valid) for m in messages] == [("ping", False), ("pong", True)]


def test_characters_behind_the_end_of_the_type_make_it_invalid() -> None:
    wire = bytearray(V1Transport(MAGIC, 0).encode("badmsg", b""))
    wire[4 + 3] = 0

    (message,) = V1Transport(MAGIC, 1).feed(bytes(wire), now=0)

    assert not message.valid


@pytest.mark.parametrize(
    "wire",
    [
        b"\xff\xff\xff\xff" + V1Transport(MAGIC, 0).encode("ping", b"")[4:],
        V1Transport(MAGIC, 0).encode("ping", b"")[:16] + (4_000_001).to_bytes(4, "little") + bytes(4),
    ],
    ids=["magic", "length"],
)
def test_bytes_that_are_no_message_stream_are_refused(wire: bytes) -> None:
    with pytest.raises(TransportError):
        V1Transport(MAGIC, 1).feed(wire, now=0)
