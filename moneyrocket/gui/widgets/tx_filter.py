"""The row of fields above a history that says which transactions are wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import Enum

from PySide6.QtCore import QDate, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QHBoxLayout, QLineEdit, QWidget

from moneyrocket.gui.units import Unit, format_amount, parse_amount
from moneyrocket.gui.widgets.basics import label, pad, restyle
from moneyrocket.interfaces.wallet_values import TxQuery, TxType

TYPING_MS = 200


class Span(Enum):
    """A span of time to choose."""

    ALL = "all"
    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    RANGE = "range"


def bounds(span: Span, today: date) -> tuple[date | None, date | None]:
    """Returns the first day of a span, and the day after its last; None where it is open."""
    month = today.replace(day=1)
    if span is Span.TODAY:
        return today, None
    if span is Span.WEEK:
        return today - timedelta(days=today.weekday()), None
    if span is Span.MONTH:
        return month, None
    if span is Span.LAST_MONTH:
        return (month - timedelta(days=1)).replace(day=1), month
    if span is Span.YEAR:
        return today.replace(month=1, day=1), None
    return None, None


class TxFilter(QWidget):
    """Text, kind, time and amount.

    Signals:
        changed: Other transactions are wanted.
    """

    changed = Signal()

    def __init__(self, unit: Unit) -> None:
        super().__init__()
        self._unit = unit
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Search label, address, id or comment"))
        self.text.setAccessibleName(self.tr("Search"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(180)
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(self.tr("Type"))
        for name, types in (
            (self.tr("All types"), ()),
            (self.tr("Received"), (TxType.RECEIVED,)),
            (self.tr("Sent"), (TxType.SENT,)),
            (self.tr("To yourself"), (TxType.INTERNAL,)),
            (self.tr("Mined"), (TxType.MINED,)),
        ):
            self.kinds.addItem(name, types)
        self.spans = QComboBox()
        self.spans.setAccessibleName(self.tr("Time"))
        for name, span in (
            (self.tr("All time"), Span.ALL),
            (self.tr("Today"), Span.TODAY),
            (self.tr("This week"), Span.WEEK),
            (self.tr("This month"), Span.MONTH),
            (self.tr("Last month"), Span.LAST_MONTH),
            (self.tr("This year"), Span.YEAR),
            (self.tr("From \u2013 to\u2026"), Span.RANGE),
        ):
            self.spans.addItem(name, span)
        self.since, self.until = QDateEdit(), QDateEdit()
        for field, name in ((self.since, self.tr("First day")), (self.until, self.tr("Last day"))):
            field.setCalendarPopup(True)
            pad(field)
            field.setDisplayFormat("yyyy-MM-dd")
            field.setDate(QDate.currentDate())
            field.setAccessibleName(name)
            field.dateChanged.connect(self.changed)
            field.hide()
        self.since.setDate(QDate.currentDate().addMonths(-1))
        self.minimum = QLineEdit()
        self.minimum.setAccessibleName(self.tr("Smallest amount"))
        self.minimum.setMaximumWidth(150)
        self.dash = label("\u2013")
        self.dash.hide()
        self.set_unit(unit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        for widget in (self.kinds, self.spans, self.since, self.dash, self.until, self.minimum):
            row.addWidget(widget)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(TYPING_MS)
        self._wait.timeout.connect(self.changed)
        self.text.textChanged.connect(self._wait.start)
        self.minimum.textChanged.connect(self._minimum_typed)
        self.kinds.currentIndexChanged.connect(self.changed)
        self.spans.currentIndexChanged.connect(self._span_chosen)

    def query(self, base: TxQuery) -> TxQuery:
        """Returns ``base`` with its order, and with what is wanted here."""
        span = self.spans.currentData()
        first, after = bounds(span, date.today())
        if span is Span.RANGE:
            first, after = _date(self.since), _date(self.until) + timedelta(days=1)
        return replace(
            base,
            text=self.text.text().strip(),
            types=tuple(self.kinds.currentData()),
            since=_seconds(first),
            until=_seconds(after),
            min_amount=parse_amount(self.minimum.text(), self._unit) or 0,
        )

    def is_blank(self) -> bool:
        """Whether everything is wanted."""
        return self.query(TxQuery()) == TxQuery()

    def clear(self) -> None:
        """Want everything."""
        self.text.clear()
        self.minimum.clear()
        self.kinds.setCurrentIndex(0)
        self.spans.setCurrentIndex(0)

    def set_unit(self, unit: Unit) -> None:
        """Read amounts in another unit."""
        amount = parse_amount(self.minimum.text(), self._unit)
        self._unit = unit
        self.minimum.setPlaceholderText(self.tr("Min. {unit}").replace("{unit}", unit.label))
        if amount:
            self.minimum.setText(format_amount(amount, unit, with_unit=False).replace("\u2009", ""))

    def _minimum_typed(self, text: str) -> None:
        wrong = bool(text.strip()) and parse_amount(text, self._unit) is None
        restyle(self.minimum, "invalid", "true" if wrong else "false")
        if not wrong:
            self._wait.start()

    def _span_chosen(self) -> None:
        ranged = self.spans.currentData() is Span.RANGE
        for widget in (self.since, self.dash, self.until):
            widget.setVisible(ranged)
        self.changed.emit()


def _date(field: QDateEdit) -> date:
    shown = field.date()
    return date(shown.year(), shown.month(), shown.day())


def _seconds(day: date | None) -> int:
    return 0 if day is None else int(datetime(day.year, day.month, day.day).timestamp())
