from collections.abc import Iterable
from pathlib import Path

import pytest

from moneyrocket.interfaces.chain import BlockInfo, RemovalReason
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.wallet.database import WalletDatabase
from moneyrocket.wallet.ledger import Ledger
from moneyrocket.wallet.transaction import IN_MEMPOOL, INACTIVE, Status

MINE = b"\x51"
CHANGE = b"\x52"
FOREIGN = b"\x53"
MAGIC = bytes.fromhex("fabfb5da")


class Owner:
    def is_mine(self, script: bytes) -> bool:
        return script in (MINE, CHANGE)

    def received(self, outputs: Iterable[TxOut]) -> None:
        pass

    def spent(self, outputs: Iterable[TxOut]) -> None:
        pass


@pytest.fixture
def file(tmp_path: Path) -> Path:
    WalletDatabase.create(tmp_path / "wallet.dat", MAGIC, lambda database: None, unsafe_sync=True).close()
    return tmp_path / "wallet.dat"


def open_ledger(file: Path) -> tuple[Ledger, WalletDatabase]:
    database = WalletDatabase.open(file, MAGIC, unsafe_sync=True)
    ledger = Ledger(database, Owner(), "test")
    ledger.load()
    return ledger, database


@pytest.fixture
def ledger(file: Path) -> Ledger:
    return open_ledger(file)[0]


def pay(*inputs: OutPoint, to: bytes = MINE, value: int = 1000, more: tuple[TxOut, ...] = ()) -> Transaction:
    return Transaction(2, tuple(TxIn(outpoint) for outpoint in inputs), (TxOut(value, to), *more))


def incoming(number: int = 0) -> Transaction:
    return pay(OutPoint(sha256(number.to_bytes(4, "big")), 0))


def block(height: int, *txs: Transaction, branch: int = 0) -> BlockInfo:
    header = BlockHeader(1, bytes(32), bytes(32), 1_600_000_000 + height, 0, height * 100 + branch)
    return BlockInfo(header.hash, sha256(height.to_bytes(4, "big")), height, header.time, Block(header, txs))


def coinbase(height: int) -> Transaction:
    return Transaction(1, (TxIn(NULL_OUTPOINT, height.to_bytes(4, "little")),), (TxOut(5000, MINE),))


def test_a_payment_is_taken_in_from_mempool_to_block(ledger: Ledger) -> None:
    tx = incoming()

    ledger.added_to_mempool(tx)
    pending = ledger.txs[tx.txid].state
    ledger.block_connected(block(1, coinbase(0), tx))
    ledger.block_connected(block(2))

    assert pending == IN_MEMPOOL
    assert ledger.depth(ledger.txs[tx.txid]) == 2
    assert ledger.coin(OutPoint(tx.txid, 0)) == tx.outputs[0]


def test_foreign_transactions_are_ignored(ledger: Ledger) -> None:
    tx = pay(OutPoint(sha256(b"x"), 0), to=FOREIGN)

    assert not ledger.block_connected(block(1, tx))
    assert tx.txid not in ledger.txs


def test_a_spend_counts_as_soon_as_it_is_stored_and_not_when_abandoned(ledger: Ledger) -> None:
    tx = incoming()
    ledger.block_connected(block(1, tx))
    outpoint = OutPoint(tx.txid, 0)

    spend = ledger.add(pay(outpoint, to=FOREIGN, value=900), INACTIVE)
    spent_before = ledger.spending_status(outpoint)
    abandoned = ledger.abandon(spend)

    assert spent_before is Status.INACTIVE
    assert abandoned
    assert not ledger.is_spent(outpoint)


def test_abandoning_takes_descendants_along_and_refuses_mempool_transactions(ledger: Ledger) -> None:
    tx = incoming()
    ledger.block_connected(block(1, tx))
    parent = ledger.add(pay(OutPoint(tx.txid, 0), to=CHANGE), INACTIVE)
    child = ledger.add(pay(OutPoint(parent.txid, 0), to=FOREIGN), INACTIVE)
    ledger.set_in_mempool(parent)

    refused = not ledger.abandon(parent)
    ledger.removed_from_mempool(parent.tx, RemovalReason.EXPIRY)
    done = ledger.abandon(parent)

    assert refused
    assert done
    assert child.is_abandoned


def test_a_confirmed_rival_conflicts_a_transaction_and_its_descendants(ledger: Ledger) -> None:
    tx = incoming()
    ledger.block_connected(block(1, tx))
    outpoint = OutPoint(tx.txid, 0)
    ours = ledger.add(pay(outpoint, to=CHANGE, value=990), INACTIVE)
    child = ledger.add(pay(OutPoint(ours.txid, 0), to=FOREIGN, value=980), INACTIVE)
    rival = pay(outpoint, to=FOREIGN, value=970)

    ledger.block_connected(block(2, coinbase(0), rival))
    ledger.block_connected(block(3))

    assert ours.is_conflicted
    assert child.is_conflicted
    assert ledger.depth(ours) == -2
    assert ledger.conflicts(ours) == [rival.txid]


