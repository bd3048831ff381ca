"""Labels of addresses, and which addresses were spent from.

An address of the wallet without a label (not even an empty one) counts as change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from moneyrocket.wallet.database import AddressRow, WalletDatabase

RECEIVE = "receive"
SEND = "send"


class AddressBook:
    """What one wallet knows of addresses, by output script. Not thread-safe: callers hold the wallet's lock."""

    def __init__(self, database: WalletDatabase) -> None:
        self._database = database
        self._entries = {row.script: row for row in database.addresses()}

    def find(self, script: bytes) -> AddressRow | None:
        """The entry of an address that has a label, None for change and for unknown addresses."""
        entry = self._entries.get(script)
        return None if entry is None or entry.label is None else entry

    def label(self, script: bytes) -> str | None:
        """The label of an address, None for change and for unknown addresses."""
        entry = self._entries.get(script)
        return None if entry is None else entry.label

    def set_label(self, script: bytes, label: str, purpose: str | None) -> None:
        """Give an address a label; a purpose of None leaves the purpose as it is."""
        entry = self._entries.get(script) or AddressRow(script, None, None, False)
        self._save(replace(entry, label=label, purpose=purpose or entry.purpose))

    def remove(self, script: bytes) -> None:
        """Forget the label of an address."""
        entry = self._entries.get(script)
        if entry is not None:
            self._save(replace(entry, label=None, purpose=None))

    def was_spent(self, script: bytes) -> bool:
        """Whether `mark_spent` was called for an address."""
        entry = self._entries.get(script)
        return entry is not None and entry.spent

    def mark_spent(self, script: bytes) -> None:
        """Note that a coin on an address was spent."""
        entry = self._entries.get(script) or AddressRow(script, None, None, False)
        if not entry.spent:
            self._save(replace(entry, spent=True))

    def labelled(self) -> Iterator[tuple[AddressRow, str]]:
        """Every entry with its label."""
        for entry in self._entries.values():
            if entry.label is not None:
                yield entry, entry.label

    def scripts_with_label(self, label: str) -> list[bytes]:
        """Addresses with exactly this label."""
        return [entry.script for entry, found in self.labelled() if found == label]

    def _save(self, entry: AddressRow) -> None:
        self._database.save_address(entry)
        self._entries[entry.script] = entry
