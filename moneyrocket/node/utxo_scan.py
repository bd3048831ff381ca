"""Finds unspent outputs by their scripts; one scan at a time (scantxoutset)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from moneyrocket.interfaces.chain import Coin
    from moneyrocket.node.coins import CoinsSnapshot
    from moneyrocket.primitives.transaction import OutPoint

_CHECK_EVERY: Final = 8192


class UtxoScanner:
    """Runs a scan, tells how far it is, and can end it."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._abort = False
        self._progress = 0

    @property
    def progress(self) -> int | None:
        """Percent of the running scan, None when none runs."""
        return self._progress if self._running.locked() else None

    def begin(self) -> bool:
        """Reserve the scanner; `end` must follow. False if another scan runs."""
        if not self._running.acquire(blocking=False):
            return False
        self._abort = False
        self._progress = 0
        return True

    def end(self) -> None:
        """Give the scanner free."""
        self._running.release()

    def abort(self) -> bool:
        """End the running scan. Returns whether one was running."""
        if not self._running.locked():
            return False
        self._abort = True
        return True

    def find(
        self, snapshot: CoinsSnapshot, scripts: Container[bytes], check_interrupt: Callable[[], None]
    ) -> tuple[dict[OutPoint, Coin], int, bool]:
        """Look through all coins.

        Args:
            snapshot: the coins.
            scripts: output scripts to look for.
            check_interrupt: called now and then; may raise.

        Returns:
            The coins found, the number of coins looked at, and whether the scan came to its end.
        """
        found: dict[OutPoint, Coin] = {}
        count = 0
        for outpoint, coin in snapshot.find_scripts(scripts):
            count += 1
            if coin is not None:
                found[outpoint] = coin
            if count % _CHECK_EVERY == 0:
                check_interrupt()
                # Transaction ids are spread evenly, and coins lie in their order.
                self._progress = int.from_bytes(outpoint.txid[:2], "big") * 100 // 65536
                if self._abort:
                    return found, count, False
        self._progress = 100
        return found, count, True
