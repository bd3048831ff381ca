"""What this program is, and where its files are."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.times import absolute_time
from moneyrocket.gui.widgets.basics import label
from moneyrocket.gui.widgets.facts import Facts
from moneyrocket.interfaces.node_values import NodeInfo


class AboutDialog(QDialog):
    """Version, folders, start time."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Moneyrocket"))
        self.setMinimumWidth(520)
        self.version = label("Moneyrocket", "title")
        self.facts = Facts(
            [
                self.tr("Chain"),
                self.tr("Data folder"),
                self.tr("Blocks folder"),
                self.tr("Log"),
                self.tr("User agent"),
                self.tr("Running since"),
            ]
        )
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.version)
        column.addWidget(
            label(self.tr("A Bitcoin node, wallet and desktop program in processes of their own."), "muted", wrap=True)
        )
        column.addWidget(self.facts)
        column.addWidget(label(self.tr("Distributed under the MIT license."), "small"))
        column.addWidget(box)
        node = context.session.node
        if node is not None:
            context.session.worker.call(node.info, self._take, lambda _: None, context=self)

    def _take(self, info: NodeInfo) -> None:
        self.version.setText(f"Moneyrocket {info.version}")
        self.facts.show_values(
            [
                info.chain + (self.tr(" (pruned)") if info.pruned else ""),
                info.data_dir,
                info.blocks_dir,
                info.log_path or self.tr("none"),
                info.user_agent,
                absolute_time(info.started),
            ]
        )


def show_about(context: Context, parent: QWidget) -> None:
    """Open the dialog."""
    AboutDialog(context, parent).open()
