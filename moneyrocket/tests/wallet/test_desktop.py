"""Wallets as a desktop program uses them, over a fake chain."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from moneyrocket.common import clock
from moneyrocket.consensus.params import chain_params
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications, Wallets
from moneyrocket.interfaces.wallet_values import (
    AddressPurpose,
    AddressType,
    FeeChoice,
    NewWallet,
    Payment,
    ReceiveRequest,
    TxQuery,
    TxSort,
    TxStatus,
    TxType,
    WalletFailure,
    WalletRequestError,
)
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.script.address import decode_address
from moneyrocket.tests.wallet.conftest import WalletProcess
from moneyrocket.tests.wallet.fake_chain import FakeChain
from moneyrocket.wallet.desktop.wallets_interface import DesktopWallets
from moneyrocket.wallet.manager import WalletManager

REGTEST = chain_params("regtest")
FOREIGN = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
COIN = 100_000_000
ECONOMIC = FeeChoice(fee_rate=2000)


class Recorder(WalletNotifications):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.told: list[Any] = []

    def _tell(self, what: Any) -> None:
        with self.condition:
            self.told.append(what)
            self.condition.notify_all()

    def wait_for(self, *wanted: Any) -> None:
        with self.condition:
            assert self.condition.wait_for(lambda: all(item in self.told for item in wanted), 10), self.told

    def transactions_changed(self, txids: list[bytes]) -> None:
        self._tell(tuple(txids))

    def balances_changed(self) -> None:
        self._tell("balances")

    def address_book_changed(self) -> None:
        self._tell("addresses")

    def status_changed(self) -> None:
        self._tell("status")

    def unloaded(self) -> None:
        self._tell("unloaded")


@pytest.fixture(autouse=True)
def early_clock(chain: FakeChain) -> Iterator[None]:
    clock.set_mock_time(chain.start_time)
    yield
    clock.set_mock_time(0)


@pytest.fixture
def wallets(process: WalletProcess) -> Wallets:
    assert process.start(fallbackfee="0.0002")
    assert process.loader is not None
    return process.loader.wallets()


@pytest.fixture
def wallet(wallets: Wallets) -> Wallet:
    return wallets.create(NewWallet("w")).wallet


def fund(chain: FakeChain, wallet: Wallet, blocks: int = 1, label: str = "mine") -> str:
    address = wallet.new_address(label, AddressType.BECH32)
    for _ in range(blocks):
        chain.mine(decode_address(address, REGTEST))
    for _ in range(100):
        chain.mine(b"\x51")
    return address


def pay(wallet: Wallet, *payments: Payment) -> bytes:
    prepared = wallet.prepare_payment([*payments], ECONOMIC, True)
    return wallet.commit_payment(prepared.tx, [*payments])


def failure_of(call: Callable[[], object]) -> WalletFailure:
    with pytest.raises(WalletRequestError) as caught:
        call()
    assert str(caught.value)
    return caught.value.failure


def test_wallets_are_made_closed_and_loaded_again(wallets: Wallets, chain: FakeChain) -> None:
    seen: queue.Queue[str] = queue.Queue()
    handler = wallets.handle_loaded(lambda wallet: seen.put(wallet.name()))
    made = wallets.create(NewWallet("a", load_on_startup=True))
    assert chain.settings["wallet"] == ["a"]
    assert [wallet.name() for wallet in wallets.loaded()] == ["a"]
    assert [(entry.name, entry.loaded) for entry in wallets.list_directory()] == [("a", True)]
    recorder = Recorder()
    made.wallet.handle_notifications(recorder)

    wallets.unload("a", False)

    recorder.wait_for("unloaded")
    assert chain.settings["wallet"] == []
    assert wallets.loaded() == []
    assert failure_of(made.wallet.info) is WalletFailure.UNLOADED
    assert failure_of(lambda: wallets.unload("a", False)) is WalletFailure.NOT_FOUND
    assert failure_of(lambda: wallets.create(NewWallet("a"))) is WalletFailure.ALREADY_EXISTS
    assert failure_of(lambda: wallets.load("b", False)) is WalletFailure.NOT_FOUND
    wallets.load("a", True)
    assert failure_of(lambda: wallets.load("a", True)) is WalletFailure.ALREADY_LOADED
    assert (seen.get(timeout=10), seen.get(timeout=10)) == ("a", "a")
    handler.disconnect()


def test_a_fresh_wallet(wallet: Wallet) -> None:
    info = wallet.info()

    assert (info.name, info.private_keys, info.encrypted, info.locked, info.can_receive) == (
        "w",
        True,
        False,
        False,
        True,
    )
    assert info.address_types == tuple(AddressType)
    assert info.default_address_type is AddressType.BECH32
    assert wallet.balances().total == 0
    assert wallet.transactions(TxQuery(), 0, 10).total == 0
    assert wallet.transaction(bytes(32)) is None


def test_history_of_what_was_mined_sent_and_received(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet, 2)
    own = wallet.new_address("own", AddressType.BECH32M)

    txid = pay(wallet, Payment(FOREIGN, 3 * COIN, label="shop"), Payment(own, 2 * COIN))

    page = wallet.transactions(TxQuery(), 0, 10)
    assert page.total == 5
    rows = {(row.type, row.label): row for row in page.rows if row.txid == txid}
    assert set(rows) == {(TxType.SENT, "shop"), (TxType.SENT, "own"), (TxType.RECEIVED, "own")}
    assert {row.status for row in rows.values()} == {TxStatus.UNCONFIRMED}
    details = wallet.transaction(txid)
    assert details is not None
    assert details.fee is not None
    assert sum(row.amount for row in rows.values()) == -3 * COIN - details.fee == details.credit - details.debit
    assert page.total_amount == 97 * COIN - details.fee == wallet.balances().available
    assert [out.change for out in details.outputs].count(True) == 1
    assert all(txin.mine and txin.amount == 50 * COIN for txin in details.inputs)
    assert details.raw == chain.mempool[txid].serialize()
    assert wallet.transaction_rows(txid).rows == details.rows

    chain.mine(b"\x51")

    assert {row.status for row in wallet.transaction_rows(txid).rows} == {TxStatus.CONFIRMING}
    mined = wallet.transactions(TxQuery(types=(TxType.MINED,)), 0, 10)
    assert {(row.status, row.amount) for row in mined.rows} == {(TxStatus.CONFIRMED, 50 * COIN)}


def test_history_is_searched_sorted_and_paged(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet, 1)
    txids = []
    for number in range(5):
        clock.set_mock_time(chain.start_time + 60_000 + number)
        txids.append(pay(wallet, Payment(FOREIGN, (number + 1) * COIN, label="Shop")))
        chain.mine(b"\x51")

    def found(query: TxQuery, offset: int = 0, count: int = 100) -> list[bytes]:
        return [row.txid for row in wallet.transactions(query, offset, count).rows]

    sent = TxQuery(types=(TxType.SENT,))
    assert found(sent) == txids[::-1]
    assert found(replace(sent, descending=False)) == txids
    assert found(sent, 1, 2) == txids[::-1][1:3]
    assert found(sent, 4, 2) == txids[:1]
    assert found(sent, 9, 2) == []
    assert found(replace(sent, sort=TxSort.AMOUNT)) == txids
    assert found(replace(sent, min_amount=4 * COIN)) == txids[:2:-1]
    assert found(TxQuery(text="SHOP")) == txids[::-1]
    assert found(TxQuery(text=hash_to_hex(txids[2])[3:20])) == [txids[2]]
    assert found(TxQuery(text=FOREIGN[:20].upper())) == txids[::-1]
    assert found(TxQuery(since=chain.start_time + 60_003)) == txids[:2:-1]
    assert found(TxQuery(types=(TxType.SENT,), until=chain.start_time + 60_001)) == [txids[0]]
    assert len(found(TxQuery(sort=TxSort.LABEL, descending=False))) == 6

    before = wallet.transactions(sent, 0, 1).revision
    wallet.set_label(FOREIGN, "Café")
    assert wallet.transactions(sent, 0, 1).revision > before
    assert found(TxQuery(text="shop")) == []
    assert found(TxQuery(text="CAFÉ")) == txids[::-1]


def test_watchers_are_told(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)
    recorder = Recorder()
    handler = wallet.handle_notifications(recorder)

    txid = pay(wallet, Payment(FOREIGN, COIN))
    recorder.wait_for((txid,), "balances")
    wallet.new_address("x", AddressType.LEGACY)
    recorder.wait_for("addresses")
    wallet.encrypt("secret")
    recorder.wait_for("status")
    handler.disconnect()
    recorder.told.clear()
    chain.mine(b"\x51")

    assert recorder.told == []


def test_a_preview_uses_nothing_up(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)
    payments = [Payment(FOREIGN, COIN)]

    first = wallet.prepare_payment(payments, ECONOMIC, False)
    second = wallet.prepare_payment(payments, ECONOMIC, False)

    assert {out.script_pubkey for out in first.tx.outputs} == {out.script_pubkey for out in second.tx.outputs}
    assert not first.signed
    assert (first.amount, first.inputs) == (COIN, 1)
    assert first.amount + first.change + first.fee == 50 * COIN
    assert first.fee_rate == 2000
    assert wallet.transactions(TxQuery(types=(TxType.SENT,)), 0, 1).total == 0

    other = wallet.prepare_payment([Payment(FOREIGN, 2 * COIN)], ECONOMIC, True)
    txid = wallet.commit_payment(second.tx, payments)

    assert abs(chain.mempool[txid].vsize - second.vsize) <= 1
    assert failure_of(lambda: wallet.commit_payment(other.tx, payments)) is WalletFailure.COINS_CHANGED
    third = wallet.prepare_payment(payments, ECONOMIC, True)
    assert wallet.commit_payment(third.tx, []) == wallet.commit_payment(third.tx, [])
    changes = {out.script_pubkey for tx in (second.tx, third.tx) for out in tx.outputs if out.value not in (COIN,)}
    assert len(changes) == 2


def test_subtracted_fees_and_estimates(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)

    prepared = wallet.prepare_payment([Payment(FOREIGN, 50 * COIN, subtract_fee=True)], ECONOMIC, True)
    rate = wallet.fee_rate(FeeChoice(conf_target=6))

    assert (prepared.amount, prepared.change) == (50 * COIN - prepared.fee, 0)
    assert (rate.rate, rate.from_fallback, rate.required) == (20_000, True, 1000)


def test_payments_that_cannot_be_made(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)

    def kind(payment: Payment, fee: FeeChoice = ECONOMIC) -> WalletFailure:
        return failure_of(lambda: wallet.prepare_payment([payment], fee, False))

    assert kind(Payment("nonsense", COIN)) is WalletFailure.BAD_ADDRESS
    assert kind(Payment(FOREIGN, 0)) is WalletFailure.BAD_AMOUNT
    assert kind(Payment(FOREIGN, 1)) is WalletFailure.BAD_AMOUNT
    assert kind(Payment(FOREIGN, 51 * COIN)) is WalletFailure.INSUFFICIENT_FUNDS
    assert kind(Payment(FOREIGN, 50 * COIN)) is WalletFailure.INSUFFICIENT_FUNDS
    assert kind(Payment(FOREIGN, COIN), FeeChoice(fee_rate=1)) is WalletFailure.FEE


def test_passphrase(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)
    wallet.encrypt("old")
    fund(chain, wallet)
    payments = [Payment(FOREIGN, COIN)]

    assert wallet.info().locked
    prepared = wallet.prepare_payment(payments, ECONOMIC, False)
    assert failure_of(lambda: wallet.prepare_payment(payments, ECONOMIC, True)) is WalletFailure.LOCKED
    assert failure_of(lambda: wallet.commit_payment(prepared.tx, payments)) is WalletFailure.LOCKED
    assert failure_of(lambda: wallet.unlock("wrong", 0)) is WalletFailure.WRONG_PASSPHRASE
    assert failure_of(lambda: wallet.change_passphrase("wrong", "new")) is WalletFailure.WRONG_PASSPHRASE
    wallet.change_passphrase("old", "new")
    wallet.unlock("new", 0)
    assert (wallet.info().locked, wallet.info().unlocked_until) == (False, 0)
    assert wallet.commit_payment(prepared.tx, payments) in chain.mempool
    wallet.lock()
    assert wallet.info().locked
    wallet.unlock("new", 60)
    assert wallet.info().unlocked_until == clock.now() + 60
    assert failure_of(lambda: wallet.encrypt("again")) is WalletFailure.OTHER


def test_address_book(wallet: Wallet) -> None:
    own = wallet.new_address("Rent", AddressType.BECH32)
    wallet.set_label(FOREIGN, "shop")

    assert wallet.address_info(FOREIGN).label == "shop"
    assert wallet.address_info(own).mine
    assert not wallet.address_info("x").valid
    assert [entry.label for entry in wallet.addresses(AddressPurpose.SEND, "", 0, 10).entries] == ["shop"]
    assert [entry.address for entry in wallet.addresses(AddressPurpose.RECEIVE, "rEnT", 0, 10).entries] == [own]
    assert wallet.addresses(AddressPurpose.RECEIVE, "rEnT", 1, 10).entries == ()
    assert wallet.remove_address(FOREIGN)
    assert not wallet.remove_address(own)
    assert wallet.addresses(AddressPurpose.SEND, "", 0, 10).total == 0
    assert failure_of(lambda: wallet.set_label("x", "y")) is WalletFailure.BAD_ADDRESS


def test_receive_requests_survive(wallets: Wallets, wallet: Wallet) -> None:
    address = wallet.new_address("a", AddressType.BECH32)
    first = wallet.add_receive_request(ReceiveRequest(0, 0, address, "a", "for lunch", 5))
    second = wallet.add_receive_request(ReceiveRequest(0, 0, address, "a", "", None))
    assert (first.id, second.id, first.time) == (1, 2, clock.now())

    wallets.unload("w", False)
    again = wallets.load("w", False).wallet

    assert again.receive_requests() == [second, first]
    assert again.remove_receive_request(1)
    assert not again.remove_receive_request(1)
    assert again.receive_requests() == [second]


def test_backup_and_restore(wallets: Wallets, wallet: Wallet, tmp_path: Any) -> None:
    address = wallet.new_address("a", AddressType.BECH32)
    wallet.backup(str(tmp_path / "copy"))

    restored = wallets.restore("r", str(tmp_path / "copy"), False).wallet

    assert restored.address_info(address).mine
    assert failure_of(lambda: wallet.backup(str(tmp_path / "no" / "where"))) is WalletFailure.OTHER
    assert failure_of(lambda: wallets.restore("s", str(tmp_path / "none"), False)) is WalletFailure.NOT_FOUND


def test_abandon(chain: FakeChain, wallet: Wallet) -> None:
    fund(chain, wallet)
    txid = pay(wallet, Payment(FOREIGN, COIN))
    assert not wallet.abandon(txid)

    chain.evict(chain.mempool[txid])

    assert wallet.transaction_rows(txid).rows[0].status is TxStatus.OFFLINE
    assert wallet.abandon(txid)
    details = wallet.transaction(txid)
    assert details is not None
    assert (details.status, details.can_abandon) == (TxStatus.ABANDONED, False)


def test_who_asks_at_the_same_time_gets_the_same_wallets(
    process: WalletProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert process.start()
    assert process.loader is not None
    both_make_one = threading.Barrier(2)
    made = DesktopWallets.__init__

    def slow(self: DesktopWallets, manager: WalletManager) -> None:
        with suppress(threading.BrokenBarrierError):
            both_make_one.wait(0.5)
        made(self, manager)

    monkeypatch.setattr(DesktopWallets, "__init__", slow)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(process.loader.wallets) for _ in range(2)]
    first, second = (each.result() for each in asked)

    assert first is second
