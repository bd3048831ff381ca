"""Keeps the private keys of a wallet readable, or sealed until the passphrase is given."""

from __future__ import annotations

from moneyrocket.wallet.crypter import (
    SealedMasterKey,
    new_master_key,
    open_master_key,
    seal,
    seal_master_key,
    unseal,
)
from moneyrocket.wallet.database import WalletDatabase
from moneyrocket.wallet.errors import WalletError

_ROW = "master_key"


class KeyVault:
    """Turns descriptors with private keys into what is stored, and back. Callers hold the wallet's lock."""

    def __init__(self, database: WalletDatabase) -> None:
        self._database = database
        stored = database.get(_ROW)
        self._sealed = SealedMasterKey.deserialize(stored) if isinstance(stored, bytes) else None
        self._master_key: bytes | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether there is a passphrase."""
        return self._sealed is not None

    @property
    def is_locked(self) -> bool:
        """Whether the passphrase is needed before private keys can be used."""
        return self._sealed is not None and self._master_key is None

    def protect(self, secret: str, public: str) -> str | bytes:
        """What to store for a descriptor with private keys, whose public text is ``public``.

        Raises:
            WalletError: the wallet is locked.
        """
        if self._sealed is None:
            return secret
        if self._master_key is None:
            raise WalletError("The wallet is locked")
        return seal(self._master_key, secret.encode(), public.encode())

    def reveal(self, stored: str | bytes | None, public: str) -> str | None:
        """Undo `protect`; None when there are no private keys, or the wallet is locked.

        Raises:
            WalletError: what is stored was changed.
        """
        if not isinstance(stored, bytes):
            return stored
        if self._master_key is None:
            return None
        data = unseal(self._master_key, stored, public.encode())
        if data is None:
            raise WalletError("The wallet is damaged: a private key cannot be decrypted")
        return data.decode()

    def encrypt(self, passphrase: str) -> None:
        """Begin to seal keys. The vault is open afterwards; what is stored already must be protected anew."""
        self._master_key = new_master_key()
        self._seal(passphrase)

    def unlock(self, passphrase: str) -> bool:
        """Open the vault; False if the passphrase is wrong."""
        assert self._sealed is not None
        master_key = open_master_key(self._sealed, passphrase)
        if master_key is None:
            return False
        self._master_key = master_key
        return True

    def lock(self) -> None:
        """Forget the keys."""
        self._master_key = None

    def change_passphrase(self, old: str, new: str) -> bool:
        """Replace the passphrase; False if the old one is wrong."""
        was_locked = self.is_locked
        if not self.unlock(old):
            return False
        self._seal(new)
        if was_locked:
            self.lock()
        return True

    def _seal(self, passphrase: str) -> None:
        assert self._master_key is not None
        self._sealed = seal_master_key(self._master_key, passphrase)
        self._database.put(_ROW, self._sealed.serialize())
