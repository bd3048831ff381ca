"""Addresses and hashes: of fixed width, shortened in the middle, copied by a button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from moneyrocket.gui.style.theme import base_size, set_icon
from moneyrocket.gui.widgets.basics import icon_button, mono_font

COPIED_MS = 1500


def shorten(text: str, ends: int = 8) -> str:
    """Leave out the middle: what people compare are the ends."""
    return text if len(text) <= 2 * ends + 1 else f"{text[:ends]}\u2026{text[-ends:]}"


def copy_button(name: str) -> QToolButton:
    """Make a button that copies; connect its ``clicked`` to `confirm_copy`."""
    return icon_button("copy", name)


def confirm_copy(pressed: QAbstractButton, text: str) -> None:
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


class GroupedText(QWidget):
    """An address in groups of four characters, over as many lines as it takes: what people compare by eye."""

    GROUP = 4

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """Returns the text, without spaces."""
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - as Qt's labels have it
        """Show another text."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(mono_font(base_size(QApplication.font()) * 1.05))

    def _columns(self, width: int) -> int:
        return max(1, width // (self._metrics().horizontalAdvance("0") * (self.GROUP + 1)))

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Narrower means higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Room for all lines."""
        groups = -(-len(self._text) // self.GROUP)
        return -(-groups // self._columns(width)) * (self._metrics().height() + 4)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for four groups in a line."""
        width = self._metrics().horizontalAdvance("0") * (self.GROUP + 1) * 4
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for three groups in a line."""
        return QSize(self._metrics().horizontalAdvance("0") * (self.GROUP + 1) * 3, self.heightForWidth(self.width()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the groups, every second one muted."""
        painter = QPainter(self)
        painter.setFont(mono_font(base_size(QApplication.font()) * 1.05))
        metrics = painter.fontMetrics()
        columns = self._columns(self.width())
        step = metrics.horizontalAdvance("0") * (self.GROUP + 1)
        shades = (self.palette().windowText().color(), self.palette().placeholderText().color())
        for place in range(0, len(self._text), self.GROUP):
            line, column = divmod(place // self.GROUP, columns)
            painter.setPen(shades[place // self.GROUP % 2])
            base = line * (metrics.height() + 4) + metrics.ascent() + 2
            painter.drawText(column * step, base, self._text[place : place + self.GROUP])


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
