"""Uses a desktop program as a user would: clicks, types, reads what the widgets show.

Not imported but run, by the interpreter of a build, in place of the program's launcher:
``python -I desktop_driver.py EXECUTABLE FLOW SECONDS OPTION...``. It prints one JSON object a line for each step
reached, and ends the process with status 1 after one with ``failed`` in it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer
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

LOOK_MS = 20
"""How often a condition is looked at."""
MATURE = 101
"""Blocks until the first one's reward can be spent."""

Found = TypeVar("Found")
Shown = TypeVar("Shown", bound=QWidget)
Waiting = tuple[str, Callable[[], object]]
"""What is waited for: in words, and whether it has come."""
Steps = Generator[Waiting, None, Found]


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


# Flows


def welcome(window: MainWindow) -> Steps[None]:
    """A first start: no wallet yet, and the offer to create one."""
    yield "the offer to create a wallet", lambda: window.start.create_button.isVisible()
    assert window.sidebar.wallets.currentText() == "No wallet"
    step("welcome")


def flow_close(window: MainWindow) -> Steps[None]:
    """Look, and leave."""
    yield from welcome(window)


def flow_first(window: MainWindow) -> Steps[None]:
    """From the first start to a payment with a confirmation."""
    yield from welcome(window)
    yield from create_wallet(window, "w")
    address = yield from receive(window)
    step("address", address=address)
    yield from mine(window, MATURE, address)
    shown = yield from balance(window, lambda text: text == "50.00000000 BTC")
    step("mined", balance=shown)
    other = yield from receive(window)
    assert other != address
    yield from pay(window, other, "1", "Rent")
    amount = yield from listed(window, "Rent", "Unconfirmed")
    step("paid", amount=amount)
    yield from mine(window, 1, address)
    yield from listed(window, "Rent", "Confirming (1 of 6)")
    shown = yield from balance(window, lambda text: text.startswith("99.99"))
    step("confirmed", balance=shown, amount=amount)


def flow_again(window: MainWindow) -> Steps[None]:
    """A later start: everything is still there."""
    yield "the wallet", lambda: window.wallet is not None and window.sidebar.wallets.currentText() == "w"
    amount = yield from listed(window, "Rent", "Confirming (1 of 6)")
    shown = yield from balance(window, lambda text: text.startswith("99.99"))
    step("again", balance=shown, amount=amount)


def flow_kills(window: MainWindow) -> Steps[None]:
    """Somebody else kills the processes behind the window at each step that is told."""
    yield from welcome(window)
    yield from create_wallet(window, "w")
    addresses = set()
    for lost in ("wallet", "node"):
        addresses.add((yield from receive(window)))
        old = window.wallet
        step(f"kill {lost}")
        yield from another_wallet(window, old, "w")
        yield "no notice", lambda: not window.node_banner.isVisible() and not window.wallet_banner.isVisible()
        addresses.add((yield from receive(window)))
        step(f"{lost} back")
    assert len(addresses) == 4, addresses


def flow_attached(window: MainWindow) -> Steps[None]:
    """From no wallet to a payment with a confirmation, while somebody else mines."""
    yield from welcome(window)
    yield from create_wallet(window, "w")
    address = yield from receive(window)
    step("address", address=address)
    shown = yield from balance(window, lambda text: text == "50.00000000 BTC")
    yield "the block", lambda: window.status.text.text() == f"Block {MATURE}"
    step("mined", balance=shown)
    other = yield from receive(window)
    yield from pay(window, other, "1", "Rent")
    yield from listed(window, "Rent", "Unconfirmed")
    step("paid")
    yield from listed(window, "Rent", "Confirming (1 of 6)")
    step("confirmed")


def flow_beside(window: MainWindow) -> Steps[None]:
    """Another window over the same node, which only looks."""
    yield "the wallet of the other window", lambda: window.sidebar.wallets.currentText() == "w"
    step("beside")
    shown = yield from balance(window, lambda text: text == "50.00000000 BTC")
    step("mined", balance=shown)
    yield from listed(window, "Rent", "Confirming (1 of 6)")
    step("confirmed")


def flow_returns(window: MainWindow) -> Steps[None]:
    """The node goes and comes back twice; the wallet is used after each."""
    yield "the wallet", lambda: window.sidebar.wallets.currentText() == "w"
    for number in ("first", "second"):
        before = window.status.text.text()
        old = window.wallet
        yield from receive(window)
        step(f"{number} there", text=before)
        yield "the notice", lambda: window.node_banner.isVisible() and "is away" in window.node_banner.text.text()
        assert window.status.text.text() in ("The node is away", "Looking for the node\u2026"), (
            window.status.text.text()
        )
        step(f"{number} away", notice=window.node_banner.text.text())
        yield from another_wallet(window, old, "w")
        yield "no notice", lambda: not window.node_banner.isVisible()
        yield from next_block(window, before)
    yield from receive(window)
    step("back", text=window.status.text.text())


