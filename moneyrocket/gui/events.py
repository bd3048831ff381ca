"""What node and wallets tell on threads of their own, as Qt signals on the GUI's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance

from moneyrocket.interfaces.node import LogSink, NodeNotifications, NodeSourceEvents
from moneyrocket.interfaces.node_values import BlockTip, HeaderTip, MessageKind
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications

if TYPE_CHECKING:
    from moneyrocket.gui.session import Session


def _tell(emit: Callable[..., None], *values: object) -> None:
    try:
        emit(*values)
    except RuntimeError:  # the Qt object went away between two notifications
        return


class NodeEvents(QObject):
    """The node's notifications; the names are those of `NodeNotifications`."""

    init_message = Signal(str)
    message = Signal(object, str)
    progress = Signal(str, int)
    block_tip = Signal(object)
    header_tip = Signal(object)
    connections = Signal(int, int)
    network_active = Signal(bool)
    banned_list_changed = Signal()
    warnings_changed = Signal()
    wallets_ready = Signal()
    wallets_lost = Signal()
    shutdown_requested = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver: NodeNotifications = _NodeReceiver(self)


class _NodeReceiver(NodeNotifications):
    def __init__(self, events: NodeEvents) -> None:
        self._events = events

    def init_message(self, message: str) -> None:
        _tell(self._events.init_message.emit, message)

    def message(self, kind: MessageKind, text: str) -> None:
        _tell(self._events.message.emit, kind, text)

    def progress(self, title: str, percent: int, resume_possible: bool) -> None:
        _tell(self._events.progress.emit, title, percent)

    def block_tip(self, tip: BlockTip) -> None:
        _tell(self._events.block_tip.emit, tip)

    def header_tip(self, tip: HeaderTip) -> None:
        _tell(self._events.header_tip.emit, tip)

    def connections(self, inbound: int, outbound: int) -> None:
        _tell(self._events.connections.emit, inbound, outbound)

    def network_active(self, active: bool) -> None:
        _tell(self._events.network_active.emit, active)

    def banned_list_changed(self) -> None:
        _tell(self._events.banned_list_changed.emit)

    def warnings_changed(self) -> None:
        _tell(self._events.warnings_changed.emit)

    def wallets_ready(self) -> None:
        _tell(self._events.wallets_ready.emit)

    def wallets_lost(self) -> None:
        _tell(self._events.wallets_lost.emit)

    def shutdown_requested(self) -> None:
        _tell(self._events.shutdown_requested.emit)


class SourceEvents(QObject):
    """What the source of the node tells, and wallets that somebody loaded."""

    lost = Signal(str)
    quit_requested = Signal()
    _wallet = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.receiver: NodeSourceEvents = _SourceReceiver(self)
        self._wallet.connect(session.wallet_loaded, Qt.ConnectionType.QueuedConnection)

    def wallet_loaded(self, wallet: Wallet) -> None:
        """Take a wallet, on whatever thread."""
        _tell(self._wallet.emit, wallet)


class _SourceReceiver(NodeSourceEvents):
    def __init__(self, events: SourceEvents) -> None:
        self._events = events

    def lost(self, message: str) -> None:
        _tell(self._events.lost.emit, message)

    def quit_requested(self) -> None:
        _tell(self._events.quit_requested.emit)


class WalletEvents(QObject):
    """A wallet's notifications; the names are those of `WalletNotifications`."""

    transactions_changed = Signal(object)
    balances_changed = Signal()
    address_book_changed = Signal()
    status_changed = Signal()
    unloaded = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver: WalletNotifications = _WalletReceiver(self)


class _WalletReceiver(WalletNotifications):
    def __init__(self, events: WalletEvents) -> None:
        self._events = events

    def transactions_changed(self, txids: list[bytes]) -> None:
        _tell(self._events.transactions_changed.emit, txids)

    def balances_changed(self) -> None:
        _tell(self._events.balances_changed.emit)

    def address_book_changed(self) -> None:
        _tell(self._events.address_book_changed.emit)

    def status_changed(self) -> None:
        _tell(self._events.status_changed.emit)

    def unloaded(self) -> None:
        _tell(self._events.unloaded.emit)


class LogEvents(QObject):
    """Log lines."""

    arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver: LogSink = _LogReceiver(self.arrived)


class _LogReceiver(LogSink):
    def __init__(self, arrived: SignalInstance) -> None:
        self._arrived = arrived

    def lines(self, lines: list[str]) -> None:
        _tell(self._arrived.emit, lines)
