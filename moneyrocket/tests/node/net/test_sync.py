"""Two whole nodes, without RPC, that sync over loopback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from moneyrocket.common import clock
from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.mempool import Mempool
from moneyrocket.node.net.connection import ConnectionType
from moneyrocket.node.net.connman import ConnectionManager
from moneyrocket.node.net.peer_manager import PeerManager
from moneyrocket.node.signals import ValidationSignals, ValidationSubscriber
from moneyrocket.tests.node.chain_lab import ChainLab
from moneyrocket.tests.node.net.connman_lab import free_port, make_connman


class TipWatch(ValidationSubscriber):
    """Lets a test wait for a tip."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.tip = b""

    def updated_block_tip(self, new_tip: BlockIndex, fork: BlockIndex | None, initial_download: bool) -> None:
        with self.changed:
            self.tip = new_tip.hash
            self.changed.notify_all()

    def wait_for(self, index: BlockIndex) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.tip == index.hash, timeout=30)


class SyncNode:
    """A chain, a mempool and the network."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.lab = ChainLab(folder)
        self.watch = TipWatch()
        signals: ValidationSignals = self.lab.chain._signals
        signals.subscribe(self.watch)
        self.connman: ConnectionManager = make_connman(folder, *options)
        self.peerman = PeerManager(self.lab.chain, Mempool(), self.connman)
        signals.subscribe(self.peerman)
        self.connman.start(self.peerman)

    def close(self) -> None:
        self.connman.stop()
        self.lab.chain.close()


@contextmanager
def _nodes(tmp_path: Path, prepare: Callable[[ChainLab, ChainLab], None]) -> Iterator[tuple[SyncNode, SyncNode]]:
    with ExitStack() as stack:
        nodes = []
        port = free_port()
        for name, option in (("a", f"bind=127.0.0.1:{port}"), ("b", "listen=0")):
            (tmp_path / name).mkdir()
            node = SyncNode(tmp_path / name, option)
            stack.callback(node.close)
            nodes.append(node)
        a, b = nodes
        prepare(a.lab, b.lab)
        assert b.connman.outbound.open_named(f"127.0.0.1:{port}", ConnectionType.MANUAL)
        yield a, b


def _mine_to_now(lab: ChainLab, count: int) -> None:
    """Mine blocks of which the last is recent, so that the node leaves initial download."""
    lab.mine(count - 1)
    lab.submit(lab.make_block(time=clock.now()))


def test_longer_chain_wins_on_both_sides(tmp_path: Path) -> None:
    def prepare(a: ChainLab, b: ChainLab) -> None:
        _mine_to_now(a, 40)
        _mine_to_now(b, 10)

    with _nodes(tmp_path, prepare) as (a, b):
        b.watch.wait_for(a.lab.tip)

        assert b.lab.tip.height == 40


def test_new_blocks_are_announced_both_ways(tmp_path: Path) -> None:
    with _nodes(tmp_path, lambda a, b: _mine_to_now(a, 5)) as (a, b):
        b.watch.wait_for(a.lab.tip)

        for miner, other in ((a, b), (b, a), (a, b)):
            (index,) = miner.lab.mine()
            other.watch.wait_for(index)

        assert a.lab.tip.hash == b.lab.tip.hash
        assert a.lab.tip.height == 8


def test_new_branch_with_more_work_is_followed(tmp_path: Path) -> None:
    with _nodes(tmp_path, lambda a, b: _mine_to_now(a, 5)) as (a, b):
        b.watch.wait_for(a.lab.tip)
        fork = a.lab.tip.prev
        assert fork is not None

        branch = a.lab.mine(3, prev=fork)

        b.watch.wait_for(branch[-1])
        assert b.lab.tip.height == 7
