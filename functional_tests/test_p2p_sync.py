"""Nodes among themselves: handshake, block sync, transaction relay."""

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, NOBODYS_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory, link, unlink, wait_until_synced
from functional_tests.framework.premined_chain import HEIGHT


def test_linked_nodes_know_each_other(nodes: list[Node]) -> None:
    first, second = nodes

    (outbound,) = first.rpc.getpeerinfo()
    (inbound,) = second.rpc.getpeerinfo()

    assert outbound["inbound"] is False
    assert inbound["inbound"] is True
    assert outbound["addr"] == second.p2p_address
    assert second.name in outbound["subver"]
    assert first.rpc.getconnectioncount() == 1
    assert first.rpc.getnetworkinfo()["connections_out"] == 1


def test_an_empty_node_downloads_the_whole_chain(node_factory: NodeFactory) -> None:
    full = node_factory.start()
    empty = node_factory.start(premined=False)

    link(empty, full)
    wait_until_synced([full, empty])

    assert empty.rpc.getblockcount() == HEIGHT
    assert empty.rpc.gettxoutsetinfo("muhash")["muhash"] == full.rpc.gettxoutsetinfo("muhash")["muhash"]


def test_new_blocks_and_transactions_travel(nodes: list[Node]) -> None:
    first, second = nodes
    wallet = MiniWallet(first)
    tx = wallet.send()
    second.wait_for("getrawmempool", lambda pool: pool == [tx.txid])

    (block_hash,) = second.generate(1, MINER_DESCRIPTOR)
    wait_until_synced(nodes)

    assert tx.txid in first.rpc.getblock(block_hash)["tx"]
    assert first.rpc.getrawmempool() == []


def test_blocks_travel_over_several_hops(node_factory: NodeFactory) -> None:
    row = node_factory.start_many(3)

    (block_hash,) = row[0].generate(1, MINER_DESCRIPTOR)

    row[2].wait_for("getbestblockhash", lambda best: best == block_hash)


def test_a_deep_reorganisation_is_followed(node_factory: NodeFactory) -> None:
    first, second = node_factory.start_many(2)
    unlink(first, second)
    first.generate(20, NOBODYS_DESCRIPTOR)
    winner = second.generate(25, MINER_DESCRIPTOR)

    link(first, second)
    wait_until_synced([first, second])

    assert first.rpc.getbestblockhash() == winner[-1]


def test_a_disconnected_peer_is_gone(nodes: list[Node]) -> None:
    first, second = nodes

    unlink(first, second)

    assert first.rpc.getpeerinfo() == []
    assert second.rpc.getconnectioncount() == 0


def test_a_banned_address_cannot_connect(nodes: list[Node]) -> None:
    first, second = nodes

    second.rpc.setban("127.0.0.1", "add")

    first.wait_for("getconnectioncount", lambda count: count == 0)
    assert [entry["address"] for entry in second.rpc.listbanned()] == ["127.0.0.1/32"]
    second.rpc.clearbanned()
    link(first, second)
