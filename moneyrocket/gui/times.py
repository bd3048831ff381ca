"""Numbers, times, durations and sizes as text."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, Qt
from PySide6.QtGui import QGuiApplication


def number(value: int) -> str:
    """Spell a whole number in groups of three, the same way in every language."""
    return f"{value:,}".replace(",", "\u2009")


def isolate(text: str) -> str:
    """Keep the order of a text that is written from left to right (a time, an address) among words that are not."""
    right_to_left = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
    return f"\u2066{text}\u2069" if right_to_left else text


def absolute_time(seconds: int) -> str:
    """Spell a UNIX time in the local zone, to the minute, in an order that sorts."""
    text = QLocale().toString(QDateTime.fromSecsSinceEpoch(seconds), "yyyy-MM-dd hh:mm")
    return isolate(text)


def relative_time(seconds: int, now: int) -> str:
    """Spell how long before ``now`` a UNIX time was."""
    age = now - seconds
    if age < 45:
        return QCoreApplication.translate("Times", "just now")
    if age < 3600:
        return QCoreApplication.translate("Times", "%1 min ago").replace("%1", str(max(1, round(age / 60))))
    if age < 86_400:
        return QCoreApplication.translate("Times", "%1 h ago").replace("%1", str(age // 3600))
    if age < 2 * 86_400:
        return QCoreApplication.translate("Times", "yesterday")
    if age < 60 * 86_400:
        return QCoreApplication.translate("Times", "%1 days ago").replace("%1", str(age // 86_400))
    if age < 730 * 86_400:
        return QCoreApplication.translate("Times", "%1 months ago").replace("%1", str(age // (30 * 86_400)))
    return QCoreApplication.translate("Times", "%1 years ago").replace("%1", str(age // (365 * 86_400)))


def duration(seconds: float) -> str:
    """Spell a span of time in its two largest units."""
    left = int(seconds)
    if left < 60:
        return QCoreApplication.translate("Times", "%1 s").replace("%1", str(max(0, left)))
    minutes, left = divmod(left, 60)
    if minutes < 60:
        return _pair(QCoreApplication.translate("Times", "%1 min %2 s"), minutes, left)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _pair(QCoreApplication.translate("Times", "%1 h %2 min"), hours, minutes)
    days, hours = divmod(hours, 24)
    if days < 14:
        return _pair(QCoreApplication.translate("Times", "%1 d %2 h"), days, hours)
    return QCoreApplication.translate("Times", "%1 weeks").replace("%1", str(days // 7))


def milliseconds(seconds: float) -> str:
    """Spell a short span: of a call, or a ping."""
    value = seconds * 1000
    text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
    return isolate(QCoreApplication.translate("Times", "%1 ms").replace("%1", text))


def byte_size(size: float) -> str:
    """Spell a number of bytes in decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(size) < 1000 or unit == "GB":
            break
        size /= 1000
    return isolate(f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}")


def _pair(text: str, first: int, second: int) -> str:
    return text.replace("%1", str(first)).replace("%2", str(second))