def test_a_reorganisation_brings_conflicted_transactions_back(ledger: Ledger) -> None:
    tx = incoming()
    ledger.block_connected(block(1, tx))
    ours = ledger.add(pay(OutPoint(tx.txid, 0), to=CHANGE, value=990), INACTIVE)
    rival = pay(OutPoint(tx.txid, 0), to=FOREIGN, value=970)
    with_rival = block(2, coinbase(0), rival)
    ledger.block_connected(with_rival)

    ledger.block_disconnected(with_rival)
    ledger.block_connected(block(2, coinbase(1), ours.tx, branch=1))

    assert ours.is_confirmed
    assert ledger.txs[rival.txid].is_conflicted
    assert ledger.tip_height == 2


def test_a_mempool_rival_is_noted_until_it_leaves(ledger: Ledger) -> None:
    tx = incoming()
    ledger.block_connected(block(1, tx))
    ours = ledger.add(pay(OutPoint(tx.txid, 0), to=CHANGE, value=990), INACTIVE)
    child = ledger.add(pay(OutPoint(ours.txid, 0), to=FOREIGN), INACTIVE)
    rival = pay(OutPoint(tx.txid, 0), to=FOREIGN, value=970)

    ledger.added_to_mempool(rival)
    noted = (set(ours.mempool_conflicts), set(child.mempool_conflicts))
    ledger.removed_from_mempool(rival, RemovalReason.REPLACED)

    assert noted == ({rival.txid}, {rival.txid})
    assert not ours.mempool_conflicts
    assert not child.mempool_conflicts


def test_a_block_reward_matures_and_is_abandoned_with_its_block(ledger: Ledger) -> None:
    reward = coinbase(1)
    mined = block(1, reward)
    ledger.block_connected(mined)
    wtx = ledger.txs[reward.txid]

    ledger.set_tip(bytes(32), 100)
    immature = ledger.is_immature(wtx)
    ledger.set_tip(bytes(32), 101)
    mature = not ledger.is_immature(wtx)
    ledger.set_tip(mined.hash, 1)
    ledger.block_disconnected(mined)

    assert immature
    assert mature
    assert wtx.is_abandoned


def test_everything_but_the_mempool_survives_a_restart(file: Path) -> None:
    ledger, database = open_ledger(file)
    tx, other = incoming(1), incoming(2)
    ledger.block_connected(block(1, tx))
    ledger.added_to_mempool(other)
    ledger.add(pay(OutPoint(tx.txid, 0), to=FOREIGN), INACTIVE, comment="rent", comment_to="Ann")
    ledger.lock(OutPoint(other.txid, 0), persistent=True)
    ledger.lock(OutPoint(tx.txid, 0), persistent=False)
    before = list(ledger.txs)
    database.close()

    again, _ = open_ledger(file)

    assert list(again.txs) == before
    assert [wtx.state.status for wtx in again.txs.values()] == [Status.CONFIRMED, Status.INACTIVE, Status.INACTIVE]
    assert list(again.txs.values())[2].comment == "rent"
    assert list(again.txs.values())[2].comment_to == "Ann"
    assert again.is_spent(OutPoint(tx.txid, 0))
    assert list(again.locked) == [OutPoint(other.txid, 0)]


def test_blocks_that_left_the_chain_unnoticed_are_forgotten(ledger: Ledger) -> None:
    low, high = incoming(1), incoming(2)
    ledger.block_connected(block(1, coinbase(0), low))
    ledger.block_connected(block(2, coinbase(1), high))

    ledger.forget_blocks_above(1)

    assert ledger.txs[low.txid].is_confirmed
    assert ledger.txs[high.txid].state == INACTIVE


def test_the_file_keeps_a_second_process_out_and_other_networks_away(file: Path) -> None:
    from moneyrocket.wallet.errors import WalletLoadError

    _, database = open_ledger(file)

    with pytest.raises(WalletLoadError, match="exclusive lock"):
        WalletDatabase.open(file, MAGIC)
    database.close()
    with pytest.raises(WalletLoadError, match="Unexpected application id"):
        WalletDatabase.open(file, bytes.fromhex("f9beb4d9"))


def test_a_failed_transaction_leaves_no_trace(file: Path) -> None:
    _, database = open_ledger(file)

    with pytest.raises(RuntimeError), database.transaction():
        database.put("a", 1)
        with database.transaction():
            database.put("b", 2)
        raise RuntimeError

    assert (database.get("a"), database.get("b")) == (None, None)
