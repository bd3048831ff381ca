"""The mempool by fee rate, as bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from moneyrocket.gui.style.colors import colors_of
from moneyrocket.gui.style.theme import base_size
from moneyrocket.gui.times import number
from moneyrocket.interfaces.node_values import FeeBand

GAP = 6


class FeeBars(QWidget):
    """One bar for each band, as long as its transactions are large; the dearest on top, as miners see it."""

    def __init__(self) -> None:
        super().__init__()
        self._bands: list[FeeBand] = []
        self._names: list[str] = []
        self.setAccessibleName(self.tr("Transactions by fee rate"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_bands(self, bands: Sequence[FeeBand]) -> None:
        """Show bands with rising fee rates."""
        self._bands = list(reversed(bands))
        self._names = []
        upper: int | None = None
        for band in self._bands:
            low = f"{band.fee_rate / 1000:g}"
            self._names.append(f"{low}+" if upper is None else f"{low}\u2013{upper / 1000:g}")
            upper = band.fee_rate
        self.setAccessibleDescription(
            "; ".join(f"{name} sat/vB: {band.vsize} vB" for name, band in zip(self._names, self._bands, strict=True))
        )
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room for all bars."""
        return QSize(420, 320)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Still readable."""
        return QSize(300, 16 * max(10, len(self._bands)))

    def event(self, event: QEvent) -> bool:
        """Tell about the bar under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._bands:
            place = self._place(event.pos())
            if place is not None:
                band = self._bands[place]
                text = self.tr("{name} sat/vB\n{txs} transactions, {vsize} vB, {fees} sat in fees")
                shown = (
                    text.replace("{name}", self._names[place])
                    .replace("{txs}", number(band.transactions))
                    .replace("{vsize}", number(band.vsize))
                    .replace("{fees}", number(band.fees))
                )
                QToolTip.showText(event.globalPos(), shown, self)
                return True
        return super().event(event)

    def _place(self, where: QPoint) -> int | None:
        place = int(where.y() / (self.height() / len(self._bands)))
        return place if 0 <= place < len(self._bands) else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the bars."""
        if not self._bands:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = colors_of(self.palette())
        font = QFont(QApplication.font())
        font.setPointSizeF(base_size(font) * 0.9)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        left = max(metrics.horizontalAdvance(name) for name in self._names) + 12
        texts = [f"{band.vsize / 1e6:.2f} MvB \u00b7 {number(band.transactions)}" for band in self._bands]
        right = max(metrics.horizontalAdvance(text) for text in texts) + 12
        most = max(band.vsize for band in self._bands) or 1
        height = self.height() / len(self._bands)
        room = self.width() - left - right
        for place, band in enumerate(self._bands):
            top = place * height
            painter.setPen(QColor(colors.muted))
            align = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(QRectF(0, top, left - 12, height), align, self._names[place])
            thickness = min(24.0, height - GAP)
            bar = QRectF(left, top + (height - thickness) / 2, max(2.0, room * band.vsize / most), thickness)
            painter.setPen(Qt.PenStyle.NoPen)
            color = QColor(colors.accent)
            # The dearer, the stronger: what the next block takes stands out.
            color.setAlphaF(1.0 - 0.65 * place / max(1, len(self._bands) - 1))
            painter.setBrush(color if band.vsize else QColor(colors.border))
            painter.drawRoundedRect(bar, 3, 3)
            painter.setPen(QColor(colors.text if band.vsize else colors.muted))
            painter.drawText(
                QRectF(bar.right() + 8, top, right, height),
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                texts[place] if band.vsize else "\u2013",
            )
