from decimal import Decimal

import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc import values


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (1, 100_000_000),
        ("0.00000001", 1),
        (Decimal("20999999.9999"), 2_099_999_999_990_000),
        ("1e-8", 1),
        ("0.10", 10_000_000),
    ],
)
def test_amounts(value: Json, amount: int) -> None:
    assert values.amount_from_json(value) == amount


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "Amount is not a number or string"),
        (None, "Amount is not a number or string"),
        ("", "Invalid amount"),
        (".5", "Invalid amount"),
        ("1.", "Invalid amount"),
        ("0.000000001", "Invalid amount"),
        ("1e999999999", "Invalid amount"),
        (-1, "Amount out of range"),
        (21_000_001, "Amount out of range"),
    ],
)
def test_bad_amounts(value: Json, message: str) -> None:
    with pytest.raises(RpcError) as error:
        values.amount_from_json(value)

    assert (error.value.code, error.value.message) == (-3, message)


def test_hash_errors_name_the_parameter() -> None:
    with pytest.raises(RpcError, match=r"txid must be of length 64 \(not 2, for 'ab'\)"):
        values.parse_hash("ab", "txid")
    with pytest.raises(RpcError, match="txid must be hexadecimal string"):
        values.parse_hash("zz" * 32, "txid")

    assert values.parse_hash("00" * 31 + "01", "txid")[0] == 1


@pytest.mark.parametrize(("value", "code"), [("1", -3), (True, -3), (Decimal("1.5"), -1), (1 << 31, -1)])
def test_integers(value: Json, code: int) -> None:
    with pytest.raises(RpcError) as error:
        values.as_int(value)

    assert error.value.code == code


def test_object_members_are_checked() -> None:
    with pytest.raises(RpcError, match="Missing vout"):
        values.check_object({"txid": "ab"}, {"txid": "string", "vout": "number"})
    with pytest.raises(RpcError, match="Unexpected key other"):
        values.check_object({"other": 1}, {}, strict=True)
