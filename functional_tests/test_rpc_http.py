"""JSON-RPC over HTTP: requests, errors, credentials."""

import base64
import hashlib
import hmac
import http.client
from contextlib import closing

import pytest

from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.premined_chain import HEIGHT
from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient


def test_both_versions_of_json_rpc_are_spoken(node: Node) -> None:
    old = node.rpc.post({"id": "a", "method": "getblockcount"})
    new = node.rpc.post({"jsonrpc": "2.0", "id": "b", "method": "getblockcount"})

    assert old == {"result": HEIGHT, "error": None, "id": "a"}
    assert new == {"jsonrpc": "2.0", "result": HEIGHT, "id": "b"}


def test_a_batch_is_answered_in_order(node: Node) -> None:
    replies = node.rpc.post(
        [
            {"jsonrpc": "2.0", "id": 1, "method": "getblockcount"},
            {"jsonrpc": "2.0", "id": 2, "method": "nosuchmethod"},
            {"jsonrpc": "2.0", "id": 3, "method": "getblockhash", "params": [HEIGHT]},
        ]
    )

    assert [reply["id"] for reply in replies] == [1, 2, 3]
    assert replies[1]["error"]["code"] == -32601
    assert replies[2]["result"] == node.rpc.getbestblockhash()


def test_parameters_can_be_named(node: Node) -> None:
    by_name = node.rpc.getblockhash(height=3)

    assert by_name == node.rpc.getblockhash(3)
    with pytest.raises(JsonRpcError, match="Unknown named parameter") as unknown:
        node.rpc.getblockhash(size=3)
    assert unknown.value.code == -8


def test_positional_and_named_parameters_mix(node: Node) -> None:
    best = node.rpc.getbestblockhash()

    assert node.rpc.getblock(best, verbosity=0) == node.rpc.getblock(best, 0)


def test_a_parameter_of_the_wrong_type_is_an_error(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="JSON value of type string is not of expected type number") as wrong:
        node.rpc.getblockhash("three")

    assert wrong.value.code == -3


def test_too_many_parameters_get_the_help_text(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="getblockcount") as wrong:
        node.rpc.getblockcount(1)

    assert wrong.value.code == -1


def test_a_body_that_is_no_json_is_a_parse_error(node: Node) -> None:
    status, body = node.rpc.post_raw(b"{not json")

    assert status == 500
    assert '"code":-32700' in body


def test_wrong_credentials_are_refused(node: Node) -> None:
    stranger = RpcClient(node.settings.rpc_port, "someone:wrong")

    with pytest.raises(HttpStatusError) as refused:
        stranger.getblockcount()

    assert refused.value.status == 401


def test_rpcauth_lets_a_user_in(node_factory: NodeFactory) -> None:
    salt = "00112233445566778899aabbccddeeff"
    digest = hmac.new(salt.encode(), b"open sesame", hashlib.sha256).hexdigest()
    node = node_factory.start(f"-rpcauth=alice:{salt}${digest}")

    assert RpcClient(node.settings.rpc_port, "alice:open sesame").getblockcount() == HEIGHT
    with pytest.raises(HttpStatusError):
        RpcClient(node.settings.rpc_port, "alice:sesame").getblockcount()


def test_a_whitelisted_user_may_call_only_what_is_listed(node_factory: NodeFactory) -> None:
    salt = "0f"
    digest = hmac.new(salt.encode(), b"pw", hashlib.sha256).hexdigest()
    node = node_factory.start(
        f"-rpcauth=bob:{salt}${digest}", "-rpcwhitelist=bob:getblockcount", "-rpcwhitelistdefault=0"
    )
    bob = RpcClient(node.settings.rpc_port, "bob:pw")

    assert bob.getblockcount() == HEIGHT
    with pytest.raises(HttpStatusError) as refused:
        bob.getbestblockhash()
    assert refused.value.status == 403


def test_get_requests_are_not_accepted(node: Node) -> None:
    credentials = base64.b64encode((node.chain_dir / ".cookie").read_bytes()).decode()

    with closing(http.client.HTTPConnection("127.0.0.1", node.settings.rpc_port, timeout=10)) as connection:
        connection.request("GET", "/", headers={"Authorization": f"Basic {credentials}"})
        with connection.getresponse() as response:
            assert response.status == 405


def test_help_lists_methods_by_category(node: Node) -> None:
    text = node.rpc.help()

    assert "== Blockchain ==" in text
    assert "== Control ==" in text
    assert "getblockhash height" in text
    assert "getblockcount" in node.rpc.help("getblockcount")
    assert node.rpc.help("nosuchmethod") == "help: unknown command: nosuchmethod"


def test_uptime_counts_real_seconds_whatever_the_mock_time(node: Node) -> None:
    node.rpc.setmocktime(2_000_000_000)

    assert 0 <= node.rpc.uptime() < 600


def test_running_commands_are_listed(node: Node) -> None:
    info = node.rpc.getrpcinfo()

    assert [command["method"] for command in info["active_commands"]] == ["getrpcinfo"]
    assert info["logpath"] == str(node.debug_log.path)


def test_log_categories_can_be_switched(node: Node) -> None:
    assert node.rpc.logging()["net"] is True

    switched = node.rpc.logging([], ["net"])

    assert switched["net"] is False
