"""Values that the schemas leave to `moneyrocket.ipc.types`."""

from decimal import Decimal

import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.ipc.types import TYPES, build_json, read_json
from moneyrocket.primitives.block import BlockLocator
from moneyrocket.rpc.json import DuplicateKeys, dumps, loads


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -(2**63), "", "\ud800 ü\0", [], {}, {"a": [{"b": None}]},
        Decimal("0.10"), Decimal("21000000.00000001"), Decimal("0E-8"), 0.1, 1e-08, 1e300, 5.0, [1.5, Decimal("1.5")],
    ],
)  # fmt: skip
def test_json_keeps_value_type_and_text(value: Json) -> None:
    read = read_json(build_json(value))
    assert read == value
    assert dumps(read) == dumps(value)
    assert type(read) is type(value)


def test_repeated_keys_survive() -> None:
    value = loads('{"a":1,"b":2,"a":3}')
    read = read_json(build_json(value))
    assert isinstance(read, DuplicateKeys)
    assert (dict(read), read.first_duplicate) == ({"a": 1, "b": 2}, "a")


def test_every_hook_inverts() -> None:
    hooks = {hook.name.rpartition(".")[2]: hook for hook in TYPES}
    locator = BlockLocator((bytes(32), bytes(range(32))))
    assert hooks["BlockLocator"].read(hooks["BlockLocator"].build(locator)) == locator
