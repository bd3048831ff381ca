"""The history: pages, filters, details, export, and speed."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from moneyrocket.gui import export
from moneyrocket.gui.application import Desktop
from moneyrocket.gui.dialogs.transaction_details import TransactionDialog
from moneyrocket.gui.models.paged import PAGE
from moneyrocket.gui.pages.transactions_page import TransactionsPage
from moneyrocket.interfaces.wallet_values import TxSort, TxStatus, TxType
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.sandbox.state import SandboxState
from moneyrocket.tests.gui.conftest import StartDesktop
from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallet, FakeWallets, history, txid
from moneyrocket.tests.gui.pages import open_page
from moneyrocket.tests.gui.sample import LABELS
from moneyrocket.tests.gui.stall_watch import StallWatch

MANY = 20_000
LONGEST_STALL = 0.1
ROUNDS = 3


def test_rows_are_fetched_where_one_looks(qtbot: QtBot, start: StartDesktop) -> None:
    wallet = FakeWallet("Busy", history(5 * PAGE, LABELS))
    desktop = start(FakeSource(FakeNode(FakeWallets([wallet]))))
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 5 * PAGE)
    asked = {offset for _, offset, count in wallet.queries if count == PAGE}
    assert asked == {0}
    page.table.scrollToBottom()
    last = page.model.index(5 * PAGE - 1, 0)
    qtbot.waitUntil(lambda: page.model.row(last) == wallet.rows[-1])
    assert {offset for _, offset, count in wallet.queries if count == PAGE} == {0, 4 * PAGE}


def test_filters_go_to_the_wallet(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(wallet.rows))
    page.filter.kinds.setCurrentIndex(2)
    sent = [row for row in wallet.rows if row.type is TxType.SENT]
    qtbot.waitUntil(lambda: page.model.rowCount() == len(sent))
    page.filter.minimum.setText("0.01")
    large = [row for row in sent if abs(row.amount) >= 1_000_000]
    qtbot.waitUntil(lambda: page.model.rowCount() == len(large))
    page.filter.text.setText("no such thing")
    qtbot.waitUntil(page.empty.isVisible)
    assert page.empty.title.text() == "Nothing found"
    page.filter.clear()
    qtbot.waitUntil(lambda: page.model.rowCount() == len(wallet.rows))


def test_headings_sort(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(wallet.rows))
    page.model.sort(4)
    smallest = min(wallet.rows, key=lambda row: row.amount)
    qtbot.waitUntil(lambda: page.model.row(page.model.index(0, 0)) == smallest)
    assert page.model.query.sort is TxSort.AMOUNT and not page.model.query.descending


def test_a_new_row_moves_the_chosen_one_down_and_keeps_it_chosen(
    qtbot: QtBot, desktop: Desktop, wallet: FakeWallet
) -> None:
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(wallet.rows))
    page.table.selectRow(2)
    chosen = page.table.current_row()
    new = replace(wallet.rows[0], txid=txid(99), label="New", amount=5)
    wallet.rows.insert(0, new)
    wallet.revision += 1
    wallet.tell(lambda listener: listener.transactions_changed([new.txid]))
    qtbot.waitUntil(lambda: page.model.row(page.model.index(0, 0)) == new)
    assert page.table.current_row() == chosen
    assert page.table.currentIndex().row() == 3


def test_details_follow_the_confirmations(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.row(page.model.index(0, 0)) is not None)
    page._open(page.model.index(0, 0))
    dialog = next(each for each in QApplication.topLevelWidgets() if isinstance(each, TransactionDialog))
    qtbot.waitUntil(lambda: dialog.status.text() == "Unconfirmed")
    wallet.rows[0] = replace(wallet.rows[0], status=TxStatus.CONFIRMING, confirmations=1)
    wallet.tell(lambda listener: listener.transactions_changed([wallet.rows[0].txid]))
    qtbot.waitUntil(lambda: dialog.status.text() == "Confirming (1 of 6)")
    dialog.reject()


def test_a_transaction_that_was_not_sent_can_be_abandoned(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    wallet.rows[0] = replace(wallet.rows[0], status=TxStatus.OFFLINE)
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.row(page.model.index(0, 0)) is not None)
    page._open(page.model.index(0, 0))
    dialog = next(each for each in QApplication.topLevelWidgets() if isinstance(each, TransactionDialog))
    qtbot.waitUntil(dialog.abandon.isVisible)
    dialog.abandon.click()
    qtbot.waitUntil(lambda: dialog.status.text() == "Abandoned")
    dialog.reject()


def test_what_is_listed_is_exported(qtbot: QtBot, start: StartDesktop, tmp_path: Path) -> None:
    wallet = FakeWallet("Busy", history(1200, LABELS))
    desktop = start(FakeSource(FakeNode(FakeWallets([wallet]))))
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1200)
    path = tmp_path / "out.csv"
    page.export_to(path)
    qtbot.waitUntil(path.exists)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1201
    assert rows[1][-1] == hash_to_hex(wallet.rows[0].txid)
    assert [entry.name for entry in tmp_path.glob("*.part")] == []


def test_a_folder_that_the_sandbox_forbids(
    qtbot: QtBot, start: StartDesktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "sandbox_state", lambda: SandboxState(enabled=True))
    open_path = Path.open

    def open_allowed(path: Path, *arguments: Any, **keywords: Any) -> Any:
        if path.parent == tmp_path:
            raise PermissionError
        return open_path(path, *arguments, **keywords)

    monkeypatch.setattr(Path, "open", open_allowed)
    desktop = start(FakeSource(FakeNode(FakeWallets([FakeWallet("Busy", history(3, LABELS))]))))
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    page.export_to(tmp_path / "out.csv")
    qtbot.waitUntil(lambda: f"-sandboxallow={tmp_path}" in page.banner.text.text())


def test_twenty_thousand_transactions_never_stall_the_window(qtbot: QtBot, start: StartDesktop) -> None:
    wallet = FakeWallet("Huge", history(MANY, LABELS))
    desktop = start(FakeSource(FakeNode(FakeWallets([wallet]))))
    page = open_page(desktop, "transactions", TransactionsPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == MANY)
    watch = StallWatch()
    stalls = {}
    for name, work in (("scroll", _scroll), ("filter", _filter), ("sort", _sort)):
        # Chance (a garbage collection of pytest's, a slow disk) strikes once; what the work costs it costs every time.
        longest = []
        for _ in range(ROUNDS):
            watch.begin()
            work(qtbot, page)
            longest.append(watch.end())
        stalls[name] = min(longest)
    print("longest stalls:", {name: f"{seconds * 1000:.0f} ms" for name, seconds in stalls.items()})
    assert max(stalls.values()) <= LONGEST_STALL, stalls


def _scroll(qtbot: QtBot, page: TransactionsPage) -> None:
    bar = page.table.verticalScrollBar()
    for part in range(21):
        bar.setValue(bar.maximum() * part // 20)
        row = page.table.rowAt(page.table.viewport().height() // 2)
        qtbot.waitUntil(partial(_is_there, page, row))
    bar.setValue(0)


def _is_there(page: TransactionsPage, row: int) -> bool:
    return page.model.row(page.model.index(row, 0)) is not None


def _filter(qtbot: QtBot, page: TransactionsPage) -> None:
    for text in ("r", "re", "rent"):
        page.filter.text.setText(text)
        with qtbot.waitSignal(page.model.loaded):
            pass
    assert 0 < page.model.rowCount() < MANY
    page.filter.text.clear()
    qtbot.waitUntil(lambda: page.model.rowCount() == MANY)


def _sort(qtbot: QtBot, page: TransactionsPage) -> None:
    for column in (4, 2, 0):
        with qtbot.waitSignal(page.model.loaded):
            page.model.sort(column)
