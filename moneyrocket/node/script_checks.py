"""Checks all scripts of a transaction, remembering what was found good."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.errors import BlockResult, ValidationError
from moneyrocket.primitives.hashes import hash_to_hex

if TYPE_CHECKING:
    from moneyrocket.primitives.transaction import Transaction, TxOut
    from moneyrocket.script.errors import ScriptError

_MAX_ENTRIES: Final = 200_000


class ScriptChecker:
    """Verifies scripts through the kernel, with a cache that mempool and block validation share.

    The cache holds the wtxid and flags of transactions whose scripts all passed. That is enough to know it again: a
    wtxid names the inputs, an input names the output it spends, and so its script and amount.
    """

    def __init__(self, max_entries: int = _MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._lock = threading.Lock()
        # Two generations: when the young one is full it becomes the old one, whose entries are then forgotten.
        self._young: set[tuple[bytes, int]] = set()
        self._old: set[tuple[bytes, int]] = set()

    def check(self, tx: Transaction, spent: Sequence[TxOut], flags: int, *, remember: bool) -> None:
        """Check every input of ``tx``.

        Args:
            tx: the transaction.
            spent: the outputs that its inputs spend, in order.
            flags: script verification flags.
            remember: note success in the cache.

        Raises:
            ScriptError: if a script fails.
        """
        key = (tx.wtxid, flags)
        if key in self._young or key in self._old:
            return
        from moneyrocket.script.verify import verify_transaction_scripts

        verify_transaction_scripts(tx, list(spent), flags)
        if remember:
            with self._lock:
                if len(self._young) >= self._max_entries // 2:
                    self._old, self._young = self._young, set()
                self._young.add(key)

    def check_for_block(self, tx: Transaction, spent: Sequence[TxOut], flags: int, *, remember: bool) -> None:
        """Check every input of a block's transaction; arguments as for `check`.

        Raises:
            ValidationError: if a script fails.
        """
        key = (tx.wtxid, flags)
        if key in self._young or key in self._old:
            return
        from moneyrocket.script.errors import ScriptError

        try:
            self.check(tx, spent, flags, remember=remember)
        except ScriptError as error:
            raise ValidationError(
                f"block-script-verify-flag-failed ({error})", script_failure_place(tx, error), BlockResult.CONSENSUS
            ) from error


def script_failure_place(tx: Transaction, error: ScriptError) -> str:
    """Which input of ``tx`` a script failed in, for people."""
    if error.input_index is None:
        return f"{hash_to_hex(tx.txid)} (wtxid {hash_to_hex(tx.wtxid)})"
    place = f"input {error.input_index} of {hash_to_hex(tx.txid)} (wtxid {hash_to_hex(tx.wtxid)})"
    return f"{place}, spending {tx.inputs[error.input_index].prevout}"
