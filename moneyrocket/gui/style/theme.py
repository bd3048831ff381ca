"""Light or dark: applied to the whole application, followed by every icon, changed at any time."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from enum import Enum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from moneyrocket.gui.style.colors import DARK, LIGHT, Colors, make_palette
from moneyrocket.gui.style.icons import icon_pixmap, make_icon
from moneyrocket.gui.style.stylesheet import make_stylesheet

_ICON = "iconName"


class ThemeChoice(Enum):
    """What the user wants."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """The application's look.

    Args:
        application: What is to be styled.
        choice: The theme to begin with.

    Signals:
        changed: The colours are others now; widgets that paint by themselves get a palette change anyway.
    """

    changed = Signal()

    def __init__(self, application: QApplication, choice: ThemeChoice = ThemeChoice.SYSTEM) -> None:
        super().__init__(application)
        self._application = application
        self._choice = choice
        self._images = Path(tempfile.mkdtemp(prefix="moneyrocket-theme-"))
        weakref.finalize(self, shutil.rmtree, self._images, True)
        self.colors = LIGHT
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def choice(self) -> ThemeChoice:
        """What was chosen last."""
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        """Change the theme, at once and everywhere."""
        self._choice = choice
        self._apply()

    def toggle(self) -> None:
        """Go from light to dark, or back."""
        self.choose(ThemeChoice.LIGHT if self.colors.dark else ThemeChoice.DARK)

    def _system_changed(self) -> None:
        if self._choice is ThemeChoice.SYSTEM:
            self._apply()

    def _wanted(self) -> Colors:
        if self._choice is ThemeChoice.SYSTEM:
            return DARK if self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT
        return DARK if self._choice is ThemeChoice.DARK else LIGHT

    def _apply(self) -> None:
        self.colors = self._wanted()
        self._application.setPalette(make_palette(self.colors))
        base = base_size(self._application.font())
        self._application.setStyleSheet(make_stylesheet(self.colors, base, self._write_images()))
        for widget in self._application.allWidgets():
            _repaint_icon(widget, self.colors)
            for action in widget.actions():
                _repaint_icon(action, self.colors)
        self.changed.emit()

    def _write_images(self) -> dict[str, str]:
        # A style sheet takes images from files only.
        suffix = "dark" if self.colors.dark else "light"
        paths = {}
        marks = {"tick": ("check", self.colors.on_accent), "arrow_up": ("up", self.colors.muted)}
        for mark, (icon, color) in {**marks, "arrow_down": ("down", self.colors.muted)}.items():
            path = self._images / f"{mark}-{suffix}.png"
            if not path.exists():
                icon_pixmap(icon, color, 16).save(str(path))
                icon_pixmap(icon, color, 16, 2.0).save(str(self._images / f"{mark}-{suffix}@2x.png"))
            paths[mark] = path.as_posix()
        return paths


def base_size(font: QFont) -> float:
    """Returns the type size in points that everything else is measured by."""
    size = font.pointSizeF()
    return size if size > 0 else 10.0


def set_icon(item: QAbstractButton | QAction, name: str) -> None:
    """Give a button or action an icon that follows the theme."""
    item.setProperty(_ICON, name)
    dark = QApplication.palette().window().color().lightness() < 128
    _repaint_icon(item, DARK if dark else LIGHT)


def _repaint_icon(item: QWidget | QAction, colors: Colors) -> None:
    name = item.property(_ICON)
    if isinstance(name, str) and isinstance(item, QAbstractButton | QAction):
        item.setIcon(make_icon(name, colors, on_accent=item.property("kind") == "primary"))
