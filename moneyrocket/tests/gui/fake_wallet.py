"""A wallet in plain Python that answers at once, or as slowly as a test wants."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace

from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.process import ProcessRole, ProcessStats
from moneyrocket.interfaces.wallet import LoadedWallet, Wallet, WalletNotifications, Wallets
from moneyrocket.interfaces.wallet_values import (
    MAX_PAGE,
    AddressEntry,
    AddressInfo,
    AddressPage,
    AddressPurpose,
    AddressType,
    FeeChoice,
    FeeRateInfo,
    NewWallet,
    Payment,
    PreparedPayment,
    ReceiveRequest,
    TxDetails,
    TxInputInfo,
    TxOutputInfo,
    TxPage,
    TxQuery,
    TxRow,
    TxSort,
    TxStatus,
    TxType,
    WalletBalances,
    WalletDirEntry,
    WalletFailure,
    WalletInfo,
    WalletRequestError,
)
from moneyrocket.primitives.hashes import hash256, hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction

NOW = 1_790_000_000
"""The time that the fakes live in."""
LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
RATE = 12_300
"""Estimated fee rate, sat/kvB."""


class FakeHandler(Handler):
    """Calls something when it is disconnected."""

    def __init__(self, over: Callable[[], object]) -> None:
        self._over = over

    def disconnect(self) -> None:
        """End the registration."""
        self._over()


def address(number: int, prefix: str = "bc1q") -> str:
    """Make up an address."""
    source = random.Random(number)
    return prefix + "".join(source.choice(LETTERS) for _ in range(38))


def txid(number: int) -> bytes:
    """Make up a txid."""
    return hash256(number.to_bytes(8, "little"))


def history(count: int, labels: tuple[str, ...], seed: int = 1) -> list[TxRow]:
    """Make up a history, newest first."""
    source = random.Random(seed)
    rows = []
    when = NOW - 240
    for place in range(count):
        kind = source.choices(
            (TxType.RECEIVED, TxType.SENT, TxType.MINED, TxType.INTERNAL), (10, 9, 0.4 if place > 5 else 0, 0.6)
        )[0]
        sats = int(10 ** source.uniform(3.5, 8.2)) if kind is not TxType.MINED else 312_500_000
        if source.random() < 0.4:
            sats = round(sats, -4) or 10_000
        status, confirmations = TxStatus.CONFIRMED, 6 + place * 3
        if place == 0:
            status, confirmations = TxStatus.UNCONFIRMED, 0
        elif place < 3:
            status, confirmations = TxStatus.CONFIRMING, place * 2
        elif source.random() < 0.004:
            status, confirmations = TxStatus.ABANDONED, 0
        own = -source.randrange(200, 9000)
        amount = own if kind is TxType.INTERNAL else -sats if kind is TxType.SENT else sats
        name = source.choice(labels) if source.random() < 0.7 and kind is not TxType.INTERNAL else ""
        rows.append(
            TxRow(txid(place + seed * 1_000_000), 0, kind, when, address(place), name, amount, status, confirmations)
        )
        when -= int(source.expovariate(1 / 40_000)) + 60
    return rows


class FakeWallet(Wallet):
    """A wallet whose members tests may change, followed by a call of `tell`.

    Args:
        name: Its name.
        rows: Its history, newest first.
    """

    def __init__(self, name: str = "Savings", rows: list[TxRow] | None = None) -> None:
        self._name = self.known_as = name
        self.rows = rows if rows is not None else []
        self.revision = 1
        self.balance = WalletBalances(184_502_137, 2_500_000, 0, 0)
        self.state = WalletInfo(
            name=name,
            path=f"/data/wallets/{name}/wallet.dat",
            private_keys=True,
            blank=False,
            encrypted=False,
            locked=False,
            unlocked_until=0,
            avoid_reuse=False,
            can_receive=True,
            address_types=tuple(AddressType),
            default_address_type=AddressType.BECH32,
            transactions=len(self.rows),
            height=900_000,
            scan_progress=None,
        )
        self.book: dict[str, AddressEntry] = {}
        self.requests: list[ReceiveRequest] = []
        self.passphrase = ""
        self.sent: list[list[Payment]] = []
        self.listeners: list[WalletNotifications] = []
        self.queries: list[tuple[TxQuery, int, int]] = []
        self.prepared: list[bool] = []
        self.gate = threading.Event()
        self.gate.set()
        self.process_gone = False
        """Calls wait while this is not set: a wallet that hangs."""

    def wait(self) -> None:
        """Hang if the test wants it."""
        if not self.gate.wait(30):
            raise ConnectionError("the wallet is gone")

    def tell(self, call: Callable[[WalletNotifications], None]) -> None:
        """Notify all subscribers from another thread, as a real wallet does."""
        listeners = list(self.listeners)

        def run() -> None:
            for listener in listeners:
                call(listener)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    def name(self) -> str:
        if self.process_gone:
            raise ConnectionError("the wallet's process is gone")
        return self._name

    def info(self) -> WalletInfo:
        self.wait()
        return self.state

    def balances(self) -> WalletBalances:
        self.wait()
        return self.balance

    def handle_notifications(self, notifications: WalletNotifications) -> Handler:
        self.listeners.append(notifications)
        return FakeHandler(lambda: self.listeners.remove(notifications))

    def transactions(self, query: TxQuery, offset: int, count: int) -> TxPage:
        self.wait()
        self.queries.append((query, offset, count))
        rows = [row for row in self.rows if _matches(row, query)]
        if query.sort is not TxSort.TIME or not query.descending:
            rows.sort(key=_sort_key(query.sort), reverse=query.descending)
        found = tuple(rows[offset : offset + min(count, MAX_PAGE)])
        return TxPage(found, len(rows), sum(row.amount for row in rows), self.revision)

    def transaction_rows(self, txid: bytes) -> TxPage:
        rows = tuple(row for row in self.rows if row.txid == txid)
        return TxPage(rows, len(rows), sum(row.amount for row in rows), self.revision)

    def transaction(self, txid: bytes) -> TxDetails | None:
        self.wait()
        rows = self.transaction_rows(txid).rows
        if not rows:
            return None
        row = rows[0]
        sent = row.type in (TxType.SENT, TxType.INTERNAL)
        fee = 1_735 if sent else None
        change = 41_000_000
        debit = -row.amount + change if sent else 0
        mined = row.confirmations > 0
        outputs = [TxOutputInfo(row.address, row.label, abs(row.amount) - (fee or 0), not sent, False)]
        if sent:
            outputs.append(TxOutputInfo(address(77), "", change, True, True))
        return TxDetails(
            txid=row.txid,
            wtxid=hash256(row.txid),
            status=row.status,
            confirmations=row.confirmations,
            in_mempool=row.status is TxStatus.UNCONFIRMED,
            trusted=True,
            time=row.time,
            time_received=row.time,
            block_hash=hash256(row.txid + b"block") if mined else None,
            block_height=900_000 - row.confirmations + 1 if mined else -1,
            block_time=row.time if mined else 0,
            debit=debit,
            credit=change if sent else row.amount,
            fee=fee,
            rows=rows,
            inputs=(TxInputInfo(OutPoint(hash256(row.txid + b"in"), 0), address(78), debit if sent else None, sent),),
            outputs=tuple(outputs),
            size=222,
            vsize=141,
            comment="",
            comment_to="",
            replaces=None,
            replaced_by=None,
            conflicts=(),
            can_abandon=row.status is TxStatus.OFFLINE,
            raw=b"\x02\x00\x00\x00",
        )

    def abandon(self, txid: bytes) -> bool:
        for place, row in enumerate(self.rows):
            if row.txid == txid and row.status is TxStatus.OFFLINE:
                self.rows[place] = replace(row, status=TxStatus.ABANDONED)
                return True
        return False

    def new_address(self, label: str, kind: AddressType) -> str:
        self.wait()
        if not self.state.can_receive:
            raise WalletRequestError(WalletFailure.NO_KEYS, "This wallet has no available keys")
        prefix = {AddressType.BECH32: "bc1q", AddressType.BECH32M: "bc1p"}.get(kind, "3")
        made = address(5000 + len(self.book), prefix)
        self.book[made] = AddressEntry(made, label, AddressPurpose.RECEIVE)
        return made

    def address_info(self, address: str) -> AddressInfo:
        self.wait()
        valid = address.startswith(("bc1", "1", "3")) and len(address) > 25
        entry = self.book.get(address)
        mine = entry is not None and entry.purpose is AddressPurpose.RECEIVE
        return AddressInfo(
            valid, "" if valid else "Invalid or unsupported address", mine, entry.label if entry else None
        )

    def addresses(self, purpose: AddressPurpose, text: str, offset: int, count: int) -> AddressPage:
        self.wait()
        wanted = text.casefold()
        entries = [entry for entry in self.book.values() if entry.purpose is purpose]
        found = [entry for entry in entries if wanted in f"{entry.label} {entry.address}".casefold()]
        found.sort(key=lambda entry: (entry.label, entry.address))
        return AddressPage(tuple(found[offset : offset + count]), len(found))

    def set_label(self, address: str, label: str) -> None:
        if not self.address_info(address).valid:
            raise WalletRequestError(WalletFailure.BAD_ADDRESS, f"Invalid address: {address}")
        purpose = self.book[address].purpose if address in self.book else AddressPurpose.SEND
        self.book[address] = AddressEntry(address, label, purpose)
        self.tell(lambda listener: listener.address_book_changed())

    def remove_address(self, address: str) -> bool:
        return self.book.pop(address, None) is not None

    def receive_requests(self) -> list[ReceiveRequest]:
        self.wait()
        return sorted(self.requests, key=lambda request: -request.id)

    def add_receive_request(self, request: ReceiveRequest) -> ReceiveRequest:
        stored = replace(request, id=len(self.requests) + 1, time=NOW)
        self.requests.append(stored)
        return stored

    def remove_receive_request(self, request_id: int) -> bool:
        before = len(self.requests)
        self.requests = [request for request in self.requests if request.id != request_id]
        return len(self.requests) < before

    def fee_rate(self, fee: FeeChoice) -> FeeRateInfo:
        self.wait()
        if fee.fee_rate is not None:
            return FeeRateInfo(fee.fee_rate, "Custom fee rate", False, 1000)
        return FeeRateInfo(RATE * 12 // (4 + (fee.conf_target or 6)), "Half Target 60% Threshold", False, 1000)

    def prepare_payment(self, payments: list[Payment], fee: FeeChoice, sign: bool) -> PreparedPayment:
        self.wait()
        self.prepared.append(sign)
        if sign and self.state.locked:
            raise WalletRequestError(WalletFailure.LOCKED, "Please enter the wallet passphrase first")
        rate = self.fee_rate(fee).rate
        vsize = 110 + 31 * len(payments)
        cost = rate * vsize // 1000
        paid = sum(payment.amount for payment in payments)
        subtract = any(payment.subtract_fee for payment in payments)
        if paid + (0 if subtract else cost) > self.balance.available:
            raise WalletRequestError(WalletFailure.INSUFFICIENT_FUNDS, "Insufficient funds")
        if subtract:
            paid -= cost
        tx = Transaction(2, (), (), 0)
        change = self.balance.available - paid - cost
        return PreparedPayment(tx, sign, cost, rate, vsize, paid, change, 2, "Half Target 60% Threshold")

    def commit_payment(self, tx: Transaction, payments: list[Payment]) -> bytes:
        self.wait()
        self.sent.append(list(payments))
        return txid(len(self.sent))

    def encrypt(self, passphrase: str) -> None:
        self.passphrase = passphrase
        self.state = replace(self.state, encrypted=True, locked=True)

    def unlock(self, passphrase: str, seconds: int) -> None:
        if passphrase != self.passphrase:
            raise WalletRequestError(WalletFailure.WRONG_PASSPHRASE, "The passphrase is not correct.")
        self.state = replace(self.state, locked=False)

    def lock(self) -> None:
        self.state = replace(self.state, locked=self.state.encrypted)

    def change_passphrase(self, old: str, new: str) -> None:
        self.unlock(old, 0)
        self.passphrase = new

    def backup(self, path: str) -> None:
        with open(path, "wb") as file:  # noqa: PTH123 - the interface gives a text
            file.write(b"wallet")


class FakeWallets(Wallets):
    """A wallet component."""

    def __init__(self, wallets: list[FakeWallet] | None = None) -> None:
        self.open = wallets if wallets is not None else [FakeWallet()]
        self.known = {wallet.known_as: wallet for wallet in self.open}
        self.listeners: list[Callable[[Wallet], None]] = []

    def loaded(self) -> list[Wallet]:
        return list(self.open)

    def directory(self) -> str:
        return "/home/satoshi/.moneyrocket/wallets"

    def list_directory(self) -> list[WalletDirEntry]:
        names = {wallet.name() for wallet in self.open}
        return [WalletDirEntry(name, name in names, name.endswith("legacy")) for name in self.known]

    def create(self, wallet: NewWallet) -> LoadedWallet:
        if wallet.name in self.known:
            raise WalletRequestError(WalletFailure.ALREADY_EXISTS, f"Wallet {wallet.name} already exists.")
        made = FakeWallet(wallet.name)
        made.balance = WalletBalances(0, 0, 0, 0)
        if wallet.passphrase:
            made.encrypt(wallet.passphrase)
        self.known[wallet.name] = made
        return self.load(wallet.name, wallet.load_on_startup)

    def load(self, name: str, load_on_startup: bool | None) -> LoadedWallet:
        if name not in self.known:
            raise WalletRequestError(WalletFailure.NOT_FOUND, f"There is no wallet {name}.")
        wallet = self.known[name]
        self.open.append(wallet)
        for listener in list(self.listeners):
            listener(wallet)
        return LoadedWallet(wallet, ())

    def unload(self, name: str, load_on_startup: bool | None) -> None:
        for wallet in [wallet for wallet in self.open if wallet.name() == name]:
            self.open.remove(wallet)
            wallet.tell(lambda listener: listener.unloaded())

    def restore(self, name: str, backup: str, load_on_startup: bool | None) -> LoadedWallet:
        return self.create(NewWallet(name))

    def handle_loaded(self, loaded: Callable[[Wallet], None]) -> Handler:
        self.listeners.append(loaded)
        return FakeHandler(lambda: self.listeners.remove(loaded))

    def process_stats(self) -> ProcessStats:
        return ProcessStats(ProcessRole.WALLET, "moneyrocket-wallet", 4713, True, 0.0)


def _matches(row: TxRow, query: TxQuery) -> bool:
    if query.types and row.type not in query.types:
        return False
    if (query.since and row.time < query.since) or (query.until and row.time >= query.until):
        return False
    if abs(row.amount) < query.min_amount:
        return False
    text = query.text.casefold()
    return not text or text in f"{row.label} {row.address} {hash_to_hex(row.txid)}".casefold()


def _sort_key(sort: TxSort) -> Callable[[TxRow], int | str]:
    keys: dict[TxSort, Callable[[TxRow], int | str]] = {
        TxSort.TIME: lambda row: row.time,
        TxSort.TYPE: lambda row: int(row.type),
        TxSort.LABEL: lambda row: row.label or row.address,
        TxSort.AMOUNT: lambda row: row.amount,
    }
    return keys[sort]
