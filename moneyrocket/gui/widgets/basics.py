"""Labels, cards, buttons, banners: the pieces every page is made of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication, QHideEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from moneyrocket.gui.style.colors import Tone, colors_of
from moneyrocket.gui.style.icons import icon_pixmap
from moneyrocket.gui.style.theme import set_icon

SPACE = 16
"""Distance between blocks, in device-independent pixels; half of it within a block."""


TEXT_WIDTH = 460
"""Widest that a paragraph reads well."""


def label(text: str = "", kind: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """Make a label of one of the style sheet's kinds. The text is plain text, whoever wrote it."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("kind", kind)
    made.setWordWrap(wrap)
    if QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft:
        # Qt would put a number or an address, being written from left to right, to the left.
        align = Qt.AlignmentFlag
        made.setAlignment(align.AlignRight | align.AlignAbsolute | align.AlignVCenter)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def button(text: str, icon: str = "", kind: str = "", *, tip: str = "") -> QPushButton:
    """Make a push button; ``kind`` is primary, plain, danger, link or segment."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    if icon:
        set_icon(made, icon)
    if tip:
        made.setToolTip(tip)
    return made


def icon_button(icon: str, name: str) -> QToolButton:
    """Make a button that is only an icon. ``name`` is its tool tip, and what a screen reader says."""
    made = QToolButton()
    made.setProperty("kind", "plain")
    set_icon(made, icon)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def pad(box: QAbstractSpinBox) -> None:
    """Keep the text of a spin box away from its border, which the style sheet cannot."""
    box.lineEdit().setTextMargins(6, 0, 6, 0)


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and look again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def set_tone(widget: QLabel, tone: Tone) -> None:
    """Colour a label's text."""
    restyle(widget, "tone", tone.value)


def mono_font(size: float) -> QFont:
    """Returns the system's font of fixed width, for addresses and hashes."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(size)
    return font


class ElidedLabel(QLabel):
    """A label that leaves out the end of what has no room, instead of asking for more; the whole is its tool tip."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw what has room."""
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading), shown)


class Pill(QLabel):
    """A word or two on a ground of their own colour: a state."""

    def __init__(self, text: str = "", tone: Tone = Tone.NEUTRAL) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setProperty("pill", tone.value)

    def show_state(self, text: str, tone: Tone) -> None:
        """Say something else."""
        self.setText(text)
        restyle(self, "pill", tone.value)


class Card(QFrame):
    """A block with a border; add to `body`."""

    def __init__(self, heading: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(SPACE + 2, SPACE, SPACE + 2, SPACE)
        self.body.setSpacing(SPACE // 2 + 2)
        self.head = QHBoxLayout()
        self.heading = label(heading, "heading")
        if heading:
            self.head.addWidget(self.heading)
            self.head.addStretch(1)
            self.body.addLayout(self.head)


def rule() -> QFrame:
    """Make a thin line across."""
    made = QFrame()
    made.setProperty("kind", "rule")
    return made


class EmptyState(QWidget):
    """What stands where nothing is yet: an icon, a sentence, and what to do next."""

    def __init__(self, icon: str, title: str, hint: str, action: QPushButton | None = None) -> None:
        super().__init__()
        self._icon = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = label(title, "heading", wrap=True)
        self.hint = label(hint, "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE // 2)
        column.addStretch(1)
        column.addWidget(self._picture)
        for text in (self.title, self.hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            text.setMaximumWidth(TEXT_WIDTH)
            # Wrapped text needs the width of its layout, which an alignment would take from it.
            across = QHBoxLayout()
            across.addStretch(1)
            across.addWidget(text, 100)
            across.addStretch(1)
            column.addLayout(across)
        if action is not None:
            column.addSpacing(SPACE // 2)
            column.addWidget(action, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self._draw()

    def say(self, title: str, hint: str) -> None:
        """Change the words."""
        self.title.setText(title)
        self.hint.setText(hint)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        self._picture.setPixmap(icon_pixmap(self._icon, colors_of(self.palette()).faint, 48, 2.0))


class Banner(QFrame):
    """A line across the top of a page that says what is wrong, and offers a way out."""

    def __init__(self, tone: Tone = Tone.WARNING, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QLabel()
        self.text = label(wrap=True, selectable=True)
        self.action = button("", kind="plain")
        self.action.setAccessibleName(self.tr("Answer to the notice"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._picture)
        row.addWidget(self.text, 1)
        row.addWidget(self.action)
        self._tone = tone
        self.setAccessibleName(self.tr("Notice"))
        self.hide()

    def say(self, text: str, tone: Tone = Tone.WARNING, action: str = "") -> None:
        """Show a message; with ``action`` as the button's text."""
        self._tone = tone
        self.text.setText(text)
        self.action.setText(action)
        self.action.setVisible(bool(action))
        restyle(self, "banner", tone.value)
        restyle(self.text, "tone", tone.value)
        self._draw()
        self.show()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        icon = {Tone.DANGER: "error", Tone.WARNING: "warning", Tone.POSITIVE: "check"}.get(self._tone, "info")
        self._picture.setPixmap(icon_pixmap(icon, colors_of(self.palette()).tone(self._tone), 20, 2.0))


class Page(QWidget):
    """A page: title with room for actions on its right, a banner, and the body below.

    Attributes:
        buttons: Row at the right of the title.
        body: Column below.
    """

    shown = Signal()
    hidden = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("kind", "page")
        self.setAccessibleName(title)
        self.title = label(title, "title")
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(SPACE // 2)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addLayout(self.buttons)
        self.banner = Banner()
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 8, SPACE + 4, SPACE + 8, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(head)
        column.addWidget(self.banner)
        column.addLayout(self.body, 1)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Tell who fills the page that somebody looks."""
        super().showEvent(event)
        self.shown.emit()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Tell who fills the page that nobody looks."""
        super().hideEvent(event)
        self.hidden.emit()


def scrolled(content: QWidget) -> QScrollArea:
    """Put a widget that may be taller than the window into a scroll area."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    content.setProperty("kind", "page")
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    return area
