from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from moneyrocket.index.tx_index import TxIndex
from moneyrocket.node.block_index import ActiveChain, BlockIndex
from moneyrocket.node.chain_manager import ChainstateManager
from moneyrocket.node.signals import Immediate, ValidationSignals
from moneyrocket.node.storage import Durability
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut


class FakeChain:
    """A chain of blocks in memory, with what an index uses of a `ChainstateManager`."""

    def __init__(self, signals: ValidationSignals) -> None:
        self.lock = threading.RLock()
        self.active_chain = ActiveChain()
        self.store = self
        self._signals = signals
        self._blocks: dict[bytes, tuple[BlockIndex, Block]] = {}

    @property
    def tip(self) -> BlockIndex:
        """The last block."""
        assert self.active_chain.tip is not None
        return self.active_chain.tip

    def lookup(self, block_hash: bytes) -> BlockIndex | None:
        """The entry of a block."""
        found = self._blocks.get(block_hash)
        return found[0] if found else None

    def read_block(self, index: BlockIndex) -> Block:
        """A block."""
        return self._blocks[index.hash][1]

    def read_block_bytes(self, index: BlockIndex) -> bytes:
        """A block's bytes."""
        return self.read_block(index).serialize()

    def connect(self, prev: BlockIndex | None, *transactions: Transaction) -> BlockIndex:
        """Add a block upon ``prev`` and make it the tip."""
        number = len(self._blocks)
        coinbase = Transaction(2, (TxIn(NULL_OUTPOINT, bytes((number, 0))),), (TxOut(number, b""),))
        header = BlockHeader(1, prev.hash if prev else bytes(32), bytes(32), number, 0x207FFFFF, number)
        block = Block(header, (coinbase, *transactions))
        index = BlockIndex(header, prev)
        self._blocks[index.hash] = (index, block)
        self.active_chain.set_tip(index)
        self._signals.block_connected(block, index)
        return index


def _transaction(number: int) -> Transaction:
    return Transaction(2, (TxIn(OutPoint(bytes([number]) * 32, 0)),), (TxOut(number, b"\x51"),))


@pytest.fixture
def signals() -> ValidationSignals:
    return ValidationSignals(Immediate())


@pytest.fixture
def chain(signals: ValidationSignals) -> FakeChain:
    return FakeChain(signals)


@pytest.fixture
def index(tmp_path: Path, chain: FakeChain, signals: ValidationSignals) -> Iterator[TxIndex]:
    index = TxIndex(tmp_path, cast(ChainstateManager, chain), signals, Durability.PROCESS)
    yield index
    index.stop()


def _start(index: TxIndex) -> None:
    index.start()
    assert index._thread is not None
    index._thread.join()


def test_it_finds_transactions_from_before_and_after_its_start(chain: FakeChain, index: TxIndex) -> None:
    first = chain.connect(chain.connect(None), _transaction(1), _transaction(2))

    _start(index)
    second = chain.connect(first, _transaction(3))

    assert index.wait_until_synced()
    assert index.best_height == 2
    assert index.find(_transaction(2).txid) == (_transaction(2), first)
    assert index.find(_transaction(3).txid) == (_transaction(3), second)
    assert index.find(_transaction(4).txid) is None


def test_the_genesis_block_holds_nothing_to_find(chain: FakeChain, index: TxIndex) -> None:
    genesis = chain.connect(None)

    _start(index)

    assert index.find(chain.read_block(genesis).transactions[0].txid) is None


def test_it_follows_a_reorganization(chain: FakeChain, index: TxIndex) -> None:
    genesis = chain.connect(None)
    chain.connect(genesis, _transaction(1))
    _start(index)

    other = chain.connect(genesis, _transaction(2))
    tip = chain.connect(other, _transaction(1))

    assert index.best_height == 2
    assert index.find(_transaction(1).txid) == (_transaction(1), tip)
    assert index.find(_transaction(2).txid) == (_transaction(2), other)


def test_it_goes_on_where_it_stopped(
    tmp_path: Path, chain: FakeChain, signals: ValidationSignals, index: TxIndex
) -> None:
    genesis = chain.connect(None)
    _start(index)
    index.stop()
    chain.connect(genesis, _transaction(1))

    again = TxIndex(tmp_path, cast(ChainstateManager, chain), signals, Durability.PROCESS)
    _start(again)

    assert again.find(_transaction(1).txid) is not None
    again.stop()
