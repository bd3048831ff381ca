"""MuHash3072 against Bitcoin Core's test vector, and ChaCha20 against RFC 8439."""

from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.muhash import MuHash3072, chacha20_stream


def number(n: int) -> bytes:
    return bytes((n,)) + bytes(31)


def test_known_key_stream() -> None:
    stream = chacha20_stream(bytes(32))

    assert len(stream) == 384
    assert stream[:32].hex() == "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
    assert stream[64:72].hex() == "9f07e7be5551387a"


def test_known_set() -> None:
    muhash = MuHash3072()
    muhash.insert(number(0))
    muhash.insert(number(1))
    muhash.remove(number(2))

    assert hash_to_hex(muhash.digest()) == "10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863"


def test_order_does_not_matter_and_removal_undoes() -> None:
    one, other = MuHash3072(), MuHash3072()
    for n in (1, 2, 3):
        one.insert(number(n))
    for n in (3, 7, 1, 2):
        other.insert(number(n))
    other.remove(number(7))

    assert one.digest() == other.digest()
