"""Finding the pages of a running program."""

from __future__ import annotations

from typing import TypeVar

from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.wallet_session import WalletSession

Page = TypeVar("Page")


def open_page(desktop: Desktop, name: str, kind: type[Page]) -> Page:
    """Show a page, as its shortcut does."""
    desktop.window.go_to(name)
    page = desktop.window.stack.currentWidget()
    assert isinstance(page, kind)
    return page


def known(qtbot: QtBot, desktop: Desktop) -> WalletSession:
    """Returns the first wallet once everything of it is known."""
    session = desktop.session.open_wallets[0]
    qtbot.waitUntil(lambda: session.info is not None and session.balances is not None)
    return session
