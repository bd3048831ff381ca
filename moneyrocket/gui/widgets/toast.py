"""Short messages that come up over the window, and go by themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.basics import Banner

SHOWN_MS = 6000
MARGIN = 16


class Toast(Banner):
    """One message at the lower edge of a window. A newer one takes its place.

    Args:
        window: Over what it is shown.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(parent=window)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._away = QTimer(self)
        self._away.setSingleShot(True)
        self._away.setInterval(SHOWN_MS)
        self._away.timeout.connect(self.hide)
        self.action.clicked.connect(self.hide)
        window.installEventFilter(self)

    def tell(self, text: str, tone: Tone = Tone.ACCENT) -> None:
        """Show a message for a while."""
        self.say(text, tone, self.tr("Dismiss"))
        self._place()
        self.raise_()
        self._away.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay at the edge of the window."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        width = min(560, window.width() - 2 * MARGIN)
        self.setFixedWidth(width)
        self.setFixedHeight(max(44, self.heightForWidth(width)))
        left = MARGIN if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else window.width() - width - MARGIN
        self.move(left, window.height() - self.height() - 44)
