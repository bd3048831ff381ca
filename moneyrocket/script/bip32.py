"""Hierarchical deterministic keys (BIP32)."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from moneyrocket.primitives.hashes import hash160
from moneyrocket.script.base58 import Base58Error, base58check_decode, base58check_encode

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams

HARDENED = 0x80000000
MAX_DEPTH = 255


class Bip32Error(ValueError):
    """An extended key or a derivation is not possible; the text says why."""


@dataclass(frozen=True)
class ExtendedKey:
    """A public or private key with its chain code and its place in the tree.

    Attributes:
        public_key: 33 bytes, compressed.
        chain_code: 32 bytes.
        secret: the private key, 32 bytes, or None.
        depth: number of derivations from the master key.
        parent_fingerprint: first 4 bytes of the parent's key id.
        index: last derivation index; `HARDENED` and up are hardened.
    """

    public_key: bytes
    chain_code: bytes
    secret: bytes | None = None
    depth: int = 0
    parent_fingerprint: bytes = bytes(4)
    index: int = 0

    @classmethod
    def from_seed(cls, seed: bytes) -> "ExtendedKey":
        """Master key of a seed of 16 to 64 bytes."""
        from bip32 import BIP32

        master = BIP32.from_seed(seed)
        return cls(master.pubkey, master.chaincode, master.privkey)

    @cached_property
    def fingerprint(self) -> bytes:
        """First 4 bytes of the key id."""
        return hash160(self.public_key)[:4]

    @cached_property
    def _node(self) -> Any:
        from bip32 import BIP32

        return BIP32(self.chain_code, privkey=self.secret, pubkey=self.public_key)

    def child(self, index: int) -> "ExtendedKey":
        """The child at ``index``; private if this key is.

        Raises:
            Bip32Error: for a hardened child of a public key, or at the greatest depth.
        """
        if self.depth >= MAX_DEPTH:
            raise Bip32Error("an extended key cannot be deeper than 255 derivations")
        if self.secret is None:
            if index >= HARDENED:
                raise Bip32Error("a hardened child needs the private key")
            chain_code, public_key = self._node.get_extended_pubkey_from_path([index])
            return ExtendedKey(public_key, chain_code, None, self.depth + 1, self.fingerprint, index)
        chain_code, secret = self._node.get_extended_privkey_from_path([index])
        return ExtendedKey(_public_key_of(secret), chain_code, secret, self.depth + 1, self.fingerprint, index)

    def derive(self, path: tuple[int, ...]) -> "ExtendedKey":
        """The descendant at ``path``; raises as `child` does."""
        key = self
        for index in path:
            key = key.child(index)
        return key

    def neutered(self) -> "ExtendedKey":
        """The same key without its secret."""
        if self.secret is None:
            return self
        return ExtendedKey(self.public_key, self.chain_code, None, self.depth, self.parent_fingerprint, self.index)

    def to_xpub(self, params: "AddressParams") -> str:
        """Base58 spelling of the public key."""
        return self._encode(params.ext_public_prefix, self.public_key)

    def to_xprv(self, params: "AddressParams") -> str:
        """Base58 spelling of the private key.

        Raises:
            Bip32Error: if there is none.
        """
        if self.secret is None:
            raise Bip32Error("a public extended key has no private spelling")
        return self._encode(params.ext_secret_prefix, b"\x00" + self.secret)

    def _encode(self, prefix: bytes, key: bytes) -> str:
        raw = prefix + bytes((self.depth,)) + self.parent_fingerprint + self.index.to_bytes(4, "big")
        return base58check_encode(raw + self.chain_code + key)

    @classmethod
    def parse(cls, text: str, params: "AddressParams") -> "ExtendedKey":
        """Read an xpub or xprv of the given chain.

        Raises:
            Bip32Error: if it is neither.
        """
        try:
            raw = base58check_decode(text, max_size=78)
        except Base58Error as error:
            raise Bip32Error(f"not an extended key: {error}") from None
        if len(raw) != 78:
            raise Bip32Error("not an extended key: wrong length")
        prefix, depth, parent, index = raw[:4], raw[4], raw[5:9], int.from_bytes(raw[9:13], "big")
        chain_code, key = raw[13:45], raw[45:]
        if depth == 0 and (index or any(parent)):
            raise Bip32Error("a master key has no parent")
        if prefix == params.ext_secret_prefix and key[0] == 0:
            return cls(_public_key_of(key[1:]), chain_code, key[1:], depth, parent, index)
        if prefix == params.ext_public_prefix and key[0] in (2, 3):
            _check_public_key(key)
            return cls(key, chain_code, None, depth, parent, index)
        raise Bip32Error("not an extended key of this chain")


def _public_key_of(secret: bytes) -> bytes:
    from moneyrocket.script.secp256k1 import CurveError, public_key

    try:
        return public_key(secret)
    except CurveError:
        raise Bip32Error("the private key is out of range") from None


def _check_public_key(data: bytes) -> None:
    from moneyrocket.script.secp256k1 import is_valid_point

    if not is_valid_point(data):
        raise Bip32Error("the public key is not on the curve")
