"""A table of which only the rows near the ones in view are held; the rest is fetched when it comes into view."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from moneyrocket.gui.models.table import ROW_ROLE, Column, Index
from moneyrocket.gui.workers import Worker

Row = TypeVar("Row")

PAGE = 200
"""Rows fetched together."""
KEPT = 24
"""Pages kept."""

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_ALIGN = int(Qt.ItemDataRole.TextAlignmentRole)
_TIP = int(Qt.ItemDataRole.ToolTipRole)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows.

    Attributes:
        rows: in order.
        total: how many there are in all.
        revision: rows of pages with different revisions do not fit together.
    """

    rows: Sequence[Row]
    total: int
    revision: int = 0


Fetch = Callable[[int, int], Page[Row]]
"""Gives the page at an offset with at most so many rows; called on the worker's thread."""


class PagedModel(QAbstractTableModel, Generic[Row]):
    """Rows that are somewhere else.

    Args:
        columns: What to show.
        key: What makes a row the same row in another revision.
        worker: Whose thread fetches.
        parent: Qt parent.

    Signals:
        loaded: A page came.
        failed: A page could not be had.
        sort_wanted: The user wants another order: column, and whether descending.
    """

    loaded = Signal()
    failed = Signal(object)
    sort_wanted = Signal(int, bool)

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Any],
        worker: Worker,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = list(columns)
        self._key = key
        self._worker = worker
        self._fetch: Fetch[Row] | None = None
        self._generation = 0
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._stale: set[int] = set()
        self._asked: set[int] = set()
        self._total = 0
        self._revision: int | None = None

    def show(self, fetch: Fetch[Row]) -> None:
        """Show what ``fetch`` gives. What was shown stays until its first page is there."""
        self._fetch = fetch
        self._generation += 1
        self._asked.clear()
        self._revision = None
        self._ask(0)

    def refresh(self) -> None:
        """Fetch again what is in view; the rows shown stay until then."""
        if self._fetch is None:
            return
        recent = list(self._pages)[-2:]
        self._stale = set(self._pages)
        for place in recent or [0]:
            self._ask(place)

    def row(self, index: Index) -> Row | None:
        """Returns the row at ``index``, None if it is not there yet."""
        return self._row_at(index.row()) if index.isValid() else None

    @property
    def rows(self) -> Sequence[Row | None]:
        """All rows; None for those that are not there."""
        return [self._row_at(place) for place in range(self._total)]

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """Number of rows, fetched or not."""
        return 0 if parent is not None and parent.isValid() else self._total

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: N802 - Qt's name
        """Number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """What a cell shows; nothing until its page is there."""
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == _ALIGN:
            return column.align
        row = self._row_at(index.row())
        if row is None:
            return "\u2026" if role == _DISPLAY and index.column() == 0 else None
        if role == _DISPLAY:
            return column.text(row)
        if role == ROW_ROLE:
            return row
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
        """Ask for another order."""
        self.sort_wanted.emit(column, order is Qt.SortOrder.DescendingOrder)

    def _row_at(self, place: int) -> Row | None:
        number, within = divmod(place, PAGE)
        page = self._pages.get(number)
        if page is None:
            self._ask(number)
            return None
        self._pages.move_to_end(number)
        if number in self._stale:
            self._ask(number)
        return page[within] if within < len(page) else None

    def _ask(self, number: int) -> None:
        fetch = self._fetch
        if fetch is None or number in self._asked:
            return
        self._asked.add(number)
        generation = self._generation

        def done(page: Page[Row]) -> None:
            if generation == self._generation:
                self._take(number, page)

        def failed(error: Exception) -> None:
            self._asked.discard(number)
            if generation == self._generation:
                self.failed.emit(error)

        key = "" if number else f"first-page-{id(self)}"
        self._worker.call(lambda: fetch(number * PAGE, PAGE), done, failed, key=key, context=self)

    def _take(self, number: int, page: Page[Row]) -> None:
        self._asked.discard(number)
        self._stale.discard(number)
        if page.revision != self._revision or page.total != self._total:
            self._renew(number, page)
        else:
            self._pages[number] = page.rows
            self._pages.move_to_end(number)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
            first = number * PAGE
            last = min(self._total, first + len(page.rows)) - 1
            if last >= first:
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.loaded.emit()

    def _renew(self, number: int, page: Page[Row]) -> None:
        fresh = self._revision is None
        if fresh:
            self.beginResetModel()
        else:
            self.layoutAboutToBeChanged.emit()
            before = self.persistentIndexList()
            places = {self._key(row): number * PAGE + at for at, row in enumerate(page.rows)}
            moved = [places.get(self._key_at(index.row()), index.row()) for index in before]
        self._pages.clear()
        self._stale.clear()
        self._pages[number] = page.rows
        self._total = page.total
        self._revision = page.revision
        if fresh:
            self.endResetModel()
            return
        after = [
            self.index(place, index.column()) if place < page.total else QModelIndex()
            for place, index in zip(moved, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _key_at(self, place: int) -> Any:
        number, within = divmod(place, PAGE)
        page = self._pages.get(number)
        return self._key(page[within]) if page is not None and within < len(page) else None
