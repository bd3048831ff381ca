"""What node and wallets tell on threads of their own, as Qt signals on the GUI's."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from moneyrocket.gui.mailbox import Mailbox, Outbox
from moneyrocket.interfaces.node import LogSink, NodeNotifications, NodeSourceEvents
from moneyrocket.interfaces.node_values import BlockTip, HeaderTip, MessageKind
from moneyrocket.interfaces.wallet import Wallet, WalletNotifications


class _Events(QObject):
    """Emits the signals whose names and values arrive by mail."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._mailbox = Mailbox(self._emit, self)

    def _emit(self, told: tuple[str, tuple[object, ...]]) -> None:
        name, values = told
        getattr(self, name).emit(*values)


class _Teller:
    """The end that other threads call; knows nothing of Qt, so that it may be dropped on any of them."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def _tell(self, name: str, *values: object) -> None:
        self._outbox.post([(name, values)])


class NodeEvents(_Events):
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
        self.receiver: NodeNotifications = _NodeReceiver(self._mailbox.outbox)


class _NodeReceiver(_Teller, NodeNotifications):
    def init_message(self, message: str) -> None:
        self._tell("init_message", message)

    def message(self, kind: MessageKind, text: str) -> None:
        self._tell("message", kind, text)

    def progress(self, title: str, percent: int, resume_possible: bool) -> None:
        self._tell("progress", title, percent)

    def block_tip(self, tip: BlockTip) -> None:
        self._tell("block_tip", tip)

    def header_tip(self, tip: HeaderTip) -> None:
        self._tell("header_tip", tip)

    def connections(self, inbound: int, outbound: int) -> None:
        self._tell("connections", inbound, outbound)

    def network_active(self, active: bool) -> None:
        self._tell("network_active", active)

    def banned_list_changed(self) -> None:
        self._tell("banned_list_changed")

    def warnings_changed(self) -> None:
        self._tell("warnings_changed")

    def wallets_ready(self) -> None:
        self._tell("wallets_ready")

    def wallets_lost(self) -> None:
        self._tell("wallets_lost")

    def shutdown_requested(self) -> None:
        self._tell("shutdown_requested")


class SourceEvents(_Events):
    """What the source of the node tells, and wallets that somebody loaded."""

    lost = Signal(str)
    quit_requested = Signal()
    wallet_loaded = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver = SourceReceiver(self._mailbox.outbox)


class SourceReceiver(_Teller, NodeSourceEvents):
    """Takes the events of a node's source, and wallets."""

    def lost(self, message: str) -> None:
        """Pass it on."""
        self._tell("lost", message)

    def quit_requested(self) -> None:
        """Pass it on."""
        self._tell("quit_requested")

    def wallet_loaded(self, wallet: Wallet) -> None:
        """Pass it on."""
        self._tell("wallet_loaded", wallet)


class WalletEvents(_Events):
    """A wallet's notifications; the names are those of `WalletNotifications`."""

    transactions_changed = Signal(object)
    balances_changed = Signal()
    address_book_changed = Signal()
    status_changed = Signal()
    unloaded = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver: WalletNotifications = _WalletReceiver(self._mailbox.outbox)


class _WalletReceiver(_Teller, WalletNotifications):
    def transactions_changed(self, txids: list[bytes]) -> None:
        self._tell("transactions_changed", txids)

    def balances_changed(self) -> None:
        self._tell("balances_changed")

    def address_book_changed(self) -> None:
        self._tell("address_book_changed")

    def status_changed(self) -> None:
        self._tell("status_changed")

    def unloaded(self) -> None:
        self._tell("unloaded")


class LogEvents(_Events):
    """Log lines."""

    arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.receiver: LogSink = _LogReceiver(self._mailbox.outbox)


class _LogReceiver(_Teller, LogSink):
    def lines(self, lines: list[str]) -> None:
        self._tell("arrived", lines)
