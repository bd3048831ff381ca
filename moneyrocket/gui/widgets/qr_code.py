"""QR codes."""

from __future__ import annotations

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

EDGE = 230
"""About how large a code is shown, in device-independent pixels."""
QUIET = 4
"""Modules of white that the standard wants round a code."""


def qr_image(text: str, edge: int) -> QImage:
    """Draw ``text`` as a QR code.

    Args:
        text: What it says.
        edge: Wanted edge in pixels; the result has whole pixels a module, and so is somewhat smaller.
    """
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    modules = len(rows) + 2 * QUIET
    scale = max(1, edge // modules)
    image = QImage(modules * scale, modules * scale, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                painter.fillRect((x + QUIET) * scale, (y + QUIET) * scale, scale, scale, QColor("black"))
    painter.end()
    return image


class QrCode(QWidget):
    """Shows a QR code, black on white in every theme because that is what cameras read."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("QR code"))

    def show_text(self, text: str) -> None:
        """Encode another text; nothing is drawn for an empty one."""
        self._text = text
        self.setAccessibleDescription(text)
        self.setFixedSize(self.sizeHint())
        self.update()

    def image(self, edge: int) -> QImage:
        """Returns the code as an image of about ``edge`` pixels."""
        return qr_image(self._text, edge)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Large enough for a camera at arm's length, and whole pixels a module."""
        edge = qr_image(self._text, EDGE).width() if self._text else EDGE
        return QSize(edge, edge)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw a white plate with the code in its middle, in whole device pixels."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        if not self._text:
            return
        scale = self.devicePixelRatioF()
        image = qr_image(self._text, int(min(self.width(), self.height()) * scale))
        image.setDevicePixelRatio(scale)
        edge = image.width() / scale
        painter.drawImage(QRectF((self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge), image)
