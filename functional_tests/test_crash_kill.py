"""SIGKILL at any moment loses nothing that a caller was told of."""

import os
import random
import signal
import threading
from dataclasses import dataclass, field

import pytest

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory, link, wait_until_synced
from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient

KILLS_PER_TEST = 10
LONGEST_RUN_BEFORE_KILL = 0.6


@dataclass
class Told:
    """What the node has told its caller so far."""

    tip: str
    height: int
    txids: list[str] = field(default_factory=list)


def _mine_and_send_until_it_breaks(rpc: RpcClient, told: Told) -> None:
    """Payments and blocks in turn, each noted as soon as the answer is here."""
    wallet = rpc.at("/wallet/w")
    try:
        address = wallet.getnewaddress()
        while True:
            told.txids.append(wallet.sendtoaddress(address, 0.01))
            (told.tip,) = rpc.generatetodescriptor(1, MINER_DESCRIPTOR)
            told.height += 1
    except (OSError, HttpStatusError, JsonRpcError, ValueError):
        return


def _kill(node: Node, victim: str) -> None:
    """Kill the node, its wallet process, or both at once. In one process all three are the same."""
    others = [process.pid for process in node.processes() if process.pid != node.pid]
    if victim == "wallet" and others:
        for pid in others:
            os.kill(pid, signal.SIGKILL)
    elif victim == "node":
        node.kill()
    else:
        node.kill_all()


def _assert_nothing_told_was_lost(node: Node, told: Told) -> None:
    assert node.rpc.getblockcount() >= told.height
    assert node.rpc.getblockhash(told.height) == told.tip
    assert node.rpc.verifychain(4, 20) is True
    wallet = node.wallet("w")
    for txid in told.txids:
        assert wallet.gettransaction(txid)["confirmations"] >= 0
    unconfirmed = {txid for txid in told.txids if wallet.gettransaction(txid)["confirmations"] == 0}
    assert unconfirmed <= set(node.rpc.getrawmempool())


@pytest.mark.parametrize("victim", ["node", "wallet", "both", "any"])
@pytest.mark.parametrize("part", ["first", "second"])
def test_kills_lose_nothing(node_factory: NodeFactory, victim: str, part: str) -> None:
    node = node_factory.start()
    node.rpc.createwallet("w", load_on_startup=True)
    coins = MiniWallet(node)
    for _ in range(3):
        coins.fund(node.wallet("w").getnewaddress(), 20 * 100_000_000)
    told = Told(node.rpc.getbestblockhash(), node.rpc.getblockcount())

    for _ in range(KILLS_PER_TEST):
        load = threading.Thread(target=_mine_and_send_until_it_breaks, args=(node.rpc, told))
        load.start()
        load.join(random.uniform(0, LONGEST_RUN_BEFORE_KILL))
        _kill(node, random.choice(["node", "wallet", "both"]) if victim == "any" else victim)
        load.join()
        if node.running:
            node.stop()
        node.start()
        _assert_nothing_told_was_lost(node, told)
        told.tip, told.height = node.rpc.getbestblockhash(), node.rpc.getblockcount()

    fresh = node_factory.start(premined=False)
    link(fresh, node)
    fresh.wait_for("getbestblockhash", lambda best: best == told.tip)
    assert fresh.rpc.gettxoutsetinfo("muhash")["muhash"] == node.rpc.gettxoutsetinfo("muhash")["muhash"]
    total = node.wallet("w").getbalance()
    node.wallet("w").rescanblockchain(0)
    assert node.wallet("w").getbalance() == total


def test_a_submitted_transaction_survives_a_kill(node: Node, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.send()

    node.kill()
    node.start()

    assert node.rpc.getrawmempool() == [tx.txid]


def test_a_reorganisation_survives_a_kill(node: Node) -> None:
    hashes = node.generate(5, MINER_DESCRIPTOR)
    node.rpc.invalidateblock(hashes[1])
    muhash = node.rpc.gettxoutsetinfo("muhash")["muhash"]

    node.kill()
    node.start()

    assert node.rpc.getbestblockhash() == hashes[0]
    assert node.rpc.gettxoutsetinfo("muhash")["muhash"] == muhash


def test_a_kill_during_block_download_is_caught_up(node_factory: NodeFactory) -> None:
    full = node_factory.start()
    empty = node_factory.start(premined=False)
    link(empty, full)

    empty.kill()
    empty.start()
    link(empty, full)
    wait_until_synced([full, empty])

    assert empty.rpc.verifychain(4, 0) is True
