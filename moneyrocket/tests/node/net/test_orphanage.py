from moneyrocket.node.net.orphanage import MAX_LATENCY_SCORE, Orphanage
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut

PARENT = Transaction(inputs=(TxIn(OutPoint(b"p" * 32, 0)),), outputs=(TxOut(1, b"\x51"), TxOut(2, b"\x51")))


def _child(number: int) -> Transaction:
    return Transaction(inputs=(TxIn(OutPoint(PARENT.txid, number % 2)),), outputs=(TxOut(number, b"\x51"),))


def test_children_are_tried_again_when_the_parent_comes() -> None:
    orphanage = Orphanage()
    orphanage.add(_child(1), peer_id=7)

    orphanage.parent_arrived(PARENT)

    assert orphanage.has_work(7)
    assert orphanage.next_to_try(7) == _child(1)
    assert orphanage.next_to_try(7) is None


def test_orphan_stays_while_any_announcer_does() -> None:
    orphanage = Orphanage()
    orphanage.add(_child(1), peer_id=1)
    orphanage.add(_child(1), peer_id=2)

    orphanage.forget_peer(1)
    assert _child(1).wtxid in orphanage
    orphanage.forget_peer(2)

    assert len(orphanage) == 0


def test_block_removes_what_it_confirms_or_contradicts() -> None:
    orphanage = Orphanage()
    orphanage.add(_child(0), 1)
    orphanage.add(_child(2), 1)
    orphanage.add(_child(1), 1)

    orphanage.remove_for_block(Block(BlockHeader(4, bytes(32), bytes(32), 1, 2, 3), (_child(0),)))

    assert [orphan.tx for orphan in orphanage.all()] == [_child(1)]


def test_flood_of_one_peer_does_not_push_out_another() -> None:
    orphanage = Orphanage()
    orphanage.add(_child(0), peer_id=1)

    for number in range(1, MAX_LATENCY_SCORE + 10):
        orphanage.add(_child(number), peer_id=2)

    assert _child(0).wtxid in orphanage
    assert len(orphanage) <= MAX_LATENCY_SCORE


def test_children_of_one_peer_newest_first() -> None:
    orphanage = Orphanage()
    orphanage.add(_child(1), 1)
    orphanage.add(_child(2), 1)
    orphanage.add(_child(3), 2)

    assert orphanage.children_from(PARENT, 1) == [_child(2), _child(1)]
