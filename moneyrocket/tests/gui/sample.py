"""A program's worth of realistic data, for screenshots."""

from __future__ import annotations

import time
from dataclasses import replace

from moneyrocket.interfaces.node_values import FeeBand, MempoolState
from moneyrocket.interfaces.wallet_values import AddressEntry, AddressPurpose, ReceiveRequest, TxRow, WalletBalances
from moneyrocket.tests.gui import fake_wallet
from moneyrocket.tests.gui.fake_node import FakeNode, make_peer
from moneyrocket.tests.gui.fake_wallet import FakeWallet, FakeWallets, address, history

LABELS = (
    "Salary",
    "Coffee bar",
    "Rent",
    "Book shop",
    "Anna Lindqvist",
    "Invoice 2026-117",
    "Mining pool payout",
    "Bicycle workshop on the corner of the old market square",
    "Donation",
    "Hosting",
)

ONION = "kpgvmscirrdqpekbqjsvw5teanhatztpp2gl6eee4zkowvwfxwenqaid.onion:8333"
OWN = "/Moneyrocket:0.1.0/"
SHARES = (0, 6, 14, 22, 17, 12, 9, 11, 8, 5, 4, 3, 1.6, 0.7)
RATES = (100, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 15_000, 20_000, 30_000, 50_000, 100_000)


def sample_wallets() -> FakeWallets:
    """Make three wallets: a busy one, a locked one, an empty one; and one that is not open."""
    savings = FakeWallet("Savings", _recent(history(1250, LABELS)))
    savings.balance = WalletBalances(184_502_137, 2_500_000, 312_500_000, 0)
    now = int(time.time())
    for number, name in enumerate(LABELS):
        entry = AddressEntry(address(900 + number), name, AddressPurpose.SEND)
        savings.book[entry.address] = entry
        own = AddressEntry(address(950 + number), name if number % 3 else "", AddressPurpose.RECEIVE)
        savings.book[own.address] = own
    for number, (name, message, amount) in enumerate(
        (
            ("Anna Lindqvist", "Half of the train tickets", 1_250_000),
            ("Donation", "", None),
            ("Invoice 2026-117", "Design work in October", 24_500_000),
        ),
        1,
    ):
        request = ReceiveRequest(number, now - 90_000 * (4 - number), address(960 + number), name, message, amount)
        savings.requests.append(request)
    daily = FakeWallet("Daily spending", _recent(history(40, LABELS, seed=2)))
    daily.balance = WalletBalances(3_120_450, 0, 0, 0)
    daily.encrypt("secret")
    empty = FakeWallet("Empty")
    empty.balance = WalletBalances(0, 0, 0, 0)
    wallets = FakeWallets([savings, daily, empty])
    wallets.known["Cold storage"] = FakeWallet("Cold storage")
    wallets.known["2017 legacy"] = FakeWallet("2017 legacy")
    return wallets


def sample_node(wallets: FakeWallets | None = None) -> FakeNode:
    """Make a node in sync, with peers, bans, and a full mempool."""
    node = FakeNode(wallets if wallets is not None else sample_wallets())
    node.peer_list = [
        make_peer(1, address="203.0.113.17:8333", ping=0.034),
        make_peer(2, address="[2001:db8:85a3::8a2e:370:7334]:8333", network="ipv6", ping=0.081),
        make_peer(
            4,
            address="kpgvmscirrdqpekbqjsvw5teanhatztpp2gl6eee4zkowvwfxwenqaid.onion:8333",
            network="onion",
            ping=0.412,
        ),
        make_peer(5, address="198.51.100.203:8333", kind="block-relay-only", relays_txs=False, ping=0.12),
        make_peer(8, address="192.0.2.61:51022", kind="inbound", inbound=True, user_agent=OWN, ping=0.011),
        make_peer(11, address="203.0.113.140:8333", kind="manual", ping=None, user_agent="", version=0),
        make_peer(12, address="198.51.100.9:8333", ping=1.84, user_agent="/Satoshi:27.0.0(with a long comment)/"),
        make_peer(15, address="203.0.113.99:40312", kind="inbound", inbound=True, ping=0.2),
    ]
    node.ban("198.51.100.77:8333", 86_400)
    node.pool = MempoolState(True, 48_213, 71_300_000, 214_000_000, 300_000_000, 318_400_000, 1000, 100)
    node.bands = [
        FeeBand(rate, int(share * 430), int(share * 640_000), int(share * 640 * rate))
        for rate, share in zip(RATES, SHARES, strict=True)
    ]
    return node


def syncing(node: FakeNode) -> None:
    """Put a node into the middle of its first synchronization."""
    now = int(time.time())
    node.chain = replace(
        node.chain,
        height=512_340,
        tip_time=now - 8 * 365 * 86_400,
        verification_progress=0.2871,
        initial_download=True,
    )


def _recent(rows: list[TxRow]) -> list[TxRow]:
    shift = int(time.time()) - fake_wallet.NOW
    return [replace(row, time=row.time + shift) for row in rows]
