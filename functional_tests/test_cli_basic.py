"""The command-line client."""

from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.premined_chain import HEIGHT


def test_strings_are_printed_bare_and_values_as_json(node: Node) -> None:
    assert node.cli("getblockcount").stdout == str(HEIGHT)
    assert node.cli("getbestblockhash").stdout == node.rpc.getbestblockhash()
    assert node.cli("getblockchaininfo").stdout.startswith("{\n")


def test_arguments_are_converted_by_method(node: Node) -> None:
    assert node.cli("getblockhash", "7").stdout == node.rpc.getblockhash(7)
    assert node.cli("-named", "getblockhash", "height=7").stdout == node.rpc.getblockhash(7)


def test_an_error_is_told_with_its_code(node: Node) -> None:
    result = node.cli("getblockhash", "100000")

    assert result.status == 8
    assert result.stderr == "error code: -8\nerror message:\nBlock height out of range"


def test_arguments_can_come_from_standard_input(node: Node) -> None:
    assert node.cli("-stdin", "getblockhash", stdin="9\n").stdout == node.rpc.getblockhash(9)


def test_getinfo_is_an_overview(node: Node) -> None:
    overview = node.cli("-getinfo").stdout

    assert "Chain: regtest" in overview
    assert f"Blocks: {HEIGHT}" in overview


def test_without_a_node_the_client_says_so(node_factory: NodeFactory) -> None:
    node = node_factory.create()

    result = node.cli("getblockcount")

    assert result.status == 1
    assert "Could not connect to the server" in result.stderr


def test_rpcwait_waits_for_the_node(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    node.start(wait=False)

    result = node.cli("-rpcwait", "-rpcwaittimeout=60", "getblockcount")

    assert (result.status, result.stdout) == (0, str(HEIGHT))
    node.wait_until_ready()


def test_generate_mines_to_the_wallet(node: Node) -> None:
    node.rpc.createwallet("w")

    result = node.cli("-generate", "2")

    assert result.status == 0
    assert node.rpc.getblockcount() == HEIGHT + 2


def test_a_wallet_is_chosen_by_option(node: Node) -> None:
    node.rpc.createwallet("a")
    node.rpc.createwallet("b")

    chosen = node.cli("-rpcwallet=b", "getwalletinfo")
    ambiguous = node.cli("getwalletinfo")

    assert '"walletname": "b"' in chosen.stdout
    assert ambiguous.status == 19
    assert "Multiple wallets are loaded" in ambiguous.stderr
