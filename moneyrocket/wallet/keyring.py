"""All descriptors of a wallet: which scripts are its own, where new addresses come from, and signing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut
from moneyrocket.script.signing_provider import SigningProvider, merge_providers
from moneyrocket.script.standard import TxoutType, solve
from moneyrocket.wallet.database import DescriptorRow, WalletDatabase
from moneyrocket.wallet.descriptor_manager import DescriptorManager
from moneyrocket.wallet.errors import WalletError
from moneyrocket.wallet.input_weight import InputWeight, input_weight
from moneyrocket.wallet.key_vault import KeyVault
from moneyrocket.wallet.settings import OutputType

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.script.descriptors import Descriptor

_PURPOSE: Final = {
    OutputType.LEGACY: ("pkh({})", 44),
    OutputType.P2SH_SEGWIT: ("sh(wpkh({}))", 49),
    OutputType.BECH32: ("wpkh({})", 84),
    OutputType.BECH32M: ("tr({})", 86),
}
"""Descriptor and BIP43 purpose of each address type."""

_OUTPUT_TYPES: Final = {
    TxoutType.PUBKEYHASH: OutputType.LEGACY,
    TxoutType.SCRIPTHASH: OutputType.P2SH_SEGWIT,
    TxoutType.WITNESS_V0_KEYHASH: OutputType.BECH32,
    TxoutType.WITNESS_V1_TAPROOT: OutputType.BECH32M,
}


@dataclass(frozen=True, slots=True)
class ScriptOrigin:
    """Where the key of a script comes from: path as text (``m/84h/…``), fingerprint of the master key."""

    path: str
    fingerprint: bytes


class Keyring:
    """The descriptors of a wallet. Not thread-safe: callers hold the wallet's lock.

    Attributes:
        managers: all descriptors by row number, in the order in which they were added.
    """

    def __init__(self, database: WalletDatabase, params: ChainParams, keypool_size: int) -> None:
        self._database = database
        self._params = params
        self._keypool_size = keypool_size
        self._owners: dict[bytes, list[tuple[DescriptorManager, int]]] = {}
        self._active: dict[tuple[OutputType, bool], DescriptorManager] = {}
        self._all_derived = False
        self._weights: dict[bytes, InputWeight | None] = {}
        self._vault = KeyVault(database)
        self.managers: dict[int, DescriptorManager] = {}

    # Making and loading

    def load(self) -> None:
        """Read the stored descriptors."""
        for row in self._database.descriptors():
            self.managers[row.id] = DescriptorManager(row, self._database, self._vault, self._params)
        for kind, internal, number in self._database.active():
            self._active[OutputType(kind), internal] = self.managers[number]
        self.top_up(0)

    def generate(self, created: int) -> None:
        """Make keys for all address types, for receiving and for change."""
        from moneyrocket.script.bip32 import ExtendedKey
        from moneyrocket.script.descriptors import parse_descriptor

        master = ExtendedKey.from_seed(secrets.token_bytes(32)).to_xprv(self._params)
        coin = 0 if self._params.name == "main" else 1
        for internal in (False, True):
            for kind, (form, purpose) in _PURPOSE.items():
                text = form.format(f"{master}/{purpose}h/{coin}h/0h/{int(internal)}/*")
                manager = self.add(parse_descriptor(text, self._params), created=created, range_end=self._keypool_size)
                self.activate(manager, kind, internal)

    def find(self, descriptor: Descriptor) -> DescriptorManager | None:
        """The manager of a descriptor that is in the wallet already."""
        text = self._public_text(descriptor)
        return next((manager for manager in self.managers.values() if manager.public_text == text), None)

    def add(
        self,
        descriptor: Descriptor,
        *,
        created: int,
        range_start: int = 0,
        range_end: int = 1,
        next_index: int = 0,
    ) -> DescriptorManager:
        """Add a descriptor, or extend the range of one that is there.

        Args:
            descriptor: with its private keys.
            created: unix seconds before which no output can pay to it.
            range_start: first index to watch.
            range_end: one past the last index to watch.
            next_index: next index to hand out.

        Raises:
            WalletError: it is there with a larger range.
        """
        public = self._public_text(descriptor)
        secret: str | bytes | None = None
        if descriptor.has_private_keys:
            secret = self._vault.protect(descriptor.to_string(self._params, private=True), public)
        row = DescriptorRow(0, public, secret, created, range_start, range_end, next_index)
        manager = self.find(descriptor)
        if manager is not None:
            manager.extend(row)
        else:
            number = self._database.add_descriptor(row)
            stored = DescriptorRow(number, row.descriptor, secret, created, range_start, range_end, next_index)
            manager = DescriptorManager(stored, self._database, self._vault, self._params)
            self.managers[number] = manager
        if range_end - next_index < self._keypool_size:
            manager.top_up(self._keypool_size)
        self._all_derived = False
        self._weights.clear()
        return manager

    def _public_text(self, descriptor: Descriptor) -> str:
        return descriptor.to_string(self._params, normalized=True)

    # Active descriptors

    def activate(self, manager: DescriptorManager, kind: OutputType, internal: bool) -> None:
        """Let new addresses of a type come from a descriptor."""
        self.deactivate(manager, kind, not internal)
        self._database.set_active(kind.value, internal, manager.id)
        self._active[kind, internal] = manager

    def deactivate(self, manager: DescriptorManager, kind: OutputType, internal: bool) -> None:
        """Undo `activate`, if it was for this descriptor."""
        if self._active.get((kind, internal)) is manager:
            self._database.set_active(kind.value, internal, None)
            del self._active[kind, internal]

    def activity(self, manager: DescriptorManager) -> bool | None:
        """Whether an active descriptor makes change addresses; None when it is not active."""
        for (_, internal), active in self._active.items():
            if active is manager:
                return internal
        return None

    def has_active(self, kind: OutputType, *, internal: bool) -> bool:
        """Whether new addresses of a type can be made."""
        return (kind, internal) in self._active

    def can_get_addresses(self, *, internal: bool) -> bool:
        """Whether any type of new addresses can be made."""
        return any(manager.can_hand_out for (_, for_change), manager in self._active.items() if for_change is internal)

    def keypool_count(self, *, internal: bool) -> int:
        """Addresses watched ahead by all active descriptors of one kind."""
        return sum(manager.keypool_size for (_, for_change), manager in self._active.items() if for_change is internal)

    def new_script(self, kind: OutputType, *, internal: bool) -> bytes:
        """The output script of a new address; used up in the file too.

        Raises:
            WalletError: there is none of that type.
        """
        with self._database.transaction():
            manager = self._active_manager(kind, internal)
            index = manager.row.next_index
            script = manager.take(self._keypool_size)
            self._own(script, manager, index)
            self._all_derived = False
        return script

    def peek_script(self, kind: OutputType, *, internal: bool) -> bytes:
        """The output script that `new_script` would return.

        Raises:
            WalletError: there is none of that type.
        """
        manager = self._active_manager(kind, internal)
        script = manager.peek()
        self._own(script, manager, manager.row.next_index)
        return script

    def _active_manager(self, kind: OutputType, internal: bool) -> DescriptorManager:
        manager = self._active.get((kind, internal))
        if manager is None:
            raise WalletError(f"Error: No {kind.value} addresses available.")
        return manager

    def top_up(self, size: int) -> None:
        """Watch this many addresses ahead with every active descriptor; 0 for the usual number."""
        with self._database.transaction():
            for manager in set(self._active.values()):
                manager.top_up(size or self._keypool_size)
        self._all_derived = False

    # Scripts

    @property
    def birth_time(self) -> int | None:
        """When the oldest descriptor was made, unix seconds; None without descriptors."""
        return min((manager.created for manager in self.managers.values()), default=None)

    # Encryption

    @property
    def is_encrypted(self) -> bool:
        """Whether private keys are encrypted."""
        return self._vault.is_encrypted

    @property
    def is_locked(self) -> bool:
        """Whether private keys are encrypted and the passphrase is not known."""
        return self._vault.is_locked

    def encrypt(self, passphrase: str, *, generate_at: int | None) -> None:
        """Encrypt all private keys, make new ones that were never stored in the clear, and lock.

        Args:
            passphrase: not empty.
            generate_at: unix time for the new keys, None for none.
        """
        with self._database.transaction():
            plain = {manager: manager.private_text for manager in self.managers.values() if manager.has_private_keys}
            self._vault.encrypt(passphrase)
            for manager, secret in plain.items():
                manager.reseal(secret)
            if generate_at is not None:
                self.generate(generate_at)
        self.lock()

    def unlock(self, passphrase: str) -> bool:
        """Make private keys usable; False if the passphrase is wrong."""
        if not self._vault.unlock(passphrase):
            return False
        self._forget_keys()
        self.top_up(0)
        return True

    def lock(self) -> None:
        """Make private keys unusable until the passphrase is given again."""
        self._vault.lock()
        self._forget_keys()

    def change_passphrase(self, old: str, new: str) -> bool:
        """Replace the passphrase; False if the old one is wrong."""
        return self._vault.change_passphrase(old, new)

    def _forget_keys(self) -> None:
        for manager in self.managers.values():
            manager.forget_keys()
        self._all_derived = False

    def is_mine(self, script: bytes) -> bool:
        """Whether a script is watched."""
        if script in self._owners:
            return True
        if not self._all_derived:
            self._derive_all()
        return script in self._owners

    def managers_for(self, script: bytes) -> list[DescriptorManager]:
        """The descriptors that a script comes from."""
        return [manager for manager, _ in self._owners.get(script, ())] if self.is_mine(script) else []

    def mark_used(self, script: bytes) -> list[tuple[bytes, bool | None]]:
        """Note that a script was paid.

        Returns:
            Scripts that count as handed out only now, each with whether it is for change (None when its descriptor is
            not active).
        """
        fresh: list[tuple[bytes, bool | None]] = []
        if not self.is_mine(script):
            return fresh
        for manager, index in self._owners[script]:
            before = manager.row
            internal = self.activity(manager)
            size = self._keypool_size if manager.is_range else 0
            fresh += [(used, internal) for used in manager.use_up_to(index, size)]
            if manager.row.range_end != before.range_end:
                self._all_derived = False
        return fresh

    def _own(self, script: bytes, manager: DescriptorManager, index: int) -> None:
        owners = self._owners.setdefault(script, [])
        if (manager, index) not in owners:
            owners.append((manager, index))

    def _derive_all(self) -> None:
        for manager in self.managers.values():
            for script, index in manager.derive_missing():
                self._own(script, manager, index)
        self._all_derived = True

    # Solving and signing

    def provider(self, script: bytes, *, private: bool = False) -> SigningProvider:
        """What is known about solving a script; empty for a foreign one."""
        if not self.is_mine(script):
            return SigningProvider()
        return merge_providers(manager.provider(index, private=private) for manager, index in self._owners[script])

    def describe(self, script: bytes) -> str:
        """A descriptor of one script, with the keys' origins."""
        from moneyrocket.script.descriptors import infer_descriptor

        return infer_descriptor(script, self.provider(script), self._params).to_string(self._params)

    def inner_scripts(self, script: bytes) -> tuple[bytes | None, bytes | None]:
        """Redeem script and witness script behind a script, where there are any."""
        provider = self.provider(script)
        kind, solutions = solve(script)
        redeem_script: bytes | None = None
        if kind is TxoutType.SCRIPTHASH:
            redeem_script = provider.scripts.get(solutions[0])
            if redeem_script is None:
                return None, None
            kind, solutions = solve(redeem_script)
        if kind is TxoutType.WITNESS_V0_SCRIPTHASH:
            return redeem_script, provider.witness_scripts.get(solutions[0])
        return redeem_script, None

    def key_origin(self, script: bytes) -> ScriptOrigin | None:
        """Where the only key of a script comes from; None when there are several."""
        from moneyrocket.script.descriptors.key_expression import format_path

        origins = self.provider(script).origins
        if len(origins) != 1:
            return None
        (origin,) = origins.values()
        return ScriptOrigin("m" + format_path(origin.path), origin.fingerprint)

    def input_weight(self, script: bytes) -> InputWeight | None:
        """Sizes of a signed input that spends a script; None when it cannot be solved."""
        if script not in self._weights:
            known = self.is_mine(script)
            self._weights[script] = input_weight(script, self.provider(script)) if known else None
        return self._weights[script]

    def input_size(self, script: bytes) -> int:
        """vB of a signed input that spends a script; -1 when it cannot be solved."""
        weight = self.input_weight(script)
        return -1 if weight is None else weight.size

    def output_type(self, script: bytes) -> OutputType | None:
        """The address type that a foreign script looks like."""
        return _OUTPUT_TYPES.get(solve(script)[0])

    def coin_type(self, script: bytes) -> str:
        """The address type of an own script, for keeping types apart; ``unknown`` for bare scripts."""
        kind = solve(script)[0]
        if kind is TxoutType.SCRIPTHASH:
            redeem_script, _ = self.inner_scripts(script)
            inner = solve(redeem_script)[0] if redeem_script else None
            nested = inner in (TxoutType.WITNESS_V0_KEYHASH, TxoutType.WITNESS_V0_SCRIPTHASH)
            return OutputType.P2SH_SEGWIT.value if nested else OutputType.LEGACY.value
        if kind is TxoutType.WITNESS_V0_SCRIPTHASH:
            return OutputType.BECH32.value
        found = _OUTPUT_TYPES.get(kind)
        return found.value if found is not None else "unknown"

    def sign(self, tx: Transaction, coins: Mapping[OutPoint, TxOut]) -> tuple[Transaction, bool]:
        """Sign all inputs that the wallet has keys for.

        Args:
            tx: the transaction.
            coins: the outputs that it spends.

        Returns:
            The transaction with signatures, and whether all inputs are signed.
        """
        from moneyrocket.script.signing import sign_transaction

        result = sign_transaction(tx, coins, self.signing_provider(coins))
        return result.tx, result.complete

    def signing_provider(self, coins: Mapping[OutPoint, TxOut]) -> SigningProvider:
        """All keys and scripts that the wallet has for spending coins."""
        scripts = {out.script_pubkey for out in coins.values()}
        return merge_providers(self.provider(script, private=True) for script in scripts if self.is_mine(script))
