"""Addresses and hashes: of fixed width, shortened in the middle, copied by a button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from moneyrocket.gui.style.theme import base_size, set_icon
from moneyrocket.gui.widgets.basics import icon_button, mono_font

COPIED_MS = 1500


def shorten(text: str, ends: int = 8) -> str:
    """Leave out the middle: what people compare are the ends."""
    return text if len(text) <= 2 * ends + 1 else f"{text[:ends]}\u2026{text[-ends:]}"


def copy_button(name: str) -> QToolButton:
    """Make a button that copies; connect its ``clicked`` to `confirm_copy`."""
    return icon_button("copy", name)


def confirm_copy(pressed: QToolButton, text: str) -> None:
    """Copy ``text``, and show a tick on the button for a moment."""
    QGuiApplication.clipboard().setText(text)
    set_icon(pressed, "check")
    QTimer.singleShot(COPIED_MS, pressed, lambda: set_icon(pressed, "copy"))


class ElidedText(QWidget):
    """Text of fixed width that leaves out its middle when there is no room; the whole is its tool tip."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """Returns the whole text."""
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - as Qt's labels have it
        """Show another text."""
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for all of it."""
        metrics = QFontMetrics(mono_font(base_size(QApplication.font())))
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for both ends."""
        metrics = QFontMetrics(mono_font(base_size(QApplication.font())))
        return QSize(min(self.sizeHint().width(), metrics.horizontalAdvance("0") * 15), metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it at the leading edge."""
        painter = QPainter(self)
        painter.setFont(mono_font(base_size(QApplication.font())))
        painter.setPen(self.palette().windowText().color())
        shown = painter.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading), shown)


class CopyableText(QWidget):
    """An address or hash, and the button that copies it."""

    def __init__(self, text: str = "", what: str = "") -> None:
        super().__init__()
        self.label = ElidedText(text)
        self.copy = copy_button(what or self.tr("Copy"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label, 0)
        row.addWidget(self.copy)
        row.addStretch(1)
        self.copy.clicked.connect(lambda: confirm_copy(self.copy, self.label.text()))

    def setText(self, text: str) -> None:  # noqa: N802 - as Qt's labels have it
        """Show another text."""
        self.label.setText(text)
