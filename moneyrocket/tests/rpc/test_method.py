import re

import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcMode, RpcRequest
from moneyrocket.rpc.method import rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.table import RpcTable, bind


@rpc_method(
    category="control",
    help="Echoes what it was given.",
    params=(
        Param("first", ParamType.NUM, "A number"),
        Param("second", ParamType.STR, "A text", default="two", aliases=("zweitens",)),
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(Param("fee_rate", ParamType.NUM, required=False), Param("label", ParamType.STR, required=False)),
        ),
        Param("last", ParamType.BOOL, "A flag", required=False),
    ),
    result="json array",
)
def sample(context: str, args: Args) -> Json:
    return [context, args.int("first"), args.str("second"), args.obj("options"), args.opt_bool("last"), len(args)]


def call(params: Json) -> Json:
    table = RpcTable()
    table.add(bind((sample,), "ctx"))
    table.finish_warmup()
    return table.execute(RpcRequest("sample", params))


@pytest.mark.parametrize(
    ("params", "result"),
    [
        ([1], ["ctx", 1, "two", {}, None, 1]),
        ([1, None, {"label": "x"}, True], ["ctx", 1, "two", {"label": "x"}, True, 4]),
        ({"first": 1, "zweitens": "b"}, ["ctx", 1, "b", {}, None, 2]),
        ({"first": 1, "fee_rate": 5}, ["ctx", 1, "two", {"fee_rate": 5}, None, 3]),
        ({"args": [1], "last": False}, ["ctx", 1, "two", {}, False, 4]),
    ],
)
def test_parameters_reach_the_method(params: Json, result: Json) -> None:
    assert call(params) == result


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            ["1"],
            -3,
            'Wrong type passed:\n{\n    "Position 1 (first)": '
            '"JSON value of type string is not of expected type number"\n}',
        ),
        ({"nope": 1}, -8, "Unknown named parameter nope"),
        ({"args": [1], "first": 2}, -8, "Parameter first specified twice both as positional and named argument"),
        ({"first": 1, "options": {}, "label": ""}, -8, "Parameter options conflicts with parameter label"),
    ],
)
def test_wrong_parameters(params: Json, code: int, message: str) -> None:
    with pytest.raises(RpcError) as error:
        call(params)

    assert (error.value.code, error.value.message) == (code, message)


def test_wrong_count_answers_with_the_help_text() -> None:
    with pytest.raises(RpcError) as error:
        call([])

    assert error.value.code == -1
    assert error.value.message.startswith('sample first ( "second" {"fee_rate":n,"label":"str",...} last )\n\nEchoes')
    assert re.search(r'2\. second +\(string, optional, default="two"\) A text', error.value.message)


def test_the_table_lists_methods_by_category() -> None:
    table = RpcTable()
    table.add(bind((sample,), "ctx"))

    assert table.help("", RpcRequest("help", [])).splitlines()[0] == "== Control =="
    assert table.help("nope", RpcRequest("help", [])) == "help: unknown command: nope"


def test_warm_up_refuses_calls() -> None:
    table = RpcTable()
    table.set_warmup_status("Loading…")

    with pytest.raises(RpcError) as error:
        table.execute(RpcRequest("sample", []))

    assert (error.value.code, error.value.message) == (-28, "Loading…")


def test_argument_map_tells_strings_from_json() -> None:
    rows = bind((sample,), "ctx")[0].handler.call(RpcRequest("sample", [], mode=RpcMode.GET_ARGS))

    assert isinstance(rows, list)
    assert ["sample", 1, "zweitens", True] in rows
    assert ["sample", 2, "fee_rate", False] in rows
