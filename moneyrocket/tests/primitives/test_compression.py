"""The compact form of coins. Expected values are those that Bitcoin Core's format is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moneyrocket.primitives.amount import COIN, MAX_MONEY
from moneyrocket.primitives.compression import (
    compress_amount,
    compress_script,
    decompress_amount,
    read_script,
    read_varint,
    varint,
)
from moneyrocket.primitives.serialize import Reader


@pytest.mark.parametrize(
    ("amount", "compressed"),
    [(0, 0), (1, 1), (COIN // 100, 0x7), (COIN, 0x9), (50 * COIN, 0x32), (21_000_000 * COIN, 0x1406F40)],
)
def test_known_amounts(amount: int, compressed: int) -> None:
    assert compress_amount(amount) == compressed
    assert decompress_amount(compressed) == amount


@given(st.integers(min_value=0, max_value=MAX_MONEY))
def test_amounts_come_back(amount: int) -> None:
    assert decompress_amount(compress_amount(amount)) == amount


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (0x7F, "7f"), (0x80, "8000"), (0x1234, "a334"), (0xFFFF, "82fe7f"), (0xFFFFFFFF, "8efefefe7f")],
)
def test_known_varints(number: int, encoded: str) -> None:
    assert varint(number).hex() == encoded
    assert read_varint(Reader(bytes.fromhex(encoded))) == number


GENERATOR_X = bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
GENERATOR_Y = bytes.fromhex("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8")


@pytest.mark.parametrize(
    ("script", "size"),
    [
        (b"\x76\xa9\x14" + bytes(range(20)) + b"\x88\xac", 21),
        (b"\xa9\x14" + bytes(range(20)) + b"\x87", 21),
        (b"\x21\x03" + GENERATOR_X + b"\xac", 33),
        (b"\x41\x04" + GENERATOR_X + GENERATOR_Y + b"\xac", 33),
        (b"\x41\x04" + GENERATOR_X + bytes(32) + b"\xac", 68),
        (b"", 1),
        (b"\x51" * 200, 202),
    ],
)
def test_scripts_come_back(script: bytes, size: int) -> None:
    packed = compress_script(script)

    assert len(packed) == size
    assert read_script(Reader(packed)) == script
