"""A regtest chain for tests: opened, mined upon, closed, and opened again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from moneyrocket.common import clock
from moneyrocket.consensus.errors import ValidationError
from moneyrocket.consensus.params import ChainParams, Deployment, chain_params
from moneyrocket.consensus.subsidy import block_subsidy
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.chain_manager import ChainstateManager
from moneyrocket.node.chain_options import ChainOptions
from moneyrocket.node.miner import make_coinbase, solve_block, with_commitment
from moneyrocket.node.notifications import TipNotifications
from moneyrocket.node.script_checks import ScriptChecker
from moneyrocket.node.signals import Immediate, ValidationSignals, ValidationSubscriber
from moneyrocket.node.storage import Durability
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut

ANYONE = b"\x51"
"""OP_TRUE: an output script that anyone can satisfy with an empty input script."""


@dataclass
class Recorder(ValidationSubscriber):
    """Notes what the node tells."""

    events: list[tuple[str, int]] = field(default_factory=list)
    verdicts: dict[bytes, str] = field(default_factory=dict)

    def block_checked(self, block: Block, error: ValidationError | None) -> None:
        self.verdicts[block.hash] = error.reason if error is not None else ""

    def block_connected(self, block: Block, index: BlockIndex) -> None:
        self.events.append(("connected", index.height))

    def block_disconnected(self, block: Block, index: BlockIndex) -> None:
        self.events.append(("disconnected", index.height))

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        self.events.append(("tip", new_tip.height))


class ChainLab:
    """Mines blocks with contents and parents at will."""

    def __init__(self, folder: Path, params: ChainParams | None = None, options: ChainOptions | None = None) -> None:
        self.params = params or chain_params("regtest")
        self.options = options or chain_options_in(folder)
        self.recorder = Recorder()
        self._extra = 0
        self.open()

    def open(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Open what is on disk."""
        signals = ValidationSignals(Immediate())
        signals.subscribe(self.recorder)
        self.notifications = TipNotifications()
        self.chain = ChainstateManager(self.params, self.options, signals, self.notifications, ScriptChecker())
        self.chain.load(interrupted)

    def reopen(self) -> None:
        """Close and open again."""
        self.chain.close()
        self.open()

    @property
    def tip(self) -> BlockIndex:
        """The active chain's tip."""
        return self.chain.tip

    def make_block(
        self,
        prev: BlockIndex | None = None,
        transactions: Sequence[Transaction] = (),
        *,
        coinbase: Transaction | None = None,
        time: int | None = None,
        version: int = 0x20000000,
    ) -> Block:
        """A solved block upon ``prev`` (the tip unless given), unlike all others, that is not submitted."""
        prev = prev or self.tip
        height = prev.height + 1
        if coinbase is None:
            coinbase = make_coinbase(height, ANYONE, block_subsidy(height, self.params))
            # A number in the input script tells siblings apart.
            self._extra += 1
            script_sig = coinbase.inputs[0].script_sig + b"\x04" + self._extra.to_bytes(4, "little")
            coinbase = replace(coinbase, inputs=(replace(coinbase.inputs[0], script_sig=script_sig),))
        time = prev.median_time_past + 1 if time is None else time
        header = BlockHeader(version, prev.hash, bytes(32), time, prev.bits, 0)
        segwit = self.params.is_active_after(Deployment.SEGWIT, prev)
        return solve(with_commitment(Block(header, (coinbase, *transactions)), segwit))

    def mine(self, count: int = 1, prev: BlockIndex | None = None) -> list[BlockIndex]:
        """Submit ``count`` blocks one upon the other."""
        mined = []
        for _ in range(count):
            prev = self.submit(self.make_block(prev))
            mined.append(prev)
        return mined

    def submit(self, block: Block) -> BlockIndex:
        """Hand a block in; returns its entry."""
        self.chain.process_new_block(block)
        index = self.chain.lookup(block.hash)
        assert index is not None
        return index

    def rejection(self, block: Block) -> str:
        """Reason for which a block is refused, when it is handed in or when it is connected; empty if it is not."""
        try:
            self.chain.process_new_block(block)
        except ValidationError as error:
            return error.reason
        return self.recorder.verdicts[block.hash]

    def coinbase_of(self, height: int) -> Transaction:
        """Coinbase of the block at ``height`` of the active chain."""
        return self.chain.read_block(self.chain.active_chain[height]).transactions[0]


def chain_options_in(folder: Path) -> ChainOptions:
    """Options for a chain in ``folder``, safe against the end of the process."""
    return ChainOptions(folder / "chainstate", folder / "blocks", folder / "blocks" / "index", Durability.PROCESS)


def solve(block: Block) -> Block:
    """The block with its proof of work."""
    solved, _ = solve_block(block, 1_000_000)
    assert solved is not None
    return solved


def spend(tx: Transaction, *, n: int = 0, fee: int = 0, outputs: int = 1, sequence: int = 0xFFFFFFFF) -> Transaction:
    """A transaction that spends an output of `ANYONE`, in equal parts."""
    value = (tx.outputs[n].value - fee) // outputs
    return Transaction(
        2, (TxIn(OutPoint(tx.txid, n), b"", sequence),), tuple(TxOut(value, ANYONE) for _ in range(outputs)), 0
    )


def use_regtest_time() -> None:
    """Set the clock to the time of the genesis block, as tests of long chains do."""
    clock.set_mock_time(chain_params("regtest").genesis.header.time)
