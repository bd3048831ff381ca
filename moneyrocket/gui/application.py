"""The desktop program: put together, run, ended."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import (
    QLibraryInfo,
    QLocale,
    QMessageLogContext,
    QRectF,
    Qt,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMessageBox

from moneyrocket.common.logging import category_logger
from moneyrocket.gui.context import Context
from moneyrocket.gui.main_window import MainWindow
from moneyrocket.gui.node_monitor import NodeMonitor
from moneyrocket.gui.options import GuiOptions
from moneyrocket.gui.preferences import Preferences
from moneyrocket.gui.session import Session
from moneyrocket.gui.style.colors import LIGHT
from moneyrocket.gui.style.icons import icon_pixmap
from moneyrocket.gui.style.theme import Theme, ThemeChoice
from moneyrocket.gui.workers import Worker
from moneyrocket.interfaces.node import NodeSource

TRANSLATIONS = Path(__file__).resolve().parent / "translations"


class Desktop:
    """The program's parts over one application object.

    Args:
        application: Qt's application.
        source: Where the node comes from.
        options: How to start.
        processes: Whether there is more than one process to show.
    """

    def __init__(self, application: QApplication, source: NodeSource, options: GuiOptions, *, processes: bool) -> None:
        self.files = Worker("files")
        self.preferences = Preferences(
            Path(options.data_dir) / "gui", self.files, reset=options.reset_settings, parent=application
        )
        self.theme = Theme(application, _theme_choice(self.preferences.choices.theme))
        self.session = Session(source)
        self.monitor = NodeMonitor(self.session, self.session)
        self.context = Context(self.session, self.monitor, self.preferences, self.theme, self.files, self.session)
        self.window = MainWindow(self.context, options.chain, processes, program_icon())

    def end(self) -> None:
        """Stop the workers; none is waited for, since one may hang."""
        workers = (self.session.control, self.session.worker, self.session.console, self.session.monitor)
        for worker in workers:
            worker.stop()
        self.files.finish(timeout=2.0)


def run(source: NodeSource, options: GuiOptions) -> int:
    """Run the desktop program on the calling thread, which must be the main one, until the user leaves.

    Returns:
        The exit status.
    """
    application = _application(options)
    desktop = Desktop(application, source, options, processes=source.can_reconnect)
    desktop.window.closed.connect(application.quit, Qt.ConnectionType.QueuedConnection)
    if options.minimized:
        desktop.window.showMinimized()
    else:
        desktop.window.show()
    # The window is painted before the node is asked for.
    QTimer.singleShot(0, desktop.session, desktop.session.begin)
    status = application.exec()
    desktop.end()
    return status


def show_start_error(message: str) -> None:
    """Show an error that was found before there was a window."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    Theme(application)
    QMessageBox.critical(None, "Moneyrocket", message)


def program_icon() -> QIcon:
    """Draw the program's icon: the rocket on a plate."""
    icon = QIcon()
    for edge in (16, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(edge, edge)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(LIGHT.accent))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(0, 0, edge, edge), edge * 0.22, edge * 0.22)
        inner = round(edge * 0.78)
        painter.drawPixmap((edge - inner) // 2, (edge - inner) // 2, icon_pixmap("rocket", "#ffffff", inner))
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def _application(options: GuiOptions) -> QApplication:
    qInstallMessageHandler(_log)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication([options.program_name])
    application.setApplicationName("Moneyrocket")
    application.setDesktopFileName(options.program_name)
    application.setQuitOnLastWindowClosed(False)
    translate(application, options.language)
    return application


def _log(kind: QtMsgType, _: QMessageLogContext, text: str) -> None:
    """Put what Qt has to say into debug.log: standard error belongs to errors that a user must see."""
    category_logger("qt").debug("%s: %s", kind.name, text)


def translate(application: QApplication, language: str) -> None:
    """Install the translations of a language, the system's if empty, and its direction of writing."""
    locale = QLocale(language) if language else QLocale.system()
    if language:
        QLocale.setDefault(locale)
    for name, folder in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("moneyrocket", str(TRANSLATIONS)),
    ):
        translator = QTranslator(application)
        if translator.load(locale, name, "_", folder):
            application.installTranslator(translator)
    application.setLayoutDirection(locale.textDirection())


def _theme_choice(text: str) -> ThemeChoice:
    return ThemeChoice(text) if text in {choice.value for choice in ThemeChoice} else ThemeChoice.SYSTEM
