"""Mining: templates, chosen transactions, rewards."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.premined_chain import HEIGHT
from functional_tests.framework.rpc_client import JsonRpcError


def test_the_subsidy_halves_every_150_blocks_on_regtest(node: Node) -> None:
    def reward(height: int) -> Decimal:
        coinbase = node.rpc.getblock(node.rpc.getblockhash(height), 2)["tx"][0]
        return sum((output["value"] for output in coinbase["vout"]), Decimal(0))

    assert reward(1) == 50
    assert reward(149) == 50
    assert reward(150) == 25


def test_fees_go_to_the_miner(node: Node, mini_wallet: MiniWallet) -> None:
    mini_wallet.send(fee=12_345)

    (block_hash,) = mini_wallet.mine()

    coinbase = node.rpc.getblock(block_hash, 2)["tx"][0]
    assert coinbase["vout"][0]["value"] == Decimal("25.00012345")


def test_a_template_lists_the_mempool_with_parents_first(node: Node, mini_wallet: MiniWallet) -> None:
    parent = mini_wallet.send(fee=300)
    child = mini_wallet.send(parent.outputs[0], fee=9000)
    other = mini_wallet.send(fee=1000)

    template = node.rpc.getblocktemplate({"rules": ["segwit"]})

    assert template["height"] == HEIGHT + 1
    assert template["previousblockhash"] == node.rpc.getbestblockhash()
    assert [tx["txid"] for tx in template["transactions"]] == [parent.txid, child.txid, other.txid]
    assert template["transactions"][1]["depends"] == [1]
    assert template["coinbasevalue"] == 25 * 100_000_000 + 10_300


def test_a_template_needs_segwit(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="segwit") as refused:
        node.rpc.getblocktemplate({"rules": []})

    assert refused.value.code == -8


def test_a_block_holds_exactly_the_chosen_transactions(node: Node, mini_wallet: MiniWallet) -> None:
    left_out = mini_wallet.send()
    chosen = mini_wallet.send()

    block_hash = node.rpc.generateblock(MINER_DESCRIPTOR, [chosen.txid])["hash"]

    assert node.rpc.getblock(block_hash)["tx"][1:] == [chosen.txid]
    assert node.rpc.getrawmempool() == [left_out.txid]


def test_mining_state_is_told(node: Node, mini_wallet: MiniWallet) -> None:
    mini_wallet.send()

    info = node.rpc.getmininginfo()

    assert info["blocks"] == HEIGHT
    assert info["chain"] == "regtest"
    assert info["pooledtx"] == 1
    assert info["next"]["height"] == HEIGHT + 1


def test_an_unminable_request_is_an_error(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="Invalid address") as refused:
        node.rpc.generatetoaddress(1, "nowhere")

    assert refused.value.code == -5


def test_waiting_for_a_block_ends_when_it_comes(node: Node) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(node.rpc.waitforblockheight, HEIGHT + 1, 30_000)
        (block_hash,) = node.generate(1, MINER_DESCRIPTOR)

        assert waiting.result(timeout=30) == {"hash": block_hash, "height": HEIGHT + 1}
