"""A descriptor in a wallet: the scripts it watches, the addresses it hands out, the keys behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from moneyrocket.wallet.database import DescriptorRow, WalletDatabase
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.key_vault import KeyVault
from moneyrocket.wallet.settings import OutputType, parse_output_type

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.script.descriptors import Descriptor
    from moneyrocket.script.signing_provider import SigningProvider

KEYPOOL_RAN_OUT = "Error: Keypool ran out, please call keypoolrefill first"

_PROVIDER_CACHE_LIMIT = 4096


class DescriptorManager:
    """One descriptor of a wallet. Not thread-safe: callers hold the wallet's lock.

    Scripts are derived when they are first needed, not when the range grows: making a wallet stays quick.

    Attributes:
        row: what is stored.
    """

    def __init__(self, row: DescriptorRow, database: WalletDatabase, vault: KeyVault, params: ChainParams) -> None:
        self.row = row
        self._vault = vault
        self._database = database
        self._params = params
        self._scripts: dict[int, tuple[bytes, ...]] = {}
        self._derived_end = row.range_start
        self._providers: dict[tuple[int, bool], SigningProvider] = {}

    @cached_property
    def descriptor(self) -> Descriptor:
        """The descriptor, with private keys where the wallet has them and is not locked."""
        from moneyrocket.script.descriptors import parse_descriptor  # some 50 ms, which a start without wallets saves

        return parse_descriptor(self.private_text, self._params)

    @property
    def id(self) -> int:
        """Its row number."""
        return self.row.id

    @property
    def public_text(self) -> str:
        """The descriptor without private keys, as others can use it."""
        return self.row.descriptor

    @property
    def private_text(self) -> str:
        """The descriptor with its private keys; without them where there are none, or the wallet is locked."""
        return self._vault.reveal(self.row.secret, self.row.descriptor) or self.row.descriptor

    @property
    def created(self) -> int:
        """Unix seconds before which no output can pay to it."""
        return self.row.created

    @property
    def is_range(self) -> bool:
        """Whether it has many scripts."""
        return self.descriptor.is_range

    @property
    def has_private_keys(self) -> bool:
        """Whether the wallet has private keys for it."""
        return self.row.secret is not None

    @cached_property
    def output_type(self) -> OutputType | None:
        """Type of its addresses, None for none or several."""
        return parse_output_type(self.descriptor.output_type or "")

    @property
    def can_hand_out(self) -> bool:
        """Whether new addresses can come from it."""
        return self.descriptor.is_single_type and self.is_range and not self._is_exhausted

    @property
    def _is_exhausted(self) -> bool:
        from moneyrocket.script.descriptors import DescriptorError

        if self.row.next_index < self.row.range_end:
            return False
        try:
            self.scripts_at(self.row.next_index)
        except DescriptorError:
            return True
        return False

    @property
    def keypool_size(self) -> int:
        """Addresses watched ahead."""
        return self.row.range_end - self.row.next_index

    def scripts_at(self, index: int) -> tuple[bytes, ...]:
        """Output scripts at an index.

        Raises:
            DescriptorError: if a private key is needed that is not here.
        """
        scripts = self._scripts.get(index)
        if scripts is None:
            scripts = self.descriptor.expand(index).scripts
            self._scripts[index] = scripts
        return scripts

    def derive_missing(self) -> Iterator[tuple[bytes, int]]:
        """Scripts of the range that this did not yield before, each with its index."""
        from moneyrocket.script.descriptors import DescriptorError

        while self._derived_end < self.row.range_end:
            index = self._derived_end
            try:
                scripts = self.scripts_at(index)
            except DescriptorError:
                # Hardened steps need the private keys of a locked wallet; unlocking derives again.
                return
            self._derived_end += 1
            for script in scripts:
                yield script, index

    def provider(self, index: int, *, private: bool) -> SigningProvider:
        """What is known about solving the scripts at an index, with private keys where wanted and known."""
        key = (index, private)
        found = self._providers.get(key)
        if found is None:
            found = self.descriptor.expand(index, private=private).provider
            if len(self._providers) >= _PROVIDER_CACHE_LIMIT:
                self._providers.clear()
            self._providers[key] = found
        return found

    def peek(self) -> bytes:
        """The script of the next address, which stays the next.

        Raises:
            WalletError: there is none.
        """
        if not self.can_hand_out:
            raise WalletError(KEYPOOL_RAN_OUT)
        return self.scripts_at(self.row.next_index)[0]

    def take(self, keypool_size: int) -> bytes:
        """The script of the next address; it is used up in the file too."""
        script = self.peek()
        self._save(next_index=self.row.next_index + 1)
        self.top_up(keypool_size)
        return script

    def use_up_to(self, index: int, keypool_size: int) -> list[bytes]:
        """Note that a script was paid: addresses up to it count as handed out. Returns those that were not yet."""
        fresh: list[bytes] = []
        if index >= self.row.next_index and self.is_range:
            fresh = [self.scripts_at(number)[0] for number in range(self.row.next_index, index + 1)]
            self._save(next_index=index + 1)
        self.top_up(keypool_size)
        return fresh

    def top_up(self, size: int) -> None:
        """Watch this many addresses ahead."""
        wanted = self.row.next_index + size
        if self.is_range and wanted > self.row.range_end:
            self._save(range_end=wanted)

    def extend(self, row: DescriptorRow) -> None:
        """Import the same descriptor again, with a range that holds the old one and perhaps private keys.

        Raises:
            WalletError: the range is smaller.
        """
        current = self.row
        if self.is_range and (row.range_start > current.range_start or row.range_end < current.range_end):
            raise WalletError(f"new range must include current range = [{current.range_start},{current.range_end - 1}]")
        self.row = replace(row, id=current.id, secret=row.secret or current.secret)
        self._database.update_descriptor(self.row)
        self.forget_keys()
        self._derived_end = self.row.range_start

    def reseal(self, secret: str) -> None:
        """Store the private keys anew, as the vault now wants it."""
        self.row = replace(self.row, secret=self._vault.protect(secret, self.row.descriptor))
        self._database.update_descriptor(self.row)

    def forget_keys(self) -> None:
        """Read the descriptor again when it is next needed: the wallet was locked or unlocked, or has more keys."""
        self.__dict__.pop("descriptor", None)
        self._providers.clear()

    def _save(self, *, next_index: int | None = None, range_end: int | None = None) -> None:
        row = self.row
        self.row = replace(
            row,
            next_index=row.next_index if next_index is None else next_index,
            range_end=row.range_end if range_end is None else range_end,
        )
        self._database.update_descriptor(self.row)
