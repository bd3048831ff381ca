"""Blocks: what a chain looks like through RPC, invalid ones, reorganisation."""

import pytest

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, NOBODYS_DESCRIPTOR, MiniWallet, spend
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory, link, unlink, wait_until_synced
from functional_tests.framework.premined_chain import HEIGHT
from functional_tests.framework.rpc_client import JsonRpcError

REGTEST_GENESIS = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"


def test_the_genesis_block_is_regtests(node_factory: NodeFactory) -> None:
    node = node_factory.start(premined=False)

    assert node.rpc.getblockcount() == 0
    assert node.rpc.getblockhash(0) == REGTEST_GENESIS
    genesis = node.rpc.getblock(REGTEST_GENESIS)
    assert genesis["time"] == 1296688602
    assert genesis["tx"] == ["4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"]


def test_mined_blocks_extend_the_chain(node: Node) -> None:
    hashes = node.generate(3, MINER_DESCRIPTOR)

    assert node.rpc.getblockcount() == HEIGHT + 3
    assert node.rpc.getbestblockhash() == hashes[-1]
    assert [node.rpc.getblockheader(block)["height"] for block in hashes] == [HEIGHT + 1, HEIGHT + 2, HEIGHT + 3]
    assert node.rpc.getblockheader(hashes[1])["previousblockhash"] == hashes[0]
    assert node.rpc.getblockheader(hashes[1])["nextblockhash"] == hashes[2]


def test_a_block_is_told_in_every_verbosity(node: Node) -> None:
    (block_hash,) = node.generate(1, MINER_DESCRIPTOR)

    raw = node.rpc.getblock(block_hash, 0)
    ids = node.rpc.getblock(block_hash, 1)
    decoded = node.rpc.getblock(block_hash, 2)

    assert raw.startswith(node.rpc.getblockheader(block_hash, False))
    assert ids["tx"] == [tx["txid"] for tx in decoded["tx"]]
    assert decoded["tx"][0]["vin"][0]["coinbase"].startswith("02c900")
    assert ids["confirmations"] == 1
    assert ids["size"] == len(raw) // 2


def test_unknown_blocks_and_heights_are_errors(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="Block not found") as unknown:
        node.rpc.getblock("00" * 32)
    with pytest.raises(JsonRpcError, match="Block height out of range") as too_high:
        node.rpc.getblockhash(HEIGHT + 1)

    assert unknown.value.code == -5
    assert too_high.value.code == -8


def test_a_block_without_work_is_refused(node: Node) -> None:
    (block_hash,) = node.generate(1, MINER_DESCRIPTOR)
    raw = bytearray(bytes.fromhex(node.rpc.getblock(block_hash, 0)))
    node.rpc.invalidateblock(block_hash)
    raw[72:76] = bytes(4)

    assert node.rpc.submitblock(raw.hex()) == "high-hash"
    assert node.rpc.getblockcount() == HEIGHT


def test_a_known_block_is_a_duplicate(node: Node) -> None:
    (block_hash,) = node.generate(1, MINER_DESCRIPTOR)

    assert node.rpc.submitblock(node.rpc.getblock(block_hash, 0)) == "duplicate"


