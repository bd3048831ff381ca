"""What every page needs to know of the rest of the program."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from moneyrocket.gui.node_monitor import NodeMonitor
from moneyrocket.gui.preferences import Preferences
from moneyrocket.gui.session import Session
from moneyrocket.gui.style.theme import Theme
from moneyrocket.gui.workers import Worker


class Context(QObject):
    """The parts that pages share.

    Args:
        session: The node and its wallets.
        monitor: The node's latest numbers.
        preferences: What the user chose.
        theme: The look.
        files: A worker for files and for computing.
        parent: Qt parent.

    Signals:
        page_wanted: Another page should be shown: its name.
        pay_wanted: The send page should be shown with this `PaymentUri` filled in.
        action_wanted: A wallet should be made or opened: the name of the action.
        told: A short message for the user, and the tone it is said in.
    """

    page_wanted = Signal(str)
    pay_wanted = Signal(object)
    action_wanted = Signal(str)
    told = Signal(str, object)

    def __init__(
        self,
        session: Session,
        monitor: NodeMonitor,
        preferences: Preferences,
        theme: Theme,
        files: Worker,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.monitor = monitor
        self.preferences = preferences
        self.theme = theme
        self.files = files
