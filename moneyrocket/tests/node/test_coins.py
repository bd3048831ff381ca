"""Coins on disk, in the cache and in layers; undo data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moneyrocket.interfaces.chain import Coin
from moneyrocket.node.coins import CoinsCache, CoinsDb, CoinsLayer
from moneyrocket.node.storage import Durability
from moneyrocket.node.undo import BlockUndo
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import OutPoint, TxOut

A, B, C = (OutPoint(bytes((n,)) * 32, n) for n in (1, 2, 3))
BLOCK = b"\xbb" * 32


def coin(value: int, *, height: int = 5, coinbase: bool = False) -> Coin:
    return Coin(TxOut(value, b"\x51"), height, coinbase)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[CoinsDb]:
    db = CoinsDb(tmp_path, Durability.PROCESS)
    yield db
    db.close()


def test_coins_survive_on_disk(tmp_path: Path) -> None:
    first = CoinsDb(tmp_path, Durability.PROCESS)
    first.write({A: coin(1, coinbase=True), B: coin(2)}, BLOCK)
    first.close()

    again = CoinsDb(tmp_path, Durability.PROCESS)

    assert again.get(A) == coin(1, coinbase=True)
    assert again.get(C) is None
    assert again.best_block() == BLOCK
    again.close()


def test_the_cache_writes_back_on_flush(db: CoinsDb) -> None:
    db.write({A: coin(1)}, bytes(32))
    cache = CoinsCache(db, bytes(32))
    layer = CoinsLayer(cache)
    layer.spend(A)
    layer.add(B, coin(2))

    cache.apply(layer, BLOCK)
    assert (cache.get(A), cache.get(B), cache.is_dirty) == (None, coin(2), True)
    assert db.get(A) == coin(1)
    cache.flush()

    assert (db.get(A), db.get(B), db.best_block(), cache.is_dirty) == (None, coin(2), BLOCK, False)


def test_a_layer_leaves_its_base_alone(db: CoinsDb) -> None:
    db.write({A: coin(1)}, bytes(32))
    layer = CoinsLayer(db)

    assert layer.spend(A) == coin(1)
    assert layer.spend(A) is None
    assert db.get(A) == coin(1)


def test_outputs_that_nobody_can_spend_are_not_kept(db: CoinsDb) -> None:
    layer = CoinsLayer(db)
    layer.add(A, Coin(TxOut(0, b"\x6a\x01x"), 1, False))
    layer.add(B, Coin(TxOut(0, bytes(10_001)), 1, False))

    assert layer.changes == {}


def test_a_snapshot_is_in_order_and_does_not_move(db: CoinsDb) -> None:
    db.write({C: coin(3), A: coin(1), OutPoint(A.txid, 300): coin(4)}, BLOCK)

    with db.snapshot() as snapshot:
        db.write({A: None, B: coin(2)}, bytes(32))
        seen = list(snapshot)

    assert [outpoint for outpoint, _ in seen] == [A, OutPoint(A.txid, 300), C]


def test_undo_data_comes_back_as_it_went_in() -> None:
    undo = BlockUndo(((coin(50 * 10**8, height=1, coinbase=True),), (coin(1), Coin(TxOut(7, bytes(40)), 0, False))))

    assert BlockUndo.deserialize(undo.serialize()) == undo


def test_undo_data_with_a_tail_is_refused() -> None:
    with pytest.raises(DeserializeError):
        BlockUndo.deserialize(BlockUndo().serialize() + b"\x00")
