"""Flows through the widgets of a desktop program whose node runs on its own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from functional_tests.framework.desktop_user import (
    MATURE,
    Flow,
    Steps,
    another_wallet,
    balance,
    create_wallet,
    fill,
    listed,
    next_block,
    page,
    pay,
    receive,
    step,
    welcome,
)
from moneyrocket.gui.main_window import MainWindow
from moneyrocket.gui.pages.console_page import ConsolePage


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


def flow_watch(window: MainWindow) -> Steps[None]:
    """Whatever happens, what the window shows is told, until the program is ended."""
    shown = ("", "")
    while True:
        wallets = window.sidebar.wallets
        names = " ".join(wallets.itemText(place) for place in range(wallets.count()) if wallets.isEnabled())
        text = window.status.text.text()
        now = ("".join(filter(str.isdigit, text)) if text.startswith("Block ") else "", names)
        if now != shown:
            shown = now
            step("shown", height=now[0], wallets=now[1])
        yield "the next look", lambda: True


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


FLOWS: dict[str, Flow] = {
    "attached": flow_attached,
    "beside": flow_beside,
    "returns": flow_returns,
    "waits": flow_waits,
    "gives_up": flow_gives_up,
    "refused": flow_refused,
    "killed": flow_killed,
    "look": flow_look,
    "until_a_block": flow_until_a_block,
    "watch": flow_watch,
    "without_node": flow_without_node,
}