def flow_waits(window: MainWindow) -> Steps[None]:
    """The window is there before the node."""
    yield "the words", lambda: window.start.message.title.text() == "Waiting for the node"
    step("waiting", hint=window.start.message.hint.text())
    yield from welcome(window)


def flow_gives_up(window: MainWindow) -> Steps[None]:
    """The window is closed while it waits for the node."""
    yield "the words", lambda: window.start.message.title.text() == "Waiting for the node"
    step("waiting")


def flow_refused(window: MainWindow) -> Steps[None]:
    """The node is there, and cannot be used."""
    yield "the words", lambda: window.start.message.title.text() == "The node cannot be used"
    step("refused", hint=window.start.message.hint.text())


def flow_killed(window: MainWindow) -> Steps[None]:
    """Somebody else kills this program."""
    yield from welcome(window)
    yield from create_wallet(window, "w")
    step("killed")
    yield "to be killed", lambda: False


def flow_look(window: MainWindow) -> Steps[None]:
    """A wallet that somebody made is there, or comes."""
    yield "the wallet", lambda: window.sidebar.wallets.currentText() == "w"
    step("looked")


def flow_until_a_block(window: MainWindow) -> Steps[None]:
    """The window is closed as soon as somebody has mined."""
    yield "the block", lambda: window.status.text.text() == "Block 1"
    step("block")


def flow_without_node(window: MainWindow) -> Steps[None]:
    """A block, at which somebody takes the node away; then the window is closed."""
    yield from welcome(window)
    yield from create_wallet(window, "w")
    address = yield from receive(window)
    console = yield from page(window, "console", ConsolePage)
    yield from fill(console.line, f"generatetoaddress 1 {address}")
    QTest.keyClick(console.line, Qt.Key.Key_Return)
    yield "the notice", lambda: window.node_banner.isVisible() and "is away" in window.node_banner.text.text()
    step("away")


FLOWS: dict[str, Callable[[MainWindow], Steps[None]]] = {
    "close": flow_close,
    "first": flow_first,
    "again": flow_again,
    "kills": flow_kills,
    "attached": flow_attached,
    "beside": flow_beside,
    "returns": flow_returns,
    "waits": flow_waits,
    "gives_up": flow_gives_up,
    "refused": flow_refused,
    "killed": flow_killed,
    "look": flow_look,
    "until_a_block": flow_until_a_block,
    "without_node": flow_without_node,
}


def whole(flow: Callable[[MainWindow], Steps[None]]) -> Steps[None]:
    """A flow between the window's appearance and its end."""
    window = yield from appears(MainWindow)
    step("window", title=window.windowTitle())
    yield from flow(window)
    step("close")
    window.close()
    yield "the window's end", lambda: False


class Driver:
    """Takes the next step whenever what it waits for has come.

    Args:
        steps: The steps.
        limit: Seconds that one wait may take.
    """

    def __init__(self, steps: Steps[None], limit: float) -> None:
        self._steps = steps
        self._limit = limit
        self._timer = QTimer()
        self._timer.timeout.connect(self._look)
        self._waiting: Waiting = ("the event loop", lambda: True)
        self._deadline = time.monotonic() + limit
        self._timer.start(LOOK_MS)

    def _look(self) -> None:
        # An exception must not be lost in Qt, nor keep the program open.
        try:
            words, has_come = self._waiting
            if has_come():
                self._waiting = next(self._steps)
                self._deadline = time.monotonic() + self._limit
            elif time.monotonic() > self._deadline:
                fail(f"{words}: not within {self._limit:.0f} s\n{seen()}")
        except BaseException:
            fail(traceback.format_exc())


def seen() -> str:
    """What the window shows, for a report."""
    window = found(MainWindow)
    if window is None:
        return "no window"
    widgets = window.findChildren(QWidget)
    texts = [
        str(text()) for text in (getattr(each, "text", None) for each in widgets if each.isVisible()) if callable(text)
    ]
    return " | ".join(filter(None, texts))


def fail(reason: str) -> None:
    """Tell why it went no further, and end at once."""
    print(json.dumps({"failed": reason}), flush=True)
    os._exit(1)


def drive(flow: str, limit: float) -> None:
    """Let the steps begin with the event loop."""
    run_loop = QApplication.exec

    def run_driven() -> int:
        driver = Driver(whole(FLOWS[flow]), limit)
        status = run_loop()
        del driver
        return status

    QApplication.exec = staticmethod(run_driven)  # type: ignore[method-assign]


def main() -> int:
    """Run the program that the command line names."""
    executable, flow, limit, *options = sys.argv[1:]
    sys.argv = [executable, *options]
    drive(flow, float(limit))
    program = importlib.import_module("moneyrocket.init." + Path(executable).name.replace("-", "_"))
    status: int = program.main()
    return status


if __name__ == "__main__":
    sys.exit(main())
