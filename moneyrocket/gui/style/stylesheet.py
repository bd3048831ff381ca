"""The style sheet. Sizes in px are device-independent; type sizes follow the system's font."""

from __future__ import annotations

from string import Template

from moneyrocket.gui.style.colors import Colors, Tone

_SHEET = Template("""
QWidget { font-size: ${base}pt; }
QMainWindow, QDialog, QMessageBox { background: $window; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }

QLabel[kind="title"] { font-size: ${title}pt; font-weight: 600; }
QLabel[kind="heading"] { font-size: ${heading}pt; font-weight: 600; }
QLabel[kind="muted"] { color: $muted; }
QLabel[kind="small"] { color: $muted; font-size: ${small}pt; }
QLabel[kind="figure"] { font-size: ${figure}pt; font-weight: 600; }
QLabel[kind="error"] { color: $danger; }
QLabel[kind="mono"], QLineEdit[kind="mono"], QPlainTextEdit[kind="mono"], QTextBrowser[kind="mono"] {
    font-family: "DejaVu Sans Mono", "Menlo", "Consolas", "monospace"; }

QFrame[kind="card"] { background: $surface; border: 1px solid $border; border-radius: 10px; }
QFrame[kind="rule"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[kind="sidebar"] { background: $sidebar; border: none; }
QFrame[kind="sidebar"] QLabel[kind="small"] { padding: 10px 10px 2px 10px; font-weight: 600; }
QFrame[kind="sidebar"] QPushButton { background: transparent; border: 1px solid transparent; border-radius: 7px;
    padding: 7px 10px; text-align: left; font-weight: 500; color: $muted; }
QFrame[kind="sidebar"] QPushButton:hover { background: $hover; color: $text; }
QFrame[kind="sidebar"] QPushButton:checked { background: $accent_soft; color: $accent_text; font-weight: 600; }
QFrame[kind="sidebar"] QPushButton:focus { border-color: $accent; }
QFrame[kind="sidebar"] QPushButton:disabled { color: $faint; }

QPushButton, QToolButton { background: $raised; border: 1px solid $field_border; border-radius: 7px;
    padding: 6px 14px; color: $text; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $border; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $faint; border-color: $border; }
QPushButton[kind="primary"], QDialogButtonBox QPushButton:default { background: $accent; border-color: $accent;
    color: $on_accent; font-weight: 600; }
QPushButton[kind="primary"]:hover, QDialogButtonBox QPushButton:default:hover { background: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; padding: 5px 13px; }
QPushButton[kind="primary"]:disabled { background: $hover; border-color: $hover; color: $muted; }
QPushButton[kind="danger"] { color: $danger; }
QPushButton[kind="plain"], QToolButton[kind="plain"] { background: transparent; border: 1px solid transparent;
    padding: 4px 8px; }
QPushButton[kind="plain"]:hover, QToolButton[kind="plain"]:hover { background: $hover; }
QPushButton[kind="plain"]:focus, QToolButton[kind="plain"]:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }
QPushButton[kind="link"] { background: transparent; border: none; color: $accent_text;
    padding: 2px 0; text-align: left; }
QPushButton[kind="link"]:hover, QPushButton[kind="link"]:focus { text-decoration: underline; }
QPushButton[kind="segment"] { border-radius: 7px; padding: 5px 12px; background: transparent; border-color: transparent;
    color: $muted; font-weight: 600; }
QPushButton[kind="segment"]:hover { background: $hover; }
QPushButton[kind="segment"]:checked { background: $accent_soft; color: $accent_text; }
QPushButton[kind="segment"]:focus { border-color: $accent; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QAbstractSpinBox, QComboBox, QDateEdit { background: $surface;
    border: 1px solid $field_border; border-radius: 7px; padding: 5px 9px; color: $text;
    placeholder-text-color: $muted; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit, QComboBox, QAbstractSpinBox { min-height: 20px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border-color: $accent; }
QLineEdit:disabled, QPlainTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $muted;
    background: $raised; border-color: $border; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"] { border-color: $danger; background: $danger_soft; }
QAbstractSpinBox QLineEdit { border: none; background: transparent; padding: 0 6px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("$arrow_down"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $border; padding: 4px; outline: none;
    selection-background-color: $accent_soft; selection-color: $accent_text; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 18px; }
QAbstractSpinBox::up-arrow { image: url("$arrow_up"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$arrow_down"); width: 10px; height: 10px; }

QCheckBox, QRadioButton { spacing: 8px; padding: 2px; border: 1px solid transparent; border-radius: 5px; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QCheckBox:disabled, QRadioButton:disabled { color: $muted; }
QCheckBox::indicator { width: 15px; height: 15px; border: 1px solid $field_border; border-radius: 4px;
    background: $surface; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QCheckBox::indicator:disabled { background: $raised; border-color: $border; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $field_border; border-radius: 8px;
    background: $surface; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accent; background: $on_accent; }

QTableView, QTreeView, QListView { background: $surface; border: 1px solid $border; border-radius: 10px; outline: none;
    alternate-background-color: $surface; selection-background-color: $accent_soft; selection-color: $text;
    gridline-color: $border; }
QTableView:focus, QListView:focus { border-color: $accent; }
QTableView::item { padding: 0 10px; border-bottom: 1px solid $border; }
QTableView::item:selected, QListView::item:selected { background: $accent_soft; color: $text; }
QHeaderView { background: $surface; border: none; border-top-left-radius: 10px; border-top-right-radius: 10px; }
QHeaderView::section { background: transparent; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 8px 13px; font-weight: 600; font-size: ${small}pt; }
QHeaderView::up-arrow { image: url("$arrow_up"); width: 10px; height: 10px; }
QHeaderView::down-arrow { image: url("$arrow_down"); width: 10px; height: 10px; }
QTableCornerButton::section { background: $surface; border: none; }

QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget[kind="page"] { background: transparent; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 2px; }
QScrollBar::handle { background: $field_border; border-radius: 3px; min-height: 30px; min-width: 30px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: $hover; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QStatusBar { background: $sidebar; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: none; }
QStatusBar QToolButton { padding: 3px 8px; }
QMenuBar { background: $sidebar; color: $text; padding: 2px 6px; }
QMenuBar::item { background: transparent; padding: 4px 9px; border-radius: 5px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $surface; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 5px; }
QMenu::item:selected { background: $accent_soft; color: $accent_text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }

QFrame[place="top"] { margin-top: 12px; }

QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar::tab { background: transparent; color: $muted; padding: 8px 14px; border: none;
    border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $accent_text; border-bottom: 2px solid $accent; font-weight: 600; }
QTabBar::tab:focus { background: $hover; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: $border; }
$tones
""")


