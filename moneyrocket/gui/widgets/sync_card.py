"""A card that says how far the node has caught up; it hides itself when there is nothing to say."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QGridLayout, QProgressBar

from moneyrocket.gui.node_monitor import NodeMonitor
from moneyrocket.gui.times import absolute_time, duration, number, relative_time
from moneyrocket.gui.widgets.basics import SPACE, Card, label


class SyncCard(Card):
    """Progress, blocks left, time left, and what it means for the balance.

    Args:
        monitor: Tells the state.
    """

    def __init__(self, monitor: NodeMonitor) -> None:
        super().__init__()
        self.heading.setText(self.tr("Catching up with the network"))
        self.head.addWidget(self.heading)
        self.head.addStretch(1)
        self.percent = label(kind="heading")
        self.head.addWidget(self.percent)
        self.body.addLayout(self.head)
        self.bar = QProgressBar()
        self.bar.setRange(0, 10_000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the synchronization"))
        self.body.addWidget(self.bar)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE * 3)
        grid.setVerticalSpacing(1)
        self.left, self.blocks, self.tip, self.rate = (label() for _ in range(4))
        for column, (title, value) in enumerate(
            (
                (self.tr("Time left"), self.left),
                (self.tr("Blocks left"), self.blocks),
                (self.tr("Last block"), self.tip),
                (self.tr("Progress per hour"), self.rate),
            )
        ):
            grid.addWidget(label(title, "small"), 0, column)
            grid.addWidget(value, 1, column)
        grid.setColumnStretch(4, 1)
        self.body.addLayout(grid)
        self.body.addWidget(
            label(
                self.tr("Recent transactions may not show yet, and balances may not be right yet."), "muted", wrap=True
            )
        )
        self._monitor = monitor
        monitor.sync_changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        sync = self._monitor.sync
        self.setVisible(sync is not None and not sync.synced)
        if sync is None:
            return
        self.bar.setValue(int(sync.progress * 10_000))
        self.percent.setText(f"{sync.progress * 100:.2f} %")
        unknown = self.tr("not known yet")
        self.left.setText(duration(sync.seconds_left) if sync.seconds_left is not None else unknown)
        self.blocks.setText(self.tr("reading headers") if sync.headers else number(sync.blocks_left))
        self.tip.setText(relative_time(sync.tip_time, int(time.time())) if sync.tip_time else unknown)
        self.tip.setToolTip(absolute_time(sync.tip_time) if sync.tip_time else "")
        self.rate.setText(f"{sync.rate * 100:.2f} %" if sync.rate is not None else unknown)
