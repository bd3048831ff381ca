"""Names and values, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from moneyrocket.gui.widgets.basics import label


class Facts(QWidget):
    """A list of names with values that change; the names stay.

    Args:
        names: What is told, from top to bottom.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        self.values: list[QLabel] = []
        for place, name in enumerate(names):
            value = label(wrap=True, selectable=True)
            head = label(name, "small")
            grid.addWidget(head, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, place, 1)
            value.setAccessibleName(name)
            self.values.append(value)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(len(names), 1)

    def show_values(self, values: Sequence[str]) -> None:
        """Show other values, in the order of the names."""
        for shown, value in zip(self.values, values, strict=True):
            if shown.text() != value:
                shown.setText(value)