def make_stylesheet(colors: Colors, base: float, images: dict[str, str]) -> str:
    """Returns the style sheet.

    Args:
        colors: The theme.
        base: Type size in points.
        images: Paths of the marks that a style sheet can only take from files: tick, arrow_up, arrow_down.
    """
    values = {name: getattr(colors, name) for name in Colors.__slots__ if name != "dark"}
    sizes = {"base": base, "small": base * 0.9, "heading": base * 1.15, "title": base * 1.6, "figure": base * 2.1}
    return _SHEET.substitute(
        values, tones=_tones(colors), **{name: f"{size:.1f}" for name, size in sizes.items()}, **images
    )


def _tones(colors: Colors) -> str:
    rules = []
    for tone in Tone:
        rules.append(f'QLabel[tone="{tone.value}"] {{ color: {colors.tone(tone)}; }}')
        rules.append(
            f'QLabel[pill="{tone.value}"] {{ color: {colors.tone(tone)}; background: {colors.ground(tone)}; '
            "border-radius: 9px; padding: 2px 9px; font-weight: 600; }"
        )
        rules.append(
            f'QFrame[banner="{tone.value}"] {{ background: {colors.ground(tone)}; border: none; border-radius: 8px; }}'
        )
        rules.append(f'QFrame[banner="{tone.value}"] QLabel {{ color: {colors.tone(tone)}; }}')
    return "\n".join(rules)
