import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.rpc.jsonrpc import Caller


def execute(request: RpcRequest) -> Json:
    if request.method == "fail":
        raise RpcError(-5, "no")
    if request.method == "echo":
        return request.params
    raise RpcError(-32601, "Method not found")


def answer(request: Json) -> tuple[int, Json]:
    caller = Caller(execute, "user", "127.0.0.1:1", "/", lambda method: method != "forbidden")
    reply = caller.answer(request)
    return reply.status, reply.body


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        ({"method": "echo", "params": [1], "id": 7}, 200, {"result": [1], "error": None, "id": 7}),
        ({"method": "echo"}, 200, {"result": [], "error": None}),
        (
            {"jsonrpc": "2.0", "method": "echo", "params": {"a": 1}, "id": "x"},
            200,
            {"jsonrpc": "2.0", "result": {"a": 1}, "id": "x"},
        ),
        (
            {"jsonrpc": "2.0", "method": "fail", "id": None},
            200,
            {"jsonrpc": "2.0", "error": {"code": -5, "message": "no"}, "id": None},
        ),
        ({"method": "fail", "id": 1}, 500, {"result": None, "error": {"code": -5, "message": "no"}, "id": 1}),
        (
            {"method": "nope", "id": 1},
            404,
            {"result": None, "error": {"code": -32601, "message": "Method not found"}, "id": 1},
        ),
        ({"jsonrpc": "2.0", "method": "echo"}, 204, None),
        ({"jsonrpc": "2.0", "method": "fail"}, 204, None),
        ({"method": "forbidden", "id": 1}, 403, None),
        ([{"method": "forbidden", "id": 1}], 403, None),
        ([], 200, []),
        ([{"jsonrpc": "2.0", "method": "echo"}], 204, None),
    ],
)
def test_replies(request_: Json, status: int, body: Json) -> None:
    assert answer(request_) == (status, body)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"id": 1}, "Missing method"),
        ({"method": 1, "id": 1}, "Method must be a string"),
        ({"method": "echo", "params": "x", "id": 1}, "Params must be an array or object"),
        ({"jsonrpc": "3.0", "method": "echo", "id": 1}, "JSON-RPC version not supported"),
        ({"jsonrpc": 2, "method": "echo", "id": 1}, "jsonrpc field must be a string"),
    ],
)
def test_malformed_requests(request_: Json, message: str) -> None:
    assert answer(request_) == (400, {"result": None, "error": {"code": -32600, "message": message}, "id": 1})


def test_a_batch_answers_each_request_and_skips_notifications() -> None:
    status, body = answer(
        [
            {"method": "echo", "id": 1},
            {"jsonrpc": "2.0", "method": "echo"},
            5,
            {"jsonrpc": "2.0", "method": "nope", "id": 2},
        ]
    )

    assert status == 200
    assert isinstance(body, list)
    assert [reply.get("id") for reply in body if isinstance(reply, dict)] == [1, None, 2]
