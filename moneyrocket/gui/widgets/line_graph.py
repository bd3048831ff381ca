"""Graphs of numbers over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from moneyrocket.gui.style.colors import Tone, colors_of
from moneyrocket.gui.style.theme import base_size

MARGIN = 8


def round_up(value: float) -> float:
    """Returns the next number above ``value`` that is 1, 2 or 5 times a power of ten: what an axis ends with."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value * 0.9999)


class Series:
    """One line: samples at even distances, the last one newest.

    Args:
        tone: Its colour.
        capacity: Most samples kept.
        dashed: Whether the line is broken, to be told apart without colours.
    """

    def __init__(self, tone: Tone, capacity: int, *, dashed: bool = False) -> None:
        self.tone = tone
        self.dashed = dashed
        self.samples: deque[float] = deque(maxlen=capacity)


class LineGraph(QWidget):
    """Lines with a filled ground over a common span.

    Args:
        series: What is drawn.
        spell: How a value on the axis is spelled.
        name: For screen readers.
    """

    def __init__(self, series: Sequence[Series], spell: Callable[[float], str], name: str) -> None:
        super().__init__()
        self.series = list(series)
        self.span = series[0].samples.maxlen or 60
        self.span_text = ("", "")
        self._spell = spell
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Something to begin with."""
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Still readable."""
        return QSize(200, 110)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw axis, grid, lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = colors_of(self.palette())
        font = QFont(QApplication.font())
        font.setPointSizeF(base_size(font) * 0.85)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        shown = [list(line.samples)[-self.span :] for line in self.series]
        top_value = round_up(max((max(values, default=0) for values in shown), default=0) or 1000)
        labels = [self._spell(top_value * part) for part in (1, 0.5, 0)]
        left = max(metrics.horizontalAdvance(text) for text in labels) + MARGIN
        area = QRectF(
            left, metrics.height() / 2 + 1, self.width() - left - 2, self.height() - metrics.height() * 1.9 - 2
        )
        for part, text in zip((0.0, 0.5, 1.0), labels, strict=True):
            y = area.top() + area.height() * part
            painter.setPen(QPen(QColor(colors.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colors.muted))
            box = QRectF(0, y - metrics.height() / 2, left - MARGIN, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        foot = QRectF(area.left(), area.bottom() + 4, area.width(), metrics.height() + 2)
        painter.setPen(QColor(colors.muted))
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), self.span_text[0])
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), self.span_text[1])
        for line, values in zip(self.series, shown, strict=True):
            self._draw(painter, area, line, values, top_value)

    def _draw(self, painter: QPainter, area: QRectF, line: Series, values: list[float], top: float) -> None:
        if len(values) < 2:
            return
        color = QColor(colors_of(self.palette()).tone(line.tone))
        step = area.width() / (self.span - 1)
        # More samples than pixels: draw the highest of each pixel, so that no peak is lost.
        stride = max(1, int(1 / step)) if step > 0 else 1
        first = area.right() - step * (len(values) - 1)
        path = QPainterPath()
        for place in range(0, len(values), stride):
            value = max(values[place : place + stride])
            point = QPointF(first + step * place, area.bottom() - area.height() * value / top)
            if place:
                path.lineTo(point)
            else:
                path.moveTo(point)
        ground = QPainterPath(path)
        ground.lineTo(QPointF(path.currentPosition().x(), area.bottom()))
        ground.lineTo(QPointF(first, area.bottom()))
        ground.closeSubpath()
        soft = QColor(color)
        soft.setAlpha(34)
        painter.fillPath(ground, soft)
        pen = QPen(color, 1.8)
        if line.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.strokePath(path, pen)


class Sparkline(QWidget):
    """A small line without axis.

    Args:
        capacity: Samples across.
    """

    def __init__(self, capacity: int = 60) -> None:
        super().__init__()
        self.samples: deque[float] = deque(maxlen=capacity)
        self.setFixedHeight(34)
        self.setMinimumWidth(60)

    def add(self, value: float) -> None:
        """Take the next sample."""
        self.samples.append(value)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        if len(self.samples) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = QColor(colors_of(self.palette()).accent_text)
        top = max(self.samples) or 1.0
        step = self.width() / ((self.samples.maxlen or 2) - 1)
        first = self.width() - step * (len(self.samples) - 1)
        path = QPainterPath()
        for place, value in enumerate(self.samples):
            point = QPointF(first + step * place, self.height() - 3 - (self.height() - 6) * value / top)
            if place:
                path.lineTo(point)
            else:
                path.moveTo(point)
        painter.strokePath(path, QPen(color, 1.5))
