"""Icons: strokes on a 24 by 24 grid, one file each, coloured at run time."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from moneyrocket.gui.style.colors import Colors

FOLDER = Path(__file__).resolve().parent.parent / "icons"
"""Our own drawings; `currentColor` stands for the colour."""


_SCALES = (1.0, 1.5, 2.0)


@cache
def _drawing(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def icon_pixmap(name: str, color: str, size: int, scale: float = 1.0) -> QPixmap:
    """Draw an icon.

    Args:
        name: which one; a file in `FOLDER`.
        color: ``#rrggbb``.
        size: edge in device-independent pixels.
        scale: device pixels in one of those.
    """
    svg = _drawing(name).replace("currentColor", color)
    edge = round(size * scale)
    pixmap = QPixmap(QSize(edge, edge))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def make_icon(name: str, colors: Colors, *, on_accent: bool = False, size: int = 20) -> QIcon:
    """Returns an icon for a button or action: muted, accented when checked, faint when disabled."""
    normal = colors.on_accent if on_accent else colors.muted
    icon = QIcon()
    mode, state = QIcon.Mode, QIcon.State
    for scale in _SCALES:
        icon.addPixmap(icon_pixmap(name, normal, size, scale), mode.Normal, state.Off)
        icon.addPixmap(
            icon_pixmap(name, colors.on_accent if on_accent else colors.accent_text, size, scale), mode.Normal, state.On
        )
        icon.addPixmap(
            icon_pixmap(name, colors.muted if on_accent else colors.faint, size, scale), mode.Disabled, state.Off
        )
    return icon
