"""Wallets whose node comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.chain import BlockInfo, BroadcastMethod, NodeAwayError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.table import RpcTable, bind
from moneyrocket.tests.wallet.fake_chain import FakeChain
from moneyrocket.wallet.catch_up import attach, settle
from moneyrocket.wallet.linked_chain import LinkedChain
from moneyrocket.wallet.loader import WalletLoaderImpl
from moneyrocket.wallet.rpc.methods import METHODS
from moneyrocket.wallet.wallet import Wallet

OTHERS = b"\x51"


class DyingChain(FakeChain):
    """A node that may die when it is asked for something."""

    def __init__(self) -> None:
        super().__init__()
        self.dies_at: set[str] = set()
        self.methods: list[BroadcastMethod] = []

    def broadcast_transaction(self, tx: Transaction, max_tx_fee: int, method: BroadcastMethod) -> str | None:
        self._die("broadcast")
        self.methods.append(method)
        return super().broadcast_transaction(tx, max_tx_fee, method)

    def get_block_locator(self, block_hash: bytes) -> Any:
        self._die("locator")
        return super().get_block_locator(block_hash)

    def _die(self, where: str) -> None:
        if where in self.dies_at:
            self.subscribers.clear()
            raise ConnectionResetError("the connection to the node is closed")


class LinkedWallets:
    """A wallet component whose node comes and goes, with one wallet ``w``."""

    def __init__(self, datadir: Path, node: DyingChain) -> None:
        (datadir / "regtest" / "wallets").mkdir(parents=True, exist_ok=True)
        given: dict[str, list[Json]] = {
            "datadir": [str(datadir)],
            "regtest": ["1"],
            "unsafesqlitesync": ["1"],
            "keypool": ["3"],
            "fallbackfee": ["0.0002"],
            "settings": [False],
        }
        self.args = ArgsManager(NODE_OPTIONS, Settings(command_line=given, network="regtest"))
        self.node = node
        self.start()

    def start(self) -> None:
        """Start the component, without its node."""
        self.chain = LinkedChain(self.args, threading.Event())
        self.chain.left("it sleeps")
        self.loader = WalletLoaderImpl(self.args, self.chain)
        assert self.loader.verify()
        assert self.loader.load()
        self.table = RpcTable()
        self.table.add(bind(METHODS, self.loader.manager))
        self.table.finish_warmup()

    @property
    def wallet(self) -> Wallet:
        """The wallet."""
        found = self.loader.manager.find("w")
        assert found is not None
        return found

    def call(self, method: str, *params: Json) -> Any:
        """Call an RPC method."""
        return self.table.execute(RpcRequest(method, [*params]))

    def arrive(self) -> None:
        """The node comes; every wallet catches up."""
        self.node.dies_at.clear()
        self.chain.arrived(self.node)
        for wallet in self.loader.manager.wallets():
            attach(wallet, is_new=False)
            settle(wallet)

    def leave(self) -> None:
        """The node goes: it tells nothing more."""
        self.node.subscribers.clear()
        self.chain.left("it sleeps")

    def script(self) -> bytes:
        """A new script of the wallet."""
        return self.wallet.script_of(self.call("getnewaddress"))

    def fund(self) -> None:
        """Give it a coin that can be spent."""
        self.node.mine(self.script())
        for _ in range(100):
            self.node.mine(OTHERS)


@pytest.fixture
def node() -> Iterator[DyingChain]:
    # Wallets are as old as the fake chain, so that its blocks concern them.
    made = DyingChain()
    clock.set_mock_time(made.start_time)
    yield made
    clock.set_mock_time(0)


@pytest.fixture
def wallets(tmp_path: Path, node: DyingChain) -> Iterator[LinkedWallets]:
    made = LinkedWallets(tmp_path, node)
    made.call("createwallet", "w")
    made.arrive()
    yield made
    made.loader.stop()


def refusal(wallets: LinkedWallets, method: str, *params: Json) -> RpcError:
    with pytest.raises(RpcError) as caught:
        wallets.call(method, *params)
    return caught.value


# Without a node


def test_a_wallet_without_its_node_answers_what_it_knows(wallets: LinkedWallets) -> None:
    wallets.fund()
    wallets.leave()

    assert wallets.call("getbalance") == Decimal(50)
    assert len(wallets.call("listtransactions")) == 1
    assert wallets.call("getaddressinfo", wallets.call("getnewaddress"))["ismine"]


def test_what_needs_the_node_says_so_and_leaves_nothing(wallets: LinkedWallets) -> None:
    wallets.fund()
    address = wallets.call("getnewaddress")
    wallets.leave()

    error = refusal(wallets, "sendtoaddress", address, 1)

    assert error.code == RpcErrorCode.CLIENT_NOT_CONNECTED
    assert error.message == "The node is away: it sleeps."
    assert len(wallets.wallet.ledger.txs) == 1


def test_wallets_are_loaded_without_a_node_and_keep_their_depths(wallets: LinkedWallets) -> None:
    wallets.fund()
    wallets.loader.stop()
    wallets.start()

    wallets.call("loadwallet", "w")

    assert wallets.call("listtransactions")[0]["confirmations"] == 101
    assert wallets.call("getwalletinfo")["lastprocessedblock"]["height"] == 101


def test_a_wallet_made_without_a_node_finds_its_payments(wallets: LinkedWallets) -> None:
    wallets.leave()
    wallets.call("createwallet", "v")
    address = wallets.table.execute(RpcRequest("getnewaddress", [], "/wallet/v"))
    found = wallets.loader.manager.find("v")
    assert found is not None
    wallets.node.mine(found.script_of(str(address)))

    wallets.arrive()

    assert len(found.ledger.txs) == 1


def test_questions_fail_by_themselves_when_the_node_dies() -> None:
    chain = LinkedChain(ArgsManager(()), threading.Event())
    node = DyingChain()
    node.dies_at.add("locator")
    chain.arrived(node)

    with pytest.raises(NodeAwayError, match="the connection was lost"):
        chain.get_block_locator(b"")
    chain.left("x")
    with pytest.raises(NodeAwayError, match="away: x"):
        chain.get_height()
    assert not chain.is_ready_to_broadcast()


# Its return


def test_blocks_of_the_meantime_are_read(wallets: LinkedWallets) -> None:
    script = wallets.script()
    wallets.leave()
    for _ in range(40):
        wallets.node.mine(script)

    wallets.arrive()

    assert [wtx.state.height for wtx in wallets.wallet.ledger.txs.values()] == list(range(1, 41))
    wallets.node.mine(script)
    assert wallets.wallet.ledger.tip_height == 41
    assert len(wallets.wallet.ledger.txs) == 41


def test_a_reorganisation_of_the_meantime_is_followed(wallets: LinkedWallets) -> None:
    wallets.node.mine(wallets.script())
    lost = next(iter(wallets.wallet.ledger.txs.values()))
    wallets.leave()
    wallets.node.disconnect_tip()
    wallets.node.mine(wallets.script())
    wallets.node.mine(OTHERS)

    wallets.arrive()

    assert not lost.is_confirmed
    assert [wtx.state.height for wtx in wallets.wallet.ledger.txs.values() if wtx.is_confirmed] == [1]
    assert wallets.wallet.ledger.tip_height == 2


def test_nothing_is_told_of_twice(wallets: LinkedWallets) -> None:
    wallets.fund()
    wallets.call("sendtoaddress", wallets.call("getnewaddress"), 1)
    told: list[bytes] = []
    wallets.wallet.ledger.on_change = lambda wtx: told.append(wtx.txid)

    wallets.leave()
    wallets.arrive()

    assert told == []


def test_the_mempool_of_the_meantime_counts(wallets: LinkedWallets) -> None:
    wallets.fund()
    txid = bytes.fromhex(wallets.call("sendtoaddress", wallets.call("getnewaddress"), 1))[::-1]
    wallets.leave()
    tx = wallets.node.mempool.pop(txid)
    wallets.node.refusal = "no"

    wallets.arrive()
    gone = wallets.wallet.ledger.txs[txid].in_mempool
    wallets.node.refusal = None
    wallets.node.accept(tx)

    assert not gone
    assert wallets.wallet.ledger.txs[txid].in_mempool


@pytest.mark.parametrize("late", ["connected", "disconnected", "old follower"])
def test_news_that_was_overtaken_is_ignored(wallets: LinkedWallets, late: str) -> None:
    old = wallets.wallet.follower
    wallets.leave()
    stale = wallets.node.mine(wallets.script())
    wallets.node.disconnect_tip()
    block = wallets.node.mine(OTHERS)
    info = BlockInfo(block.hash, block.header.prev_hash, 1, block.header.time, block)
    stale_info = BlockInfo(stale.hash, stale.header.prev_hash, 1, stale.header.time, stale)
    wallets.node.mine(OTHERS)
    wallets.arrive()

    if late == "connected":
        wallets.wallet.follower.block_connected(info)
    elif late == "disconnected":
        wallets.wallet.follower.block_disconnected(stale_info)
    else:
        old.block_connected(stale_info)

    assert wallets.wallet.ledger.tip_height == 2
    assert not wallets.wallet.ledger.txs


def test_a_user_who_scans_delays_the_wallet_and_loses_nothing(wallets: LinkedWallets) -> None:
    from moneyrocket.wallet.errors import WalletError
    from moneyrocket.wallet.scan import reserve_scan

    script = wallets.script()
    wallets.leave()
    wallets.node.mine(script)
    with reserve_scan(wallets.wallet), pytest.raises(WalletError, match="rescanning"):
        wallets.arrive()
    subscribers = list(wallets.node.subscribers)

    wallets.arrive()

    assert subscribers == []
    assert len(wallets.wallet.ledger.txs) == 1


# Payments


def test_a_payment_that_the_node_misses_is_made_and_sent_when_it_is_back(wallets: LinkedWallets) -> None:
    wallets.fund()
    address = wallets.call("getnewaddress")
    wallets.node.dies_at.add("broadcast")

    txid = wallets.call("sendtoaddress", address, 1)
    wallets.leave()
    assert wallets.call("gettransaction", txid)["confirmations"] == 0
    wallets.arrive()

    assert [tx.txid[::-1].hex() for tx in wallets.node.mempool.values()] == [txid]
    assert wallets.node.methods == [BroadcastMethod.MEMPOOL_AND_RELAY]


def test_a_payment_that_was_sent_is_not_announced_again(wallets: LinkedWallets) -> None:
    wallets.fund()
    wallets.call("sendtoaddress", wallets.call("getnewaddress"), 1)
    wallets.leave()
    wallets.arrive()

    assert wallets.node.methods == [BroadcastMethod.MEMPOOL_AND_RELAY, BroadcastMethod.MEMPOOL_ONLY]


def test_a_block_survives_the_node_that_told_of_it(wallets: LinkedWallets) -> None:
    wallets.node.dies_at.add("locator")
    wallets.node.mine(wallets.script())
    wallets.leave()
    wallets.loader.stop()
    wallets.start()
    wallets.call("loadwallet", "w")

    known = len(wallets.wallet.ledger.txs)
    wallets.arrive()

    assert known == 1
    assert [wtx.state.height for wtx in wallets.wallet.ledger.txs.values()] == [1]
