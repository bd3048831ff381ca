"""Key expressions inside descriptors (BIP380): hex, WIF or extended keys, with origin and derivation path."""

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from moneyrocket.script.bip32 import HARDENED, Bip32Error, ExtendedKey
from moneyrocket.script.descriptors.errors import DescriptorError
from moneyrocket.script.signing_provider import KeyOrigin

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams
    from moneyrocket.script.keys import PrivateKey, PublicKey


class Wildcard(Enum):
    """How the last derivation step of a ranged key goes."""

    NONE = ""
    UNHARDENED = "/*"
    HARDENED = "/*h"


def format_path(path: tuple[int, ...], hardened_mark: str = "h") -> str:
    """Spell a derivation path, each step behind a slash."""
    return "".join(f"/{index & ~HARDENED}{hardened_mark if index & HARDENED else ''}" for index in path)


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """A key at one position of a descriptor."""

    public_key: "PublicKey"
    origin: KeyOrigin


@dataclass(frozen=True)
class SingleKey:
    """A fixed key: in hex, x-only hex or WIF."""

    public_key: "PublicKey"
    private_key: "PrivateKey | None" = None
    is_x_only: bool = False
    origin: KeyOrigin | None = None
    hardened_mark: str = "h"

    is_range = False

    @property
    def has_private_key(self) -> bool:
        """Whether the secret is part of the expression."""
        return self.private_key is not None

    def derive(self, _position: int) -> DerivedKey:
        """The key itself; a fixed key has no positions."""
        return DerivedKey(self.public_key, self.origin or KeyOrigin(self.public_key.key_id[:4]))

    def derive_private(self, _position: int) -> "PrivateKey | None":
        """The secret, if it is known."""
        return self.private_key

    def to_string(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        """Spell the expression. ``normalized`` changes nothing for fixed keys."""
        if private and self.private_key is not None:
            body = self.private_key.to_wif(params)
        else:
            body = self.public_key.x_only.hex() if self.is_x_only else self.public_key.data.hex()
        return _spell_origin(self.origin, "h" if normalized else self.hardened_mark) + body


@dataclass(frozen=True)
class ExtendedKeyExpression:
    """An xpub or xprv with the path below it."""

    key: ExtendedKey
    path: tuple[int, ...] = ()
    wildcard: Wildcard = Wildcard.NONE
    origin: KeyOrigin | None = None
    hardened_mark: str = "h"

    @property
    def is_range(self) -> bool:
        """Whether each position has a key of its own."""
        return self.wildcard is not Wildcard.NONE

    @property
    def has_private_key(self) -> bool:
        """Whether the secret is part of the expression."""
        return self.key.secret is not None

    @cached_property
    def _parent(self) -> ExtendedKey:
        try:
            return self.key.derive(self.path)
        except Bip32Error:
            raise DescriptorError("Cannot derive script without private keys") from None

    @cached_property
    def _public_parent(self) -> ExtendedKey:
        return self._parent.neutered()

    def _last_step(self, position: int) -> tuple[int, ...]:
        if self.wildcard is Wildcard.NONE:
            return ()
        return (position | HARDENED if self.wildcard is Wildcard.HARDENED else position,)

    def _origin_at(self, position: int) -> KeyOrigin:
        base = self.origin or KeyOrigin(self.key.fingerprint)
        return KeyOrigin(base.fingerprint, base.path + self.path + self._last_step(position))

    def derive(self, position: int) -> DerivedKey:
        """The key at a position.

        Raises:
            DescriptorError: if it needs a secret that is not here.
        """
        from moneyrocket.script.keys import PublicKey

        parent = self._parent if self.wildcard is Wildcard.HARDENED else self._public_parent
        try:
            key = parent.derive(self._last_step(position))
        except Bip32Error:
            raise DescriptorError("Cannot derive script without private keys") from None
        return DerivedKey(PublicKey(key.public_key), self._origin_at(position))

    def derive_private(self, position: int) -> "PrivateKey | None":
        """The secret at a position, if it is known."""
        from moneyrocket.script.keys import PrivateKey

        if self.key.secret is None:
            return None
        secret = self._parent.derive(self._last_step(position)).secret
        assert secret is not None
        return PrivateKey(secret)

    def to_string(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        """Spell the expression.

        Args:
            params: chain whose prefixes to use.
            private: with secrets where they are known.
            normalized: as the xpub below the last hardened step, with its origin, so that others can derive from it.
        """
        if normalized and not private:
            return self._normalized(params)
        use_secret = private and self.key.secret is not None
        body = self.key.to_xprv(params) if use_secret else self.key.to_xpub(params)
        wildcard = self.wildcard.value.replace("h", self.hardened_mark)
        return (
            _spell_origin(self.origin, self.hardened_mark)
            + body
            + format_path(self.path, self.hardened_mark)
            + wildcard
        )

    def _normalized(self, params: "AddressParams") -> str:
        steps = [place for place, index in enumerate(self.path) if index & HARDENED]
        if self.wildcard is Wildcard.HARDENED or not steps:
            origin = _spell_origin(self.origin, "h")
            return origin + self.key.to_xpub(params) + format_path(self.path) + self.wildcard.value
        if self.key.secret is None:
            raise DescriptorError("Cannot normalize a descriptor without its private keys")
        split = steps[-1] + 1
        base = self.origin or KeyOrigin(self.key.fingerprint)
        origin = _spell_origin(KeyOrigin(base.fingerprint, base.path + self.path[:split]), "h")
        xpub = self.key.derive(self.path[:split]).neutered().to_xpub(params)
        wildcard: str = self.wildcard.value
        return origin + xpub + format_path(self.path[split:]) + wildcard


KeyExpression = SingleKey | ExtendedKeyExpression


def _spell_origin(origin: KeyOrigin | None, hardened_mark: str) -> str:
    if origin is None:
        return ""
    return f"[{origin.fingerprint.hex()}{format_path(origin.path, hardened_mark)}]"
