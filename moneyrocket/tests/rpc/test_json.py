from decimal import Decimal

import pytest

from moneyrocket.rpc import json
from moneyrocket.rpc.values import amount_json


def test_amounts_keep_eight_digits() -> None:
    text = json.dumps({"a": amount_json(1), "b": [amount_json(0), amount_json(-2_100_000_000_000_000)]})

    assert text == '{"a":0.00000001,"b":[0.00000000,-21000000.00000000]}'


def test_numbers_survive_a_round_trip() -> None:
    assert json.loads("[0.1,1e-8,12345678901234567890]") == [Decimal("0.1"), Decimal("1e-8"), 12345678901234567890]


def test_a_string_that_looks_like_a_decimal_stays_a_string() -> None:
    assert json.loads(json.dumps(["<1.5>", Decimal("1.5")])) == ["<1.5>", Decimal("1.5")]


def test_repeated_keys_are_told_and_the_first_value_counts() -> None:
    value = json.loads('{"a":1,"b":2,"a":3}')

    assert isinstance(value, json.DuplicateKeys)
    assert (value["a"], value.first_duplicate) == (1, "a")


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1,]", b"\xff", "[" * 100_000])
def test_malformed_text_is_an_error(text: str | bytes) -> None:
    with pytest.raises(json.JsonError):
        json.loads(text)


def test_text_is_not_escaped_beyond_need() -> None:
    assert json.dumps("₿ \u0001") == '"₿ \\u0001"'
