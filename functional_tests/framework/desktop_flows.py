"""Flows through the widgets of a desktop program whose node is its own."""

from __future__ import annotations

from functional_tests.framework.desktop_user import (
    MATURE,
    Flow,
    Steps,
    another_wallet,
    balance,
    create_wallet,
    listed,
    mine,
    pay,
    receive,
    step,
    welcome,
)
from moneyrocket.gui.main_window import MainWindow


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


FLOWS: dict[str, Flow] = {
    "close": flow_close,
    "first": flow_first,
    "again": flow_again,
    "kills": flow_kills,
}
