import json

import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.script.address import AddressError, decode_address, encode_address
from moneyrocket.script.keys import InvalidKeyError, PrivateKey
from moneyrocket.tests.script.vectors import load, path

CHAINS = {name: chain_params(name) for name in ("main", "test", "testnet4", "signet", "regtest")}


def test_valid_addresses_and_keys_survive_a_round_trip() -> None:
    for text, payload, about in load("key_io_valid.json"):
        params = CHAINS[about["chain"]]
        if about["isPrivkey"]:
            key = PrivateKey.from_wif(text, params)
            assert (key.secret.hex(), key.compressed) == (payload, about["isCompressed"])
            assert key.to_wif(params) == text
        else:
            assert decode_address(text, params).hex() == payload
            assert encode_address(bytes.fromhex(payload), params).lower() == text.lower()


def test_invalid_texts_are_neither_address_nor_key() -> None:
    texts = [row[0] for row in json.loads(path("key_io_invalid.json").read_text())]

    assert len(texts) > 50
    for text in texts:
        for params in CHAINS.values():
            with pytest.raises(AddressError):
                decode_address(text, params)
            with pytest.raises(InvalidKeyError):
                PrivateKey.from_wif(text, params)


VALID = encode_address(bytes((0, 20)) + bytes(range(20)), CHAINS["regtest"])
TAPROOT = encode_address(bytes((0x51, 32)) + b"\x07" * 32, CHAINS["regtest"])


def _changed(text: str, *positions: int) -> str:
    """The text with another character of the alphabet at each position."""
    chars = list(text)
    for position in positions:
        chars[position] = "p" if chars[position] == "q" else "q"
    return "".join(chars)


@pytest.mark.parametrize(
    ("text", "message", "locations"),
    [
        (VALID + "q" * 60, "Bech32 string too long", tuple(range(90, len(VALID) + 60))),
        (VALID[:8] + " " + VALID[9:], "Invalid character or mixed case", (8,)),
        (VALID[:9] + VALID[9:].upper(), "Invalid character or mixed case", None),
        (VALID.replace("1", "", 1), "Missing separator", ()),
        ("bcrt1qqqq", "Invalid separator position", (4,)),
        (VALID[:7] + "b" + VALID[8:], "Invalid Base 32 character", (7,)),
        (_changed(VALID, 41), "Invalid Bech32 checksum", (41,)),
        (_changed(VALID, 17, 41), "Invalid Bech32 checksum", (17, 41)),
        (_changed(TAPROOT, 20), "Invalid Bech32m checksum", (20,)),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfm", "Invalid checksum or length of Base58 address (P2PKH or P2SH)", ()),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJ0fn", "Invalid or unsupported Segwit (Bech32) or Base58 encoding.", ()),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "Invalid or unsupported Base58-encoded address.", ()),
    ],
)
def test_errors_say_what_is_wrong_and_where(text: str, message: str, locations: tuple[int, ...] | None) -> None:
    with pytest.raises(AddressError) as caught:
        decode_address(text, CHAINS["regtest"])

    assert str(caught.value) == message
    if locations is not None:
        assert caught.value.locations == locations
