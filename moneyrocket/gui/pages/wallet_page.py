"""What the pages of a wallet have in common."""

from __future__ import annotations

from moneyrocket.gui.context import Context
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.units import Unit
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import Page


class WalletPage(Page):
    """A page about one wallet.

    Args:
        title: Heading.
        context: The rest of the program.
        session: The wallet.
    """

    def __init__(self, title: str, context: Context, session: WalletSession) -> None:
        super().__init__(title)
        self.context = context
        self.session = session
        self._dirty = True
        self.shown.connect(self._on_shown)
        self.banner.action.clicked.connect(self.banner.hide)

    @property
    def unit(self) -> Unit:
        """The unit that amounts are spelled in."""
        return self.context.preferences.unit

    @property
    def concealed(self) -> bool:
        """Whether amounts are hidden."""
        return self.context.preferences.choices.conceal

    def reload(self) -> None:
        """Ask for everything anew; called when the page is shown after something changed."""

    def mark_dirty(self) -> None:
        """Something changed: reload now if somebody looks, else when somebody does."""
        self._dirty = True
        if self.isVisible():
            self._on_shown()

    def _on_shown(self) -> None:
        if self._dirty:
            self._dirty = False
            self.reload()

    def complain(self, error: Exception) -> None:
        """Show why something did not work."""
        if not isinstance(error, ConnectionError):  # the main window shows that
            self.banner.say(str(error), Tone.DANGER, self.tr("Dismiss"))
