"""JSON-RPC as text: the same replies as over HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.rpc.text_calls import TextRpc


def execute(request: RpcRequest) -> Json:
    if request.method == "fail":
        raise RpcError(-5, "no")
    return [request.params, request.uri, request.auth_user, Decimal("0.10000000")]


@pytest.fixture
def rpc() -> TextRpc:
    return TextRpc(execute, lambda user, method: (user, method) != ("guest", "stop"))


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (
            '{"jsonrpc":"2.0","method":"echo","params":["ä"],"id":1}',
            '{"jsonrpc":"2.0","result":[["ä"],"/wallet/w","guest",0.10000000],"id":1}',
        ),
        ('{"method":"echo","id":1}', '{"result":[[],"/wallet/w","guest",0.10000000],"error":null,"id":1}'),
        (
            '{"jsonrpc":"2.0","method":"fail","id":"x"}',
            '{"jsonrpc":"2.0","error":{"code":-5,"message":"no"},"id":"x"}',
        ),
        ('{"method":"fail","id":2}', '{"result":null,"error":{"code":-5,"message":"no"},"id":2}'),
        ('[{"jsonrpc":"2.0","method":"fail","id":0}]', '[{"jsonrpc":"2.0","error":{"code":-5,"message":"no"},"id":0}]'),
        ("{", '{"result":null,"error":{"code":-32700,"message":"Parse error"},"id":null}'),
    ],
    ids=("2.0", "1.0", "error 2.0", "error 1.0", "batch", "no JSON"),
)
def test_replies(rpc: TextRpc, request_: str, reply: str) -> None:
    assert rpc.execute_rpc(request_, "/wallet/w", "guest") == reply


@pytest.mark.parametrize("request_", ['{"jsonrpc":"2.0","method":"echo"}', '{"method":"stop","id":1}'])
def test_what_http_answers_without_a_text_is_null(rpc: TextRpc, request_: str) -> None:
    assert rpc.execute_rpc(request_, "/", "guest") == "null"


def test_a_whitelist_is_the_users_own(rpc: TextRpc) -> None:
    assert rpc.execute_rpc('{"method":"stop","id":1}', "/", "owner") != "null"
