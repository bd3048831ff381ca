"""Passphrases: asked for, set, changed."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.widgets.basics import Banner, label, restyle

SHORT = 10
"""Fewer characters than this are called short."""


class PassphraseTask(Enum):
    """What the passphrase is for."""

    UNLOCK = "unlock"
    ENCRYPT = "encrypt"
    CHANGE = "change"


class PassphraseDialog(QDialog):
    """Asks for a passphrase, or for a new one twice.

    Args:
        task: What for.
        wallet: The wallet's name.
        parent: Qt parent.
    """

    def __init__(self, task: PassphraseTask, wallet: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task = task
        titles = {
            PassphraseTask.UNLOCK: self.tr("Unlock wallet"),
            PassphraseTask.ENCRYPT: self.tr("Encrypt wallet"),
            PassphraseTask.CHANGE: self.tr("Change passphrase"),
        }
        hints = {
            PassphraseTask.UNLOCK: self.tr("The wallet \u201c{name}\u201d needs its passphrase to sign."),
            PassphraseTask.ENCRYPT: self.tr(
                "Choose a passphrase of ten or more random characters, or of eight or more words. "
                "Without it nobody can spend from \u201c{name}\u201d, and nobody can recover it for you."
            ),
            PassphraseTask.CHANGE: self.tr("Enter the old passphrase of \u201c{name}\u201d and the new one."),
        }
        self.setWindowTitle(titles[task])
        self.setMinimumWidth(440)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(label(hints[task].replace("{name}", wallet), wrap=True))
        self.error = Banner()
        column.addWidget(self.error)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        self.old, self.new, self.again = (QLineEdit() for _ in range(3))
        for field in (self.old, self.new, self.again):
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.textChanged.connect(self._check)
            field.installEventFilter(self)
        if task is not PassphraseTask.ENCRYPT:
            name = self.tr("&Passphrase") if task is PassphraseTask.UNLOCK else self.tr("&Old passphrase")
            form.addRow(name, self.old)
        if task is not PassphraseTask.UNLOCK:
            form.addRow(self.tr("&New passphrase"), self.new)
            form.addRow(self.tr("&Again"), self.again)
        column.addLayout(form)
        self.show_text = QCheckBox(self.tr("&Show what is typed"))
        self.show_text.toggled.connect(self._show)
        column.addWidget(self.show_text)
        self.note = label(kind="small", wrap=True)
        self.note.hide()
        column.addWidget(self.note)
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = self.box.button(QDialogButtonBox.StandardButton.Ok)
        self.accept_button.setText(titles[task])
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        column.addWidget(self.box)
        self._check()

    def complain(self, text: str) -> None:
        """Say that it did not work; the fields stay."""
        self.error.say(text, Tone.DANGER)
        self.accept_button.setEnabled(True)
        self.old.setFocus()
        self.old.selectAll()

    def wait(self, waiting: bool) -> None:
        """Show that what was typed is being tried."""
        for widget in (self.old, self.new, self.again, self.accept_button):
            widget.setEnabled(not waiting)
        if not waiting:
            self._check()

    def _check(self) -> None:
        same = self.new.text() == self.again.text()
        restyle(self.again, "invalid", "true" if self.again.text() and not same else "false")
        old = self.task is PassphraseTask.ENCRYPT or bool(self.old.text())
        new = self.task is PassphraseTask.UNLOCK or (bool(self.new.text()) and same)
        self.accept_button.setEnabled(old and new)
        short = self.task is not PassphraseTask.UNLOCK and 0 < len(self.new.text()) < SHORT
        self._say(self.tr("This passphrase is short: it may be guessed.") if short else "")

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _show(self, on: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password
        for field in (self.old, self.new, self.again):
            field.setEchoMode(mode)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Warn of Caps Lock, which shows in letters that come out the wrong way round."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.text().isalpha():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.text().isupper() != shift:
                self._say(self.tr("Caps Lock seems to be on."))
        return super().eventFilter(watched, event)
