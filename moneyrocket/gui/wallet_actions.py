"""What can be done with wallets as a whole: the actions of the Wallet menu and their dialogs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from moneyrocket.gui.context import Context
from moneyrocket.gui.dialogs.create_wallet import CreateWalletDialog
from moneyrocket.gui.dialogs.open_wallet import OpenWalletDialog
from moneyrocket.gui.dialogs.passphrase import PassphraseDialog, PassphraseTask
from moneyrocket.gui.dialogs.unlock import unlock_then
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.style.theme import set_icon
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.wallet import LoadedWallet

T = TypeVar("T")


class WalletActions(QObject):
    """The actions, enabled when they make sense.

    Args:
        context: The rest of the program.
        window: Parent of dialogs.
        current: Gives the chosen wallet.
        choose: Chooses a wallet by name as soon as it is open.
    """

    def __init__(
        self,
        context: Context,
        window: QWidget,
        current: Callable[[], WalletSession | None],
        choose: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._current = current
        self._choose = choose
        self.create = self._action(self.tr("&Create wallet\u2026"), "Ctrl+N", self._create, "add")
        self.open = self._action(self.tr("&Open wallet\u2026"), "Ctrl+O", self._open, "wallet")
        self.restore = self._action(self.tr("&Restore from backup\u2026"), "", self._restore)
        self.close = self._action(self.tr("C&lose wallet"), "Ctrl+W", self._close)
        self.close_all = self._action(self.tr("Close &all wallets"), "", self._close_all)
        self.backup = self._action(self.tr("&Back up\u2026"), "Ctrl+B", self._backup, "export")
        self.encrypt = self._action(self.tr("&Encrypt\u2026"), "", self._encrypt, "lock")
        self.change = self._action(self.tr("Change &passphrase\u2026"), "", self._change)
        self.unlock = self._action(self.tr("&Unlock\u2026"), "", self._unlock, "unlock")
        self.lock = self._action(self.tr("Loc&k"), "", self._lock)
        context.action_wanted.connect(self._wanted)

    def _action(self, text: str, shortcut: str, run: Callable[[], None], icon: str = "") -> QAction:
        action = QAction(text, self)
        if shortcut:
            action.setShortcut(shortcut)
        if icon:
            set_icon(action, icon)
        action.triggered.connect(lambda _=False: run())
        self._window.addAction(action)
        return action

    def fill(self, menu: QMenu) -> None:
        """Put the actions into a menu."""
        groups = (
            (self.create, self.open, self.restore),
            (self.close, self.close_all),
            (self.backup,),
            (self.encrypt, self.change, self.unlock, self.lock),
        )
        for group in groups:
            menu.addActions(group)
            menu.addSeparator()

    def refresh(self) -> None:
        """Enable what makes sense now."""
        session, wallet = self._context.session, self._current()
        have = session.wallets is not None
        for action in (self.create, self.open, self.restore):
            action.setEnabled(have)
        for action in (self.close, self.backup):
            action.setEnabled(wallet is not None)
        self.close_all.setEnabled(len(session.open_wallets) > 1)
        info = wallet.info if wallet is not None else None
        encrypted = info is not None and info.encrypted
        self.encrypt.setEnabled(info is not None and info.private_keys and not info.encrypted)
        self.change.setEnabled(encrypted)
        self.unlock.setEnabled(info is not None and encrypted and info.locked)
        self.lock.setEnabled(info is not None and encrypted and not info.locked)

    def _wanted(self, name: str) -> None:
        if name == "create":
            self._create()
        elif name == "open":
            self._open()
        elif name == "lock":
            (self._unlock if self.unlock.isEnabled() else self._lock)()

    def _opened(self, name: str, warnings: list[str]) -> None:
        self._choose(name)
        if warnings:
            self._context.told.emit("\n".join(warnings), Tone.WARNING)

    def _create(self) -> None:
        dialog = CreateWalletDialog(self._context.session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.made.connect(self._opened)
        dialog.open()

    def _open(self) -> None:
        dialog = OpenWalletDialog(self._context.session, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.opened.connect(self._opened)
        dialog.open()

    def _restore(self) -> None:
        wallets = self._context.session.wallets
        node = self._context.session.node
        backup, _ = QFileDialog.getOpenFileName(self._window, self.tr("Choose a backup"))
        if not backup or wallets is None:
            return
        name, done = QInputDialog.getText(
            self._window, self.tr("Restore wallet"), self.tr("Name of the new wallet:"), text=Path(backup).stem
        )
        if not done or not name.strip():
            return

        def restored(loaded: LoadedWallet) -> None:
            self._context.session.wallet_loaded(loaded.wallet)
            self._opened(name.strip(), list(loaded.warnings))

        self._context.told.emit(self.tr("Restoring\u2026 This can take a while."), Tone.ACCENT)
        self._context.session.control.call(
            lambda: _with_file(node, backup, False, lambda: wallets.restore(name.strip(), backup, True)),
            restored,
            self._failed,
            context=self,
            patient=True,
        )

    def _close(self) -> None:
        wallet = self._current()
        if wallet is not None:
            self._unload([wallet.name])

    def _close_all(self) -> None:
        self._unload([wallet.name for wallet in self._context.session.open_wallets])

    def _unload(self, names: list[str]) -> None:
        wallets = self._context.session.wallets
        if wallets is None:
            return

        def unload() -> None:
            for name in names:
                wallets.unload(name, False)

        self._context.session.control.call(unload, None, self._failed, context=self, patient=True)

    def _backup(self) -> None:
        wallet = self._current()
        if wallet is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Back up wallet"), f"{wallet.name or 'wallet'}-backup.dat"
        )
        if path:
            node = self._context.session.node
            done = self.tr("Backup written to {path}.").replace("{path}", path)
            wallet.worker.call(
                lambda: _with_file(node, path, True, lambda: wallet.wallet.backup(path)),
                lambda _: self._context.told.emit(done, Tone.POSITIVE),
                self._failed,
                context=self,
                patient=True,
            )

    def _encrypt(self) -> None:
        self._ask(
            PassphraseTask.ENCRYPT, self.tr("The wallet is encrypted. Make a new backup: older ones lack its keys.")
        )

    def _change(self) -> None:
        self._ask(PassphraseTask.CHANGE, self.tr("The passphrase was changed."))

    def _ask(self, task: PassphraseTask, said: str) -> None:
        wallet = self._current()
        if wallet is None:
            return
        dialog = _NewPassphraseDialog(task, wallet, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._context.told.emit(said, Tone.POSITIVE))
        dialog.open()

    def _unlock(self) -> None:
        wallet = self._current()
        if wallet is not None:
            unlock_then(wallet, self._window)

    def _lock(self) -> None:
        wallet = self._current()
        if wallet is not None:
            session = wallet
            wallet.worker.call(wallet.wallet.lock, lambda _: session.refresh_info(), self._failed, context=self)

    def _failed(self, error: Exception) -> None:
        self._context.told.emit(str(error), Tone.DANGER)


class _NewPassphraseDialog(PassphraseDialog):
    """Encrypts a wallet, or changes its passphrase; stays open until that worked."""

    def __init__(self, task: PassphraseTask, session: WalletSession, parent: QWidget) -> None:
        super().__init__(task, session.title, parent)
        self._session = session

    def accept(self) -> None:
        """Do it."""
        wallet, old, new = self._session.wallet, self.old.text(), self.new.text()
        encrypts = self.task is PassphraseTask.ENCRYPT
        self.wait(True)
        self._session.worker.call(
            (lambda: wallet.encrypt(new)) if encrypts else (lambda: wallet.change_passphrase(old, new)),
            self._done,
            self._refused,
            context=self,
            patient=True,
        )

    def _done(self, _: None) -> None:
        self._session.refresh_info()
        super().accept()

    def _refused(self, error: Exception) -> None:
        self.wait(False)
        self.complain(str(error))


def _with_file(node: Node | None, path: str, write: bool, work: Callable[[], T]) -> T:
    """Do something to a file that the user has chosen, which the wallets' process may not open without the node."""
    if node is None:
        return work()
    allowed = node.allow_wallet_file(path, write)
    try:
        return work()
    finally:
        allowed.disconnect()
