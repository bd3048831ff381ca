"""Unlocking a wallet for what the user is about to do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from moneyrocket.gui.dialogs.passphrase import PassphraseDialog, PassphraseTask
from moneyrocket.gui.wallet_session import WalletSession

SECONDS = 120
"""How long a wallet stays unlocked that was unlocked for one payment."""


class UnlockDialog(PassphraseDialog):
    """Asks until the passphrase is right, then goes on.

    Args:
        session: The wallet.
        parent: Qt parent.
        then: What to do once it is unlocked.
    """

    def __init__(self, session: WalletSession, parent: QWidget, then: Callable[[], None] | None = None) -> None:
        super().__init__(PassphraseTask.UNLOCK, session.title, parent)
        self._session = session
        self._then = then

    def accept(self) -> None:
        """Try what was typed."""
        passphrase, wallet = self.old.text(), self._session.wallet
        self.wait(True)
        self._session.worker.call(
            lambda: wallet.unlock(passphrase, SECONDS), self._unlocked, self._refused, context=self, patient=True
        )

    def _unlocked(self, _: None) -> None:
        super().accept()
        self._session.refresh_info()
        if self._then is not None:
            self._then()

    def _refused(self, error: Exception) -> None:
        self.wait(False)
        self.complain(str(error))


def unlock_then(session: WalletSession, parent: QWidget, then: Callable[[], None] | None = None) -> UnlockDialog:
    """Open a dialog that unlocks a wallet and goes on with ``then``."""
    dialog = UnlockDialog(session, parent, then)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