def test_a_block_with_a_double_spend_is_refused(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.take()
    first, second = mini_wallet.create(coin, fee=1000), mini_wallet.create(coin, fee=2000)

    with pytest.raises(JsonRpcError, match="bad-txns-inputs-missingorspent") as refused:
        node.rpc.generateblock(MINER_DESCRIPTOR, [first.hex, second.hex])

    assert refused.value.code == -25
    assert node.rpc.getblockcount() == HEIGHT


def test_a_block_that_spends_more_than_its_inputs_is_refused(node: Node, mini_wallet: MiniWallet) -> None:
    inflating = mini_wallet.create(fee=-1)

    with pytest.raises(JsonRpcError, match="bad-txns-in-belowout"):
        node.rpc.generateblock(MINER_DESCRIPTOR, [inflating.hex])


def test_a_block_with_a_wrong_witness_is_refused(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.create()
    with_wrong_script = tx.hex.replace("010151", "010152")

    with pytest.raises(JsonRpcError, match="script-verify-flag-failed"):
        node.rpc.generateblock(MINER_DESCRIPTOR, [with_wrong_script])


def test_immature_coinbase_coins_cannot_be_spent(node: Node) -> None:
    tip = node.rpc.getblock(node.rpc.getbestblockhash(), 2)["tx"][0]
    wallet = MiniWallet(node)
    coin = type(wallet.take())(tip["txid"], 0, int(tip["vout"][0]["value"] * 100_000_000))

    with pytest.raises(JsonRpcError, match="bad-txns-premature-spend-of-coinbase"):
        node.rpc.sendrawtransaction(wallet.create(coin).hex)


def test_invalidating_a_block_takes_its_descendants_off_and_reconsidering_puts_them_back(node: Node) -> None:
    hashes = node.generate(5, MINER_DESCRIPTOR)

    node.rpc.invalidateblock(hashes[2])
    assert node.rpc.getbestblockhash() == hashes[1]

    node.rpc.reconsiderblock(hashes[2])
    assert node.rpc.getbestblockhash() == hashes[4]


def test_the_branch_with_more_work_wins(node_factory: NodeFactory) -> None:
    first, second = node_factory.start_many(2)
    unlink(first, second)
    loser = first.generate(2, NOBODYS_DESCRIPTOR)
    second.generate(1, MINER_DESCRIPTOR)
    winner = second.generate(3, MINER_DESCRIPTOR)

    link(first, second)
    wait_until_synced([first, second])

    assert first.rpc.getbestblockhash() == winner[-1]
    tips = {tip["hash"]: tip["status"] for tip in first.rpc.getchaintips()}
    assert tips[loser[-1]] == "valid-fork"
    assert tips[winner[-1]] == "active"


def test_a_reorganisation_returns_transactions_to_the_mempool(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send()
    (block_hash,) = mini_wallet.mine()
    assert node.rpc.getrawmempool() == []

    node.rpc.invalidateblock(block_hash)

    assert node.rpc.getrawmempool() == [tx.txid]


def test_the_utxo_set_knows_made_and_spent_coins(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.take()
    before = node.rpc.gettxoutsetinfo("muhash")
    tx = mini_wallet.send(coin)
    mini_wallet.mine()

    assert node.rpc.gettxout(coin.txid, coin.vout) is None
    assert node.rpc.gettxout(tx.txid, 0)["confirmations"] == 1
    after = node.rpc.gettxoutsetinfo("muhash")
    assert after["height"] == before["height"] + 1
    assert after["txouts"] == before["txouts"] + 1
    assert after["muhash"] != before["muhash"]


def test_the_utxo_hash_returns_when_a_block_is_taken_off(node: Node, mini_wallet: MiniWallet) -> None:
    before = node.rpc.gettxoutsetinfo("hash_serialized_3")
    mini_wallet.send()
    (block_hash,) = mini_wallet.mine()

    node.rpc.invalidateblock(block_hash)

    assert node.rpc.gettxoutsetinfo("hash_serialized_3")["hash_serialized_3"] == before["hash_serialized_3"]


def test_a_transaction_can_be_proven_to_be_in_a_block(node: Node, mini_wallet: MiniWallet) -> None:
    txs = [mini_wallet.send() for _ in range(3)]
    (block_hash,) = mini_wallet.mine()

    proof = node.rpc.gettxoutproof([txs[1].txid], block_hash)

    assert node.rpc.verifytxoutproof(proof) == [txs[1].txid]


def test_relative_lock_times_hold(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.send().outputs[0]
    mini_wallet.mine()
    ten_blocks_later = mini_wallet.create(coin, sequence=10)

    with pytest.raises(JsonRpcError, match="non-BIP68-final"):
        node.rpc.sendrawtransaction(ten_blocks_later.hex)
    mini_wallet.mine(9)

    assert node.rpc.sendrawtransaction(ten_blocks_later.hex) == ten_blocks_later.txid


def test_absolute_lock_times_hold(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.take()
    script = bytes.fromhex(node.rpc.gettxout(coin.txid, coin.vout)["scriptPubKey"]["hex"])
    tx = spend([coin], [(coin.value - 1000, script)], lock_time=HEIGHT + 1, sequence=0)

    with pytest.raises(JsonRpcError, match="non-final"):
        node.rpc.sendrawtransaction(tx.hex)
    mini_wallet.mine(1)

    assert node.rpc.sendrawtransaction(tx.hex) == tx.txid
