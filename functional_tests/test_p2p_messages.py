"""The wire protocol, message by message."""

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.peer import MSG_WITNESS_BLOCK, MSG_WTX, Peer, inventory


def test_the_handshake_offers_wtxid_relay_and_addrv2(peer: Peer) -> None:
    assert peer.received("wtxidrelay")
    assert peer.received("sendaddrv2")


def test_a_block_is_served_on_request(node: Node, peer: Peer) -> None:
    block_hash = node.rpc.getbestblockhash()

    peer.send("getdata", inventory(MSG_WITNESS_BLOCK, block_hash))

    assert peer.wait_for("block").payload.hex() == node.rpc.getblock(block_hash, 0)


def test_what_is_unknown_is_not_found(peer: Peer) -> None:
    wanted = inventory(MSG_WTX, "ab" * 32)

    peer.send("getdata", wanted)

    assert peer.wait_for("notfound").payload == wanted


def test_a_new_block_is_announced(node: Node, peer: Peer) -> None:
    node.generate(1, MINER_DESCRIPTOR)

    peer.wait_for("inv")


def test_a_transaction_from_a_peer_is_taken(node: Node, peer: Peer, mini_wallet: MiniWallet) -> None:
    tx = mini_wallet.create()

    peer.send("tx", bytes.fromhex(tx.hex))
    peer.sync()

    assert node.rpc.getrawmempool() == [tx.txid]


def test_an_orphan_waits_for_its_parent(node: Node, peer: Peer, mini_wallet: MiniWallet) -> None:
    parent = mini_wallet.create()
    child = mini_wallet.create(parent.outputs[0])

    peer.send("tx", bytes.fromhex(child.hex))
    peer.sync()
    assert node.rpc.getrawmempool() == []
    peer.send("tx", bytes.fromhex(parent.hex))

    node.wait_for("getrawmempool", lambda pool: set(pool) == {parent.txid, child.txid})


def test_unknown_messages_are_ignored(peer: Peer) -> None:
    peer.send("nonsense", b"whatever")

    peer.sync()


def test_a_foreign_network_is_disconnected(node: Node, peer: Peer) -> None:
    peer.send_raw(bytes.fromhex("f9beb4d9") + bytes(20))

    peer.wait_until_disconnected()
    assert node.rpc.getconnectioncount() == 0


def test_an_invalid_block_is_refused_and_the_node_goes_on(node: Node, peer: Peer) -> None:
    raw = bytearray(bytes.fromhex(node.rpc.getblock(node.rpc.getbestblockhash(), 0)))
    raw[36] ^= 1
    height = node.rpc.getblockcount()

    peer.send("block", bytes(raw))

    node.wait_for("getblockcount", lambda count: count == height)
    assert node.rpc.getpeerinfo() == [] or peer.received("pong")
