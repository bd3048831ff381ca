"""A regtest chain with coins that anyone can spend, and a mempool upon it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from moneyrocket.consensus.params import chain_params
from moneyrocket.node.chain_manager import ChainstateManager
from moneyrocket.node.chain_options import ChainOptions
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.mempool_accept import AcceptResult, accept
from moneyrocket.node.mempool_options import MempoolOptions
from moneyrocket.node.mempool_reorg import MempoolUpdater
from moneyrocket.node.miner import Miner, solve_block
from moneyrocket.node.mining_options import MiningOptions
from moneyrocket.node.notifications import TipNotifications
from moneyrocket.node.script_checks import ScriptChecker
from moneyrocket.node.signals import Immediate, ValidationSignals
from moneyrocket.node.storage import Durability
from moneyrocket.primitives.amount import COIN
from moneyrocket.primitives.block import Block
from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut

OP_TRUE: Final = b"\x51"
ANYONE: Final = b"\x00\x20" + sha256(OP_TRUE)
"""Pays to whoever shows the witness script OP_TRUE."""
SUBSIDY: Final = 50 * COIN


class MempoolChain:
    """Chain and mempool in a folder.

    Attributes:
        chainman: the chain.
        mempool: the mempool.
        coins: outpoints of coinbase outputs, by height from 1 on.
        signals: tells what happens.
        notifications: tells of the tip.
    """

    def __init__(self, folder: Path, options: MempoolOptions | None = None) -> None:
        self.signals = signals = ValidationSignals(Immediate())
        self.notifications = TipNotifications()
        self.chainman = ChainstateManager(
            chain_params("regtest"),
            ChainOptions(folder / "chainstate", folder / "blocks", folder / "index", Durability.PROCESS),
            signals,
            self.notifications,
            ScriptChecker(),
        )
        self.mempool = Mempool(options, signals)
        self.chainman.mempool = MempoolUpdater(self.chainman, self.mempool)
        self.chainman.load()
        self.coins: dict[int, OutPoint] = {}

    def mine(self, count: int = 1) -> Block:
        """Mine blocks from the mempool; returns the last."""
        for _ in range(count):
            template = Miner(self.chainman, self.mempool, MiningOptions()).create_block(ANYONE)
            block, _ = solve_block(template.block, 1000)
            assert block is not None
            assert self.chainman.process_new_block(block)
            self.coins[self.chainman.tip.height] = OutPoint(block.transactions[0].txid, 0)
            last = block
        return last

    def accept(self, tx: Transaction) -> AcceptResult:
        """Offer a transaction to the mempool."""
        return accept(self.chainman, self.mempool, tx)


def pay(
    *coins: OutPoint,
    outputs: tuple[TxOut, ...] = (),
    fee: int = 1000,
    value: int = SUBSIDY,
    version: int = 2,
    sequence: int = 0xFFFFFFFD,
    lock_time: int = 0,
    witness: tuple[bytes, ...] = (OP_TRUE,),
) -> Transaction:
    """Spend ``coins``, each of ``value`` sat, to given outputs and the rest to anyone."""
    rest = value * len(coins) - sum(txout.value for txout in outputs) - fee
    inputs = tuple(TxIn(coin, b"", sequence, witness) for coin in coins)
    return Transaction(version, inputs, (TxOut(rest, ANYONE), *outputs), lock_time)
