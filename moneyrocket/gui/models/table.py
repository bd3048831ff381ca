"""A table of rows that know how to show themselves, from a list or fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
"""Role under which every cell gives its row."""

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_ALIGN = int(Qt.ItemDataRole.TextAlignmentRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)
START = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
END = Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column.

    Attributes:
        title: Heading.
        text: What a row says in it.
        sort_key: What to sort rows by; the text when None.
        align: `START`, or `END` for numbers.
        tip: Tool tip of a row in it; none when None.
        roles: Further roles, as functions of the row.
        width: Width to begin with, in device-independent pixels; 0 takes what is left.
    """

    title: str
    text: Callable[[Row], str]
    sort_key: Callable[[Row], Any] | None = None
    align: Qt.AlignmentFlag = START
    tip: Callable[[Row], str] | None = None
    roles: dict[int, Callable[[Row], Any]] = field(default_factory=dict)
    width: int = 0


class TableModel(QAbstractTableModel, Generic[Row]):
    """Rows of one kind in columns.

    Args:
        columns: What to show.
        key: What makes a row the same row after an update, so that selection and scroll position stay.
        parent: Qt parent.
    """

    def __init__(
        self, columns: Sequence[Column[Row]], key: Callable[[Row], Any], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = list(columns)
        self._key = key
        self._rows: Sequence[Row] = []
        self._sorted_by: tuple[int, bool] | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self._rows

    def row(self, index: Index) -> Row | None:
        """Returns the row at ``index``."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show other rows. Rows that stay in place are told apart from new ones, as far as that is cheap."""
        rows = self._in_order(rows)
        old = [self._key(row) for row in self._rows]
        new = [self._key(row) for row in rows]
        if old == new:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self.columns) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        places = {key: place for place, key in enumerate(new)}
        before = self.persistentIndexList()
        kept = [places.get(old[index.row()], -1) for index in before]
        self._rows = rows
        after = [
            self.index(place, index.column()) if place >= 0 else QModelIndex()
            for place, index in zip(kept, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """Number of rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """What a cell shows."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], self.columns[index.column()]
        if role == _DISPLAY:
            return column.text(row)
        if role == ROW_ROLE:
            return row
        if role == _ALIGN:
            return column.align
        if role == _TIP:
            return column.tip(row) if column.tip is not None else None
        value = column.roles.get(role)
        return value(row) if value is not None else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:  # noqa: N802
        """What a heading shows."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == _DISPLAY:
            return self.columns[section].title
        return self.columns[section].align if role == _ALIGN else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; rows shown later are sorted the same way."""
        self._sorted_by = (column, order is Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.show(self._rows)

    def _in_order(self, rows: Sequence[Row]) -> Sequence[Row]:
        if self._sorted_by is None:
            return list(rows)
        column, descending = self._sorted_by
        chosen = self.columns[column]
        return sorted(rows, key=chosen.sort_key or chosen.text, reverse=descending)
