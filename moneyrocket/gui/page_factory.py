"""Makes pages when they are first shown: what is not looked at costs no time at the start."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.wallet_session import WalletSession


def make_page(name: str, context: Context, wallet: WalletSession | None) -> QWidget:
    """Make a page.

    Args:
        name: Which one.
        context: The parts of the program.
        wallet: The wallet that it is about; pages of the node need none.
    """
    if wallet is not None:
        page = _wallet_page(name, context, wallet)
        if page is not None:
            return page
    return _node_page(name, context)


def _wallet_page(name: str, context: Context, wallet: WalletSession) -> QWidget | None:
    if name == "overview":
        from moneyrocket.gui.pages.overview_page import OverviewPage

        return OverviewPage(context, wallet)
    if name == "send":
        from moneyrocket.gui.pages.send_page import SendPage

        return SendPage(context, wallet)
    if name == "receive":
        from moneyrocket.gui.pages.receive_page import ReceivePage

        return ReceivePage(context, wallet)
    if name == "transactions":
        from moneyrocket.gui.pages.transactions_page import TransactionsPage

        return TransactionsPage(context, wallet)
    if name == "addresses":
        from moneyrocket.gui.pages.address_book_page import AddressBookPage

        return AddressBookPage(context, wallet)
    return None


def _node_page(name: str, context: Context) -> QWidget:
    if name == "peers":
        from moneyrocket.gui.pages.peers_page import PeersPage

        return PeersPage(context)
    if name == "network":
        from moneyrocket.gui.pages.network_page import NetworkPage

        return NetworkPage(context)
    if name == "mempool":
        from moneyrocket.gui.pages.mempool_page import MempoolPage

        return MempoolPage(context)
    if name == "console":
        from moneyrocket.gui.pages.console_page import ConsolePage

        return ConsolePage(context)
    if name == "processes":
        from moneyrocket.gui.pages.process_page import ProcessPage

        return ProcessPage(context)
    raise ValueError(f"there is no page {name}")
