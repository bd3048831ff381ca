import pytest

from moneyrocket.cli.conversions import conversions, named_params, positional_params
from moneyrocket.interfaces.json import Json


def test_arguments_by_position() -> None:
    assert positional_params("getblockhash", ["5"]) == [5]
    assert positional_params("getblock", ["00ab", "2"]) == ["00ab", 2]
    assert positional_params("getblockstats", ["00ab"]) == ["00ab"]
    assert positional_params("echo", ["5"]) == ["5"]
    with pytest.raises(ValueError, match="Error parsing JSON: abc"):
        positional_params("getblockhash", ["abc"])


@pytest.mark.parametrize(
    ("method", "arguments", "params"),
    [
        ("getblock", ["00ab", "verbosity=2"], {"verbosity": 2, "args": ["00ab"]}),
        ("createwallet", ["my=wallet"], {"args": ["my=wallet"]}),
        ("createwallet", ["wallet_name=a=b", "blank=true"], {"wallet_name": "a=b", "blank": True}),
        ("generateblock", ["addr", '["a=b"]'], {"args": ["addr", ["a=b"]]}),
        ("echo", ["arg1=x"], {"arg1": "x"}),
    ],
)
def test_arguments_by_name(method: str, arguments: list[str], params: Json) -> None:
    assert named_params(method, arguments) == params


def test_positions_of_a_method_with_options() -> None:
    assert {entry.position for entry in conversions("send") if entry.name == "fee_rate"} == {3, 4}
