"""What a user of a desktop program sees and does, as steps for `desktop_driver`."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from moneyrocket.gui.dialogs.confirm_payment import ConfirmPaymentDialog
from moneyrocket.gui.dialogs.create_wallet import CreateWalletDialog
from moneyrocket.gui.main_window import MainWindow
from moneyrocket.gui.pages.console_page import ConsolePage
from moneyrocket.gui.pages.overview_page import OverviewPage
from moneyrocket.gui.pages.receive_page import ReceivePage
from moneyrocket.gui.pages.send_page import SendPage
from moneyrocket.gui.pages.transactions_page import TransactionsPage
from moneyrocket.gui.wallet_session import WalletSession

Found = TypeVar("Found")
Shown = TypeVar("Shown", bound=QWidget)
Waiting = tuple[str, Callable[[], object]]
"""What is waited for: in words, and whether it has come."""
Steps = Generator[Waiting, None, Found]
Flow = Callable[[MainWindow], Steps[None]]

MATURE = 101
"""Blocks until the first one's reward can be spent."""


def step(name: str, **facts: str) -> None:
    """Tell that a step was reached."""
    print(json.dumps({"step": name, **facts}), flush=True)


# Hands and eyes


def found(kind: type[Shown]) -> Shown | None:
    """The visible window or dialog of a kind."""
    return next((each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()), None)


def appears(kind: type[Shown]) -> Steps[Shown]:
    """Wait for a window or dialog."""
    yield f"a {kind.__name__}", lambda: found(kind)
    widget = found(kind)
    assert widget is not None
    return widget


def click(button: QAbstractButton) -> Steps[None]:
    """Click a button as soon as it can be."""
    yield f"the button {button.text()!r}", lambda: button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def fill(field: QLineEdit, text: str) -> Steps[None]:
    """Type into an empty field."""
    yield f"the field {field.accessibleName()!r}", lambda: field.isVisible() and field.isEnabled()
    QTest.keyClicks(field, text)
    assert field.text() == text, field.text()


def page(window: MainWindow, name: str, kind: type[Shown]) -> Steps[Shown]:
    """Go to a page by the navigation."""
    yield from click(window.sidebar.buttons[name])
    yield f"the page {name}", lambda: isinstance(window.stack.currentWidget(), kind)
    shown = window.stack.currentWidget()
    assert isinstance(shown, kind)
    return shown


# What a user does


def create_wallet(window: MainWindow, name: str) -> Steps[None]:
    """Create a wallet without a passphrase, beginning at the first page."""
    yield from click(window.start.create_button)
    dialog = yield from appears(CreateWalletDialog)
    yield from fill(dialog.name, name)
    yield from click(dialog.encrypt)
    yield from click(dialog.create_button)
    yield "the new wallet", lambda: window.wallet is not None and window.sidebar.wallets.currentText() == name
    yield "no dialog", lambda: found(CreateWalletDialog) is None
    step("created")


def receive(window: MainWindow) -> Steps[str]:
    """Create an address; returns it."""
    receiving = yield from page(window, "receive", ReceivePage)
    before = receiving.card.address.text()
    yield from click(receiving.create_button)
    yield "a new address", lambda: receiving.card.isVisible() and receiving.card.address.text() != before
    return receiving.card.address.text()


def mine(window: MainWindow, blocks: int, address: str) -> Steps[None]:
    """Mine blocks with the console."""
    console = yield from page(window, "console", ConsolePage)
    before = console.output.toPlainText()
    yield from fill(console.line, f"generatetoaddress {blocks} {address}")
    QTest.keyClick(console.line, Qt.Key.Key_Return)
    hashes = 64 * blocks
    yield "the blocks' hashes", lambda: len(console.output.toPlainText()) > len(before) + hashes


def balance(window: MainWindow, accept: Callable[[str], bool]) -> Steps[str]:
    """Wait until the overview shows a balance; returns it."""
    overview = yield from page(window, "overview", OverviewPage)
    yield "the balance", lambda: accept(overview.available.text())
    return overview.available.text()


def pay(window: MainWindow, address: str, amount: str, label: str) -> Steps[None]:
    """Fill the form, review, confirm."""
    sending = yield from page(window, "send", SendPage)
    form = sending.forms[0]
    yield from fill(form.address, address)
    yield from fill(form.amount.field, amount)
    yield from fill(form.label_field, label)
    yield from click(sending.review)
    dialog = yield from appears(ConfirmPaymentDialog)
    yield from click(dialog.send)
    yield "the payment sent", lambda: sending.banner.isVisible() and sending.banner.text.text().startswith("Sent.")
    assert sending.forms[0].is_blank()


def listed(window: MainWindow, label: str, status: str) -> Steps[str]:
    """Search the history for a payment to oneself; returns the amounts that it paid and received."""
    history = yield from page(window, "transactions", TransactionsPage)
    if not history.filter.text.text():
        yield from fill(history.filter.text, label)
    model = history.model

    def cells(column: int) -> list[str]:
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    yield "the payment and nothing else", lambda: cells(2) == [label, label]
    yield f"its status {status!r}", lambda: cells(3) == [status, status]
    return " ".join(sorted(cells(4)))


def another_wallet(window: MainWindow, old: WalletSession | None, name: str) -> Steps[None]:
    """Wait until a wallet is there anew, after the loss of its process."""
    yield (
        "the wallet anew",
        lambda: window.wallet not in (None, old) and window.sidebar.wallets.currentText() == name,
    )


def next_block(window: MainWindow, before: str) -> Steps[None]:
    """Wait until the window shows another block than before."""
    yield (
        "another block",
        lambda: window.status.text.text().startswith("Block ") and window.status.text.text() != before,
    )


def welcome(window: MainWindow) -> Steps[None]:
    """A first start: no wallet yet, and the offer to create one."""
    yield "the offer to create a wallet", lambda: window.start.create_button.isVisible()
    assert window.sidebar.wallets.currentText() == "No wallet"
    step("welcome")
