"""Amounts of money: shown, listed, typed in."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from moneyrocket.gui.style.colors import Tone, colors_of
from moneyrocket.gui.style.theme import base_size
from moneyrocket.gui.units import Unit, format_amount, parse_amount, split_amount
from moneyrocket.gui.widgets.basics import restyle

AMOUNT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""Role under which a model gives an amount in sat."""
TONE_ROLE = int(Qt.ItemDataRole.UserRole) + 2
"""Role under which a model gives the `Tone` of a cell."""
MONO_ROLE = int(Qt.ItemDataRole.UserRole) + 3
"""Role under which a model says that a cell is an address or hash."""
CONCEALED = "\u2022\u2022\u2022\u2022\u2022\u2022"
"""What stands for an amount that is hidden from whoever looks over the user's shoulder."""


def figures(font: QFont) -> QFont:
    """Returns ``font`` with digits of one width, so that they stand below one another."""
    tabular = QFont(font)
    tabular.setFeature(QFont.Tag("tnum"), 1)
    return tabular


def draw_amount(painter: QPainter, rect: QRect, text: tuple[str, str, str], colors: tuple[QColor, QColor]) -> None:
    """Draw an amount flush right: what it says in the first colour, filling zeros and unit in the second."""
    # Fractions of pixels count: rounded parts would not stand below one another.
    painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    metrics = QFontMetricsF(painter.font())
    said, zeros, unit = text
    right = float(rect.right() + 1)
    base = rect.top() + (rect.height() + metrics.ascent() - metrics.descent()) / 2
    for part, color in ((f" {unit}" if unit else "", colors[1]), (zeros, colors[1]), (said, colors[0])):
        right -= metrics.horizontalAdvance(part)
        painter.setPen(color)
        painter.drawText(QPointF(right, base), part)


class AmountLabel(QWidget):
    """One amount with its unit; can be hidden.

    Args:
        size: Type size as a multiple of the normal one.
        bold: Whether what counts is bold.
    """

    def __init__(self, size: float = 1.0, *, bold: bool = False, plus: bool = False) -> None:
        super().__init__()
        self._size = size
        self._bold = bold
        self._plus = plus
        self._amount: int | None = None
        self._unit = Unit.BTC
        self._concealed = False
        self.tone = Tone.NEUTRAL
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def show_amount(self, amount: int | None, unit: Unit, *, concealed: bool = False) -> None:
        """Show ``amount`` (sat), or a dash for None."""
        if (amount, unit, concealed) == (self._amount, self._unit, self._concealed):
            return
        self._amount, self._unit, self._concealed = amount, unit, concealed
        self.setAccessibleDescription(self.text())
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """Returns what it shows."""
        said, zeros, unit = self._parts()
        return f"{said}{zeros} {unit}".rstrip()

    def _parts(self) -> tuple[str, str, str]:
        if self._amount is None:
            return "\u2013", "", self._unit.label
        if self._concealed:
            return CONCEALED, "", self._unit.label
        return *split_amount(self._amount, self._unit, plus=self._plus), self._unit.label

    def _font(self) -> QFont:
        font = figures(QApplication.font())
        font.setPointSizeF(base_size(font) * self._size)
        if self._bold:
            font.setWeight(QFont.Weight.DemiBold)
        return font

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for the text."""
        metrics = QFontMetrics(self._font())
        return QSize(metrics.horizontalAdvance(self.text()) + 4, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it at the leading edge."""
        painter = QPainter(self)
        painter.setFont(self._font())
        colors = colors_of(self.palette())
        parts = self._parts()
        width = QFontMetrics(painter.font()).horizontalAdvance(f"{parts[0]}{parts[1]} {parts[2]}")
        left = self.width() - width if self.layoutDirection() is Qt.LayoutDirection.RightToLeft else 0
        draw_amount(
            painter, QRect(left, 0, width, self.height()), parts, (QColor(colors.tone(self.tone)), QColor(colors.muted))
        )


class AmountDelegate(QStyledItemDelegate):
    """Draws the amounts of a table's column so that their points stand below one another."""

    def __init__(self, parent: QWidget, unit: Unit = Unit.BTC, *, plus: bool = False) -> None:
        super().__init__(parent)
        self.unit = unit
        self.concealed = False
        self._plus = plus

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        amount = index.data(AMOUNT_ROLE)
        if not isinstance(amount, int):
            super().paint(painter, option, index)
            return
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        own.text = ""
        widget = own.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, own, painter, widget)
        colors = colors_of(own.palette)
        tone = index.data(TONE_ROLE)
        color = colors.tone(tone if isinstance(tone, Tone) else Tone.NEUTRAL)
        said, zeros = (CONCEALED, "") if self.concealed else split_amount(amount, self.unit, plus=self._plus)
        painter.save()
        painter.setFont(figures(own.font))
        draw_amount(
            painter, own.rect.adjusted(10, 0, -13, -1), (said, zeros, ""), (QColor(color), QColor(colors.faint))
        )
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: N802
        """Room for the amount."""
        hint = super().sizeHint(option, index)
        amount = index.data(AMOUNT_ROLE)
        if isinstance(amount, int):
            text = format_amount(amount, self.unit, plus=self._plus, with_unit=False)
            hint.setWidth(option.fontMetrics.horizontalAdvance(text) + 28)
        return hint


class AmountEdit(QWidget):
    """A field for an amount, with the unit beside it.

    Signals:
        changed: Another amount, another unit, or no amount any more.
    """

    changed = Signal()

    def __init__(self, unit: Unit = Unit.BTC) -> None:
        super().__init__()
        self.field = QLineEdit()
        self.field.setPlaceholderText(format_amount(0, unit, with_unit=False))
        self.field.setMinimumWidth(120)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setAccessibleName(self.tr("Amount"))
        self.units = QComboBox()
        self.units.setAccessibleName(self.tr("Unit of the amount"))
        for each in Unit:
            self.units.addItem(each.label, each)
        self.units.setCurrentIndex(list(Unit).index(unit))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        row.addWidget(self.units)
        self.setFocusProxy(self.field)
        self._unit = unit
        self.field.textChanged.connect(self._typed)
        self.units.currentIndexChanged.connect(self._unit_chosen)

    def amount(self) -> int | None:
        """Returns the amount in sat, or None when the text is no amount."""
        return parse_amount(self.field.text(), self._unit)

    def set_amount(self, amount: int | None) -> None:
        """Put in an amount (sat), or nothing."""
        self.field.setText("" if amount is None else self._spell(amount))

    def set_unit(self, unit: Unit) -> None:
        """Spell the amount in another unit."""
        self.units.setCurrentIndex(list(Unit).index(unit))

    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not self.field.text().strip()

    def _spell(self, amount: int) -> str:
        said, zeros = split_amount(amount, self._unit)
        return (said + zeros).replace("\u2009", "")

    def _typed(self) -> None:
        restyle(self.field, "invalid", "true" if not self.is_blank() and self.amount() is None else "false")
        self.changed.emit()

    def _unit_chosen(self, index: int) -> None:
        amount = self.amount()
        self._unit = list(Unit)[index]
        self.field.setPlaceholderText(format_amount(0, self._unit, with_unit=False))
        if amount is not None:
            self.set_amount(amount)
        self._typed()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Numbers are written from left to right in every language."""
        self.field.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        super().changeEvent(event)
