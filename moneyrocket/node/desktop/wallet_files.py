"""Files that the user of a desktop program has chosen for a wallet."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from moneyrocket.interfaces.handler import Handler
from moneyrocket.sandbox.state import launcher


class WalletFile(Handler):
    """Lets the node's wallet process have a file that its sandbox would keep from it, until disconnected.

    Args:
        path: the file, absolute.
        write: written anew rather than read.
    """

    def __init__(self, path: str, write: bool) -> None:
        self._granted = ExitStack()
        outside = launcher()
        if outside is not None:
            # Without a launcher the wallet process says that it may not open the file.
            with suppress(OSError):
                self._granted.enter_context(outside.granted(path, write=write))

    def disconnect(self) -> None:
        """See `Handler`."""
        self._granted.close()

    def __del__(self) -> None:
        self.disconnect()
