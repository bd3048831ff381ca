"""What a signer knows about the scripts it may meet: keys, nested scripts, origins, taproot trees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moneyrocket.script.keys import PrivateKey, PublicKey


@dataclass(frozen=True, slots=True)
class KeyOrigin:
    """Where a key comes from: fingerprint of the master key (4 bytes) and the path from it (BIP32 indexes)."""

    fingerprint: bytes
    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TaprootSpend:
    """How a taproot output can be spent (BIP341).

    Attributes:
        internal_key: x-only internal key, 32 bytes.
        merkle_root: root of the script tree, empty for none.
        leaves: control blocks by (leaf version, leaf script), shortest first.
    """

    internal_key: bytes
    merkle_root: bytes = b""
    leaves: Mapping[tuple[int, bytes], tuple[bytes, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SigningProvider:
    """Read-only look-ups for solving and signing.

    Attributes:
        scripts: P2SH redeem scripts by hash160.
        witness_scripts: P2WSH scripts by SHA-256.
        public_keys: by key id (hash160 of the serialized key).
        private_keys: by key id of their public key.
        origins: by key id.
        taproot: by x-only output key.
        x_only_keys: key ids by x-only key, for tapscript.
    """

    scripts: Mapping[bytes, bytes] = field(default_factory=dict)
    witness_scripts: Mapping[bytes, bytes] = field(default_factory=dict)
    public_keys: Mapping[bytes, "PublicKey"] = field(default_factory=dict)
    private_keys: Mapping[bytes, "PrivateKey"] = field(default_factory=dict)
    origins: Mapping[bytes, KeyOrigin] = field(default_factory=dict)
    taproot: Mapping[bytes, TaprootSpend] = field(default_factory=dict)
    x_only_keys: Mapping[bytes, bytes] = field(default_factory=dict)

    def merged(self, other: "SigningProvider") -> "SigningProvider":
        """What both know together; ``other`` wins where they differ."""
        return merge_providers((self, other))


def merge_providers(providers: Iterable[SigningProvider]) -> SigningProvider:
    """What all of them know together; later ones win where they differ."""
    scripts: dict[bytes, bytes] = {}
    witness_scripts: dict[bytes, bytes] = {}
    public_keys: dict[bytes, PublicKey] = {}
    private_keys: dict[bytes, PrivateKey] = {}
    origins: dict[bytes, KeyOrigin] = {}
    taproot: dict[bytes, TaprootSpend] = {}
    x_only_keys: dict[bytes, bytes] = {}
    for provider in providers:
        scripts.update(provider.scripts)
        witness_scripts.update(provider.witness_scripts)
        public_keys.update(provider.public_keys)
        private_keys.update(provider.private_keys)
        origins.update(provider.origins)
        taproot.update(provider.taproot)
        x_only_keys.update(provider.x_only_keys)
    return SigningProvider(scripts, witness_scripts, public_keys, private_keys, origins, taproot, x_only_keys)
