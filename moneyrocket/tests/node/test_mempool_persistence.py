"""Tests of mempool.dat and the journal."""

from pathlib import Path

import pytest

from moneyrocket.node import mempool_file
from moneyrocket.node.mempool_file import SavedMempool, SavedTransaction
from moneyrocket.node.mempool_journal import MempoolJournal
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.tests.node.mempool_helpers import output, spend


def _always(txid: bytes) -> bool:
    return True


@pytest.mark.parametrize("plain", [False, True])
def test_file_round_trip(plain: bool) -> None:
    saved = SavedMempool(
        tuple(SavedTransaction(spend(size=size), 1_700_000_000 + size, -size) for size in range(20)),
        {bytes([7] * 32): -5},
        frozenset({bytes([9] * 32)}),
    )

    assert mempool_file.decode(mempool_file.encode(saved, plain=plain)) == saved


def test_plain_file_has_the_documented_layout() -> None:
    tx = spend()

    data = mempool_file.encode(SavedMempool((SavedTransaction(tx, 5, -1),)), plain=True)

    assert data == (
        (1).to_bytes(8, "little")
        + (1).to_bytes(8, "little")
        + tx.serialize()
        + (5).to_bytes(8, "little")
        + b"\xff" * 8
        + b"\x00\x00"
    )


def test_obfuscation_follows_the_file_position() -> None:
    data = mempool_file.encode(SavedMempool())
    key = data[9:17]

    assert data[:9] == (2).to_bytes(8, "little") + b"\x08"
    assert bytes(byte ^ key[(17 + index) % 8] for index, byte in enumerate(data[17:])) == bytes(10)


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"\x09" + data[1:]])
def test_damaged_file_is_refused(damage: "object") -> None:
    assert callable(damage)
    data = mempool_file.encode(SavedMempool((SavedTransaction(spend(), 1, 0),)))

    with pytest.raises(DeserializeError):
        mempool_file.decode(damage(data))


def test_journal_is_read_back_in_order(tmp_path: Path) -> None:
    parent = spend()
    child = spend(output(parent))
    journal = MempoolJournal(tmp_path / "journal")

    journal.append([(parent, 5)], _always)
    journal.append([(parent, 5), (child, 6)], _always)

    assert MempoolJournal(tmp_path / "journal").read() == [(parent, 5), (child, 6)]


def test_torn_record_is_dropped_and_later_ones_survive(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    first, second, third = spend(), spend(), spend()
    MempoolJournal(path).append([(first, 1), (second, 2)], _always)
    path.write_bytes(path.read_bytes()[:-3])

    journal = MempoolJournal(path)
    assert journal.read() == [(first, 1)]
    journal.append([(third, 3)], _always)

    assert MempoolJournal(path).read() == [(first, 1), (third, 3)]


def test_flipped_bit_ends_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    MempoolJournal(path).append([(spend(), 1)], _always)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)

    assert MempoolJournal(path).read() == []


def test_keeping_nothing_removes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    kept, gone = spend(), spend()
    journal = MempoolJournal(path)
    journal.append([(kept, 1), (gone, 2)], _always)

    journal.keep(lambda txid: txid == kept.txid)
    assert MempoolJournal(path).read() == [(kept, 1)]
    journal.keep(lambda txid: False)

    assert not path.exists()


def test_journal_drops_what_left_the_mempool_once_it_is_large(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = MempoolJournal(path)
    live = spend()
    journal.append([(live, 0)], _always)

    for _ in range(12):
        journal.append([(spend(size=100_000), 1)], lambda txid: txid == live.txid)

    assert path.stat().st_size < 300_000
    assert MempoolJournal(path).read()[0] == (live, 0)
