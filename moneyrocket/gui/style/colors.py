"""The two sets of colours. Text on its ground has a contrast of 4.5:1 or more in both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtGui import QColor, QPalette


class Tone(Enum):
    """What a colour says, apart from looking good."""

    NEUTRAL = "neutral"
    MUTED = "muted"
    ACCENT = "accent"
    POSITIVE = "positive"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Colors:
    """One theme's colours as ``#rrggbb``.

    Attributes:
        dark: whether text is lighter than its ground.
        window: ground of the window.
        sidebar: ground of the navigation.
        surface: ground of cards, tables and fields.
        raised: ground of headers and of buttons that are not the main one.
        hover: ground under the pointer.
        border: lines between surfaces.
        field_border: lines round what can be typed into, which have to be seen.
        text: text.
        muted: text that comes second.
        faint: marks that are not text: zeros that say nothing, grid lines.
        accent: the one colour of main buttons, focus and the chosen page.
        accent_hover: the same under the pointer.
        on_accent: text on accent.
        accent_text: accent as text on window or surface.
        accent_soft: accent as a ground for text.
        positive: money coming in, things in order.
        warning: things to look at.
        danger: things that failed.
        positive_soft, warning_soft, danger_soft: grounds for text in the colour of that name.
    """

    dark: bool
    window: str
    sidebar: str
    surface: str
    raised: str
    hover: str
    border: str
    field_border: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_text: str
    accent_soft: str
    positive: str
    warning: str
    danger: str
    positive_soft: str
    warning_soft: str
    danger_soft: str

    def tone(self, tone: Tone) -> str:
        """Returns the colour of text that says ``tone``."""
        return {
            Tone.NEUTRAL: self.text,
            Tone.MUTED: self.muted,
            Tone.ACCENT: self.accent_text,
            Tone.POSITIVE: self.positive,
            Tone.WARNING: self.warning,
            Tone.DANGER: self.danger,
        }[tone]

    def ground(self, tone: Tone) -> str:
        """Returns the ground on which text of ``tone`` reads well."""
        return {
            Tone.NEUTRAL: self.raised,
            Tone.MUTED: self.raised,
            Tone.ACCENT: self.accent_soft,
            Tone.POSITIVE: self.positive_soft,
            Tone.WARNING: self.warning_soft,
            Tone.DANGER: self.danger_soft,
        }[tone]


LIGHT = Colors(
    dark=False,
    window="#f5f6f8",
    sidebar="#eceef2",
    surface="#ffffff",
    raised="#f0f2f5",
    hover="#e6e9ee",
    border="#e1e4ea",
    field_border="#c3c9d3",
    text="#171a21",
    muted="#5b6472",
    faint="#b3bac6",
    accent="#4a4fdb",
    accent_hover="#3c40c4",
    on_accent="#ffffff",
    accent_text="#4347cc",
    accent_soft="#e9eafc",
    positive="#0a7148",
    warning="#96530a",
    danger="#b3261e",
    positive_soft="#e1f5ec",
    warning_soft="#fdf0da",
    danger_soft="#fce8e6",
)

DARK = Colors(
    dark=True,
    window="#14161b",
    sidebar="#101216",
    surface="#1c1f26",
    raised="#262a33",
    hover="#2e333d",
    border="#2b2f39",
    field_border="#434a58",
    text="#e9ebf0",
    muted="#9ba4b4",
    faint="#596273",
    accent="#5a5fee",
    accent_hover="#6d72f5",
    on_accent="#ffffff",
    accent_text="#a3a6ff",
    accent_soft="#2a2c55",
    positive="#4fcf93",
    warning="#f0b050",
    danger="#ff8a80",
    positive_soft="#16352a",
    warning_soft="#3a2c14",
    danger_soft="#41211f",
)

NETWORKS = {"main": "#c2620a", "test": "#2f7d32", "testnet4": "#00766c", "signet": "#8e3b9e", "regtest": "#1f6fc2"}
"""Ground of the network's name, under white text. Unknown networks look like regtest."""


def colors_of(palette: QPalette) -> Colors:
    """Returns the set that ``palette`` was made from, so that a widget needs no other way to the theme."""
    return DARK if palette.window().color().lightness() < 128 else LIGHT


def make_palette(colors: Colors) -> QPalette:
    """Returns the palette for widgets that the style sheet leaves alone."""
    role = QPalette.ColorRole
    palette = QPalette()
    for name, value in {
        role.Window: colors.window,
        role.WindowText: colors.text,
        role.Base: colors.surface,
        role.AlternateBase: colors.raised,
        role.Text: colors.text,
        role.PlaceholderText: colors.muted,
        role.Button: colors.raised,
        role.ButtonText: colors.text,
        role.BrightText: colors.danger,
        role.Highlight: colors.accent,
        role.HighlightedText: colors.on_accent,
        role.Accent: colors.accent,
        role.Link: colors.accent_text,
        role.LinkVisited: colors.accent_text,
        role.ToolTipBase: colors.raised,
        role.ToolTipText: colors.text,
        role.Light: colors.hover,
        role.Midlight: colors.raised,
        role.Mid: colors.border,
        role.Dark: colors.field_border,
        role.Shadow: colors.border,
    }.items():
        palette.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(colors.faint if colors.dark else colors.muted))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colors.hover))
    return palette
