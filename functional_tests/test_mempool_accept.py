"""Which transactions the mempool takes, and what it tells of them."""

from decimal import Decimal

import pytest

from functional_tests.framework.mini_wallet import SCRIPT_PUBKEY, MiniWallet, spend
from functional_tests.framework.node import Node
from functional_tests.framework.rpc_client import JsonRpcError


def test_an_accepted_transaction_is_in_the_mempool_and_in_the_next_block(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send(fee=2000)

    entry = node.rpc.getmempoolentry(tx.txid)
    (block_hash,) = mini_wallet.mine()

    assert entry["fees"]["base"] == Decimal("0.00002")
    assert entry["vsize"] == node.rpc.decoderawtransaction(tx.hex)["vsize"]
    assert node.rpc.getrawmempool() == []
    assert tx.txid in node.rpc.getblock(block_hash)["tx"]


def test_a_dry_run_tells_the_verdict_and_changes_nothing(node: Node, mini_wallet: MiniWallet) -> None:
    good, unpaid = mini_wallet.create(), mini_wallet.create(fee=0)

    (accepted,) = node.rpc.testmempoolaccept([good.hex])
    (refused,) = node.rpc.testmempoolaccept([unpaid.hex])

    assert accepted["allowed"] is True
    assert accepted["txid"] == good.txid
    assert refused["allowed"] is False
    assert refused["reject-reason"] == "min relay fee not met"
    assert node.rpc.getrawmempool() == []


def test_missing_inputs_are_refused(node: Node, mini_wallet: MiniWallet) -> None:
    parent = mini_wallet.create()
    child = mini_wallet.create(parent.outputs[0])

    with pytest.raises(JsonRpcError, match="bad-txns-inputs-missingorspent") as refused:
        node.rpc.sendrawtransaction(child.hex)

    assert refused.value.code == -25


def test_sending_the_same_transaction_again_is_harmless(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send()

    assert node.rpc.sendrawtransaction(tx.hex) == tx.txid


def test_a_mined_transaction_cannot_be_sent_again(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send()
    mini_wallet.mine()

    with pytest.raises(JsonRpcError, match="already in") as refused:
        node.rpc.sendrawtransaction(tx.hex)

    assert refused.value.code == -27


def test_a_higher_fee_replaces_and_a_lower_one_does_not(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.take()
    first = mini_wallet.send(coin, fee=2000)

    with pytest.raises(JsonRpcError, match="insufficient fee"):
        node.rpc.sendrawtransaction(mini_wallet.create(coin, fee=2001).hex)
    second = mini_wallet.send(coin, fee=5000)

    assert node.rpc.getrawmempool() == [second.txid]
    assert first.txid != second.txid


def test_ancestors_and_descendants_are_known(node: Node, mini_wallet: MiniWallet) -> None:
    parent = mini_wallet.send()
    child = mini_wallet.send(parent.outputs[0])
    grandchild = mini_wallet.send(child.outputs[0])

    assert set(node.rpc.getmempoolancestors(grandchild.txid)) == {parent.txid, child.txid}
    assert set(node.rpc.getmempooldescendants(parent.txid)) == {child.txid, grandchild.txid}
    assert node.rpc.getmempoolentry(grandchild.txid)["ancestorcount"] == 3
    assert node.rpc.getmempoolentry(child.txid)["depends"] == [parent.txid]


def test_dust_is_refused(node: Node, mini_wallet: MiniWallet) -> None:
    coin = mini_wallet.take()
    tx = spend([coin], [(100, SCRIPT_PUBKEY), (coin.value - 1100, SCRIPT_PUBKEY)])

    with pytest.raises(JsonRpcError, match="dust") as refused:
        node.rpc.sendrawtransaction(tx.hex)

    assert refused.value.code == -26


def test_an_absurd_fee_is_refused_unless_allowed(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.create(fee=100_000_000)

    with pytest.raises(JsonRpcError, match=r"max-fee-exceeded|Fee exceeds maximum"):
        node.rpc.sendrawtransaction(tx.hex)

    assert node.rpc.sendrawtransaction(tx.hex, 0) == tx.txid


def test_undecodable_bytes_are_an_error(node: Node) -> None:
    with pytest.raises(JsonRpcError, match="TX decode failed") as refused:
        node.rpc.sendrawtransaction("00ff")

    assert refused.value.code == -22


def test_priority_moves_a_transaction(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send()

    assert node.rpc.prioritisetransaction(txid=tx.txid, fee_delta=5000) is True

    assert node.rpc.getmempoolentry(tx.txid)["fees"]["modified"] == Decimal("0.00006")
    assert node.rpc.getprioritisedtransactions()[tx.txid]["fee_delta"] == 5000


def test_old_transactions_expire(node: Node, mini_wallet: MiniWallet) -> None:
    node.restart("-mempoolexpiry=1")
    start = node.rpc.getblockheader(node.rpc.getbestblockhash())["time"] + 10
    node.rpc.setmocktime(start)
    old = mini_wallet.send()

    node.rpc.setmocktime(start + 3700)
    fresh = mini_wallet.send()

    assert old.txid != fresh.txid
    assert node.rpc.getrawmempool() == [fresh.txid]


def test_the_mempool_survives_a_restart(node: Node, mini_wallet: MiniWallet) -> None:
    txs = [mini_wallet.send() for _ in range(5)]

    node.restart()

    assert sorted(node.rpc.getrawmempool()) == sorted(tx.txid for tx in txs)


def test_the_mempool_is_forgotten_when_told_so(node: Node, mini_wallet: MiniWallet) -> None:
    mini_wallet.send()

    node.restart("-persistmempool=0")

    assert node.rpc.getrawmempool() == []
