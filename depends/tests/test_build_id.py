"""A build id changes with every input, and a rebuild is explained by what changed."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from depends.build_id import Inputs, build_id, explain

BASE = Inputs(
    version="1.1.0",
    recipe="r",
    source="s",
    options="release",
    host="x86_64-linux-gnu",
    compiler="gcc 12.2.0 [gcc version 12.2.0 (Debian 12.2.0-14); x86_64-linux-gnu]",
    python="cpython-311",
    tools="t",
    requires={"capnproto": "id1"},
)


@pytest.mark.parametrize("name", [field.name for field in fields(Inputs)])
def test_every_input_counts(name: str) -> None:
    change: dict[str, Any] = {name: {"capnproto": "id2"} if name == "requires" else "other"}

    assert build_id(replace(BASE, **change)) != build_id(BASE)


def test_same_inputs_have_the_same_id_after_a_round_trip() -> None:
    assert build_id(Inputs.from_json(BASE.to_json())) == build_id(BASE)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recipe": "x"}, "recipe changed"),
        ({"source": "x"}, "source changed"),
        ({"tools": "x"}, "build tools changed"),
        ({"options": "debug"}, "options changed release → debug"),
        ({"python": "cpython-312"}, "python changed cpython-311 → cpython-312"),
        ({"requires": {"capnproto": "id2"}}, "capnproto changed"),
        ({"compiler": "gcc 13.1.0 [gcc version 13.1.0; x86_64-linux-gnu]"}, "compiler changed gcc 12.2.0 → 13.1.0"),
        ({"compiler": "clang 18.1.3 [clang; x]"}, "compiler changed gcc 12.2.0 → clang 18.1.3"),
        (
            {"compiler": "gcc 12.2.0 [gcc version 12.2.0 (Debian 12.2.0-15); x86_64-linux-gnu]"},
            r"compiler changed gcc version .*\(Debian 12.2.0-14\).* → gcc version .*\(Debian 12.2.0-15\).*",
        ),
    ],
)
def test_reason(change: dict[str, Any], reason: str) -> None:
    assert re.fullmatch(reason, explain(BASE, replace(BASE, **change)))


def test_reason_of_a_first_build() -> None:
    assert explain(None, BASE) == "not built yet"
