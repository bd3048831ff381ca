"""The table view that all pages use."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QMenu,
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from moneyrocket.gui.models.paged import PagedModel
from moneyrocket.gui.models.table import Index, TableModel
from moneyrocket.gui.style.colors import Tone, colors_of
from moneyrocket.gui.style.theme import base_size
from moneyrocket.gui.widgets.amounts import MONO_ROLE, TONE_ROLE
from moneyrocket.gui.widgets.basics import EmptyState, mono_font

ROW_HEIGHT = 38
"""Height of a row at a type size of ten points."""


class CellDelegate(QStyledItemDelegate):
    """Draws text cells in the tone their model gives."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """Colour the text."""
        super().initStyleOption(option, index)
        tone = index.data(TONE_ROLE)
        if isinstance(tone, Tone):
            color = colors_of(option.palette).tone(tone)
            option.palette.setColor(option.palette.ColorRole.Text, color)
            option.palette.setColor(option.palette.ColorRole.HighlightedText, color)


class LabelDelegate(CellDelegate):
    """Draws a label as it is, and an address that has none in fixed width."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """Choose font and elision."""
        super().initStyleOption(option, index)
        if index.data(MONO_ROLE):
            option.font = mono_font(base_size(option.font))
            option.textElideMode = Qt.TextElideMode.ElideMiddle
        else:
            option.textElideMode = Qt.TextElideMode.ElideRight


class MonoDelegate(CellDelegate):
    """Draws addresses and hashes: fixed width, the middle left out where there is no room."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """Choose font and elision."""
        super().initStyleOption(option, index)
        option.font = mono_font(base_size(option.font))
        option.textElideMode = Qt.TextElideMode.ElideMiddle


class DataTable(QTableView):
    """Rows of equal height, chosen as a whole, opened by Enter or a double click, with a menu on the right button.

    Signals:
        opened: The user wants to see more of a row.
        chosen: Another row is current.
    """

    opened = Signal(QModelIndex)
    chosen = Signal(QModelIndex)

    def __init__(self, model: TableModel[Any] | PagedModel[Any], name: str, *, multiple: bool = False) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        self.setSelectionMode(mode.ExtendedSelection if multiple else mode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setItemDelegate(CellDelegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(round(ROW_HEIGHT * base_size(QApplication.font()) / 10))
        heads = self.horizontalHeader()
        heads.setHighlightSections(False)
        heads.setSectionsMovable(True)
        heads.setMinimumSectionSize(48)
        heads.setTextElideMode(Qt.TextElideMode.ElideRight)
        for place, column in enumerate(model.columns):
            if column.width:
                heads.setSectionResizeMode(place, QHeaderView.ResizeMode.Interactive)
                heads.resizeSection(place, round(column.width * base_size(QApplication.font()) / 10))
            else:
                heads.setSectionResizeMode(place, QHeaderView.ResizeMode.Stretch)
        self.actions_menu = QMenu(self)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.doubleClicked.connect(self.opened)
        self.selectionModel().currentRowChanged.connect(lambda current, _: self.chosen.emit(current))

    def allow_sorting(self, column: int, order: Qt.SortOrder) -> None:
        """Let headings sort, beginning with one."""
        self.horizontalHeader().setSortIndicator(column, order)
        self.setSortingEnabled(True)

    def current_row(self) -> Any:
        """Returns the chosen row, or None."""
        return self._model.row(self.currentIndex()) if self.selectionModel().hasSelection() else None

    def selected_rows(self) -> list[Any]:
        """Returns all chosen rows from top to bottom."""
        indexes = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [row for row in map(self._model.row, indexes) if row is not None]

    def add_action(self, action: QAction) -> QAction:
        """Put an action into the menu of the right button, and let its shortcut work in the table."""
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.addAction(action)
        self.actions_menu.addAction(action)
        return action

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter opens, Menu shows the menu."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _open_menu(self, where: QPoint) -> None:
        if self.actions_menu.isEmpty() or not self.selectionModel().hasSelection():
            return
        self.actions_menu.popup(self.viewport().mapToGlobal(where))


class TableWithEmptyState(QWidget):
    """A table, and what stands in its place while it has no rows."""

    def __init__(self, table: DataTable, empty: EmptyState) -> None:
        super().__init__()
        self.table = table
        self.empty = empty
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(table)
        model = table.model()
        for signal in (model.modelReset, model.layoutChanged, model.rowsInserted, model.rowsRemoved, model.dataChanged):
            signal.connect(self._choose)
        self.setFocusProxy(table)

    def _choose(self) -> None:
        self._stack.setCurrentWidget(self.table if self.table.model().rowCount() else self.empty)
