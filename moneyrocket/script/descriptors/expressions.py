"""Script expressions of descriptors (BIP381 to BIP386) and what they expand to."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from moneyrocket.primitives.hashes import hash160, sha256
from moneyrocket.script.descriptors.checksum import with_checksum
from moneyrocket.script.descriptors.key_expression import DerivedKey, KeyExpression
from moneyrocket.script.signing_provider import SigningProvider, TaprootSpend, merge_providers

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams
    from moneyrocket.script.keys import PrivateKey, PublicKey

LEAF_VERSION_TAPSCRIPT = 0xC0


@dataclass(frozen=True, slots=True)
class Expansion:
    """The scripts of a descriptor at one position, and what is known about solving them."""

    scripts: tuple[bytes, ...]
    provider: SigningProvider


class Descriptor(ABC):
    """A parsed descriptor. Immutable; derived parent keys are remembered."""

    output_type: str | None = None
    """Address type in RPC terms: legacy, p2sh-segwit, bech32, bech32m; None where there is none."""

    is_solvable = True
    is_single_type = True

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        """The key expressions, in order of appearance."""
        return ()

    @cached_property
    def is_range(self) -> bool:
        """Whether it stands for a script at each position rather than for one."""
        return any(key.is_range for key in self.keys)

    @cached_property
    def has_private_keys(self) -> bool:
        """Whether any secret is part of it."""
        return any(key.has_private_key for key in self.keys)

    @abstractmethod
    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        """Scripts at a position, with secrets in the provider if ``private``.

        Raises:
            DescriptorError: if a secret is needed that is not here.
        """

    @abstractmethod
    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        """The text without checksum."""

    def to_string(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        """The text with checksum; secrets only if ``private``; ``normalized`` as in listdescriptors."""
        return with_checksum(self.body(params, private=private, normalized=normalized))


def _key_provider(key: KeyExpression, derived: DerivedKey, position: int, *, private: bool) -> SigningProvider:
    public_key = derived.public_key
    key_id = public_key.key_id
    secrets: dict[bytes, PrivateKey] = {}
    if private:
        secret = key.derive_private(position)
        if secret is not None:
            public_key = secret.public_key
            key_id = public_key.key_id
            secrets[key_id] = secret
    return SigningProvider(
        public_keys={key_id: public_key},
        private_keys=secrets,
        origins={key_id: derived.origin},
        x_only_keys={public_key.x_only: key_id},
    )


@dataclass(frozen=True)
class _SingleKeyDescriptor(Descriptor):
    """Base of the functions that take one key."""

    key: KeyExpression

    name = ""

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        return (self.key,)

    def _script(self, public_key: "PublicKey") -> bytes:
        raise NotImplementedError

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        derived = self.key.derive(position)
        provider = _key_provider(self.key, derived, position, private=private)
        return Expansion((self._script(derived.public_key),), provider)

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        return f"{self.name}({self.key.to_string(params, private=private, normalized=normalized)})"


class Pk(_SingleKeyDescriptor):
    """``pk(KEY)``: pay to a bare key (BIP381), or inside ``tr`` an x-only key."""

    name = "pk"

    def _script(self, public_key: "PublicKey") -> bytes:
        from moneyrocket.script.standard import p2pk

        return p2pk(public_key.data)


class Pkh(_SingleKeyDescriptor):
    """``pkh(KEY)``: pay to a key hash (BIP381)."""

    name = "pkh"
    output_type = "legacy"

    def _script(self, public_key: "PublicKey") -> bytes:
        from moneyrocket.script.standard import p2pkh

        return p2pkh(public_key.key_id)


class Wpkh(_SingleKeyDescriptor):
    """``wpkh(KEY)``: pay to a witness key hash (BIP382)."""

    name = "wpkh"
    output_type = "bech32"

    def _script(self, public_key: "PublicKey") -> bytes:
        from moneyrocket.script.standard import p2wpkh

        return p2wpkh(public_key.key_id)


class RawTr(_SingleKeyDescriptor):
    """``rawtr(KEY)``: a taproot output whose output key is KEY itself (BIP386)."""

    name = "rawtr"
    output_type = "bech32m"

    def _script(self, public_key: "PublicKey") -> bytes:
        from moneyrocket.script.standard import p2tr

        return p2tr(public_key.x_only)


class Combo(_SingleKeyDescriptor):
    """``combo(KEY)``: every form that pays to one key (BIP384)."""

    name = "combo"
    is_single_type = False

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        from moneyrocket.script.standard import p2pk, p2pkh, p2sh, p2wpkh

        derived = self.key.derive(position)
        public_key = derived.public_key
        provider = _key_provider(self.key, derived, position, private=private)
        scripts = [p2pk(public_key.data), p2pkh(public_key.key_id)]
        if public_key.is_compressed:
            witness_program = p2wpkh(public_key.key_id)
            scripts += [witness_program, p2sh(witness_program)]
            provider = provider.merged(SigningProvider(scripts={hash160(witness_program): witness_program}))
        return Expansion(tuple(scripts), provider)


@dataclass(frozen=True)
class Multi(Descriptor):
    """``multi``, ``sortedmulti`` (BIP383) and inside ``tr`` ``multi_a``, ``sortedmulti_a`` (BIP387)."""

    threshold: int
    key_list: tuple[KeyExpression, ...]
    is_sorted: bool = False
    is_tapscript: bool = False

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        return self.key_list

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        from moneyrocket.script.standard import multi_a, multisig

        derived = [key.derive(position) for key in self.key_list]
        providers = [
            _key_provider(key, at, position, private=private) for key, at in zip(self.key_list, derived, strict=True)
        ]
        if self.is_tapscript:
            spelled = [at.public_key.x_only for at in derived]
        else:
            spelled = [at.public_key.data for at in derived]
        if self.is_sorted:
            spelled.sort()
        script = (multi_a if self.is_tapscript else multisig)(self.threshold, tuple(spelled))
        return Expansion((script,), merge_providers(providers))

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        name = ("sorted" if self.is_sorted else "") + "multi" + ("_a" if self.is_tapscript else "")
        spelled = (key.to_string(params, private=private, normalized=normalized) for key in self.key_list)
        return f"{name}({','.join([str(self.threshold), *spelled])})"


@dataclass(frozen=True)
class Wsh(Descriptor):
    """``wsh(SCRIPT)``: pay to a witness script hash (BIP382)."""

    inner: Descriptor

    output_type = "bech32"

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        return self.inner.keys

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        from moneyrocket.script.standard import p2wsh

        inner = self.inner.expand(position, private=private)
        (script,) = inner.scripts
        known = SigningProvider(witness_scripts={sha256(script): script})
        return Expansion((p2wsh(script),), inner.provider.merged(known))

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        return f"wsh({self.inner.body(params, private=private, normalized=normalized)})"


@dataclass(frozen=True)
class Sh(Descriptor):
    """``sh(SCRIPT)``: pay to a script hash (BIP381)."""

    inner: Descriptor

    @property
    def output_type(self) -> str | None:  # type: ignore[override] # depends on what is inside, where others are fixed
        """Nested segwit has a name of its own."""
        return "p2sh-segwit" if isinstance(self.inner, Wpkh | Wsh) else "legacy"

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        return self.inner.keys

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        from moneyrocket.script.standard import p2sh

        inner = self.inner.expand(position, private=private)
        (script,) = inner.scripts
        known = SigningProvider(scripts={hash160(script): script})
        return Expansion((p2sh(script),), inner.provider.merged(known))

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        return f"sh({self.inner.body(params, private=private, normalized=normalized)})"


@dataclass(frozen=True, slots=True)
class TreeLeaf:
    """A script in a taproot tree."""

    script: Descriptor


@dataclass(frozen=True, slots=True)
class TreeBranch:
    """Two halves of a taproot tree."""

    left: "TapTree"
    right: "TapTree"


TapTree = TreeLeaf | TreeBranch


def _leaves(tree: TapTree) -> tuple[Descriptor, ...]:
    if isinstance(tree, TreeLeaf):
        return (tree.script,)
    return _leaves(tree.left) + _leaves(tree.right)


@dataclass(frozen=True, slots=True)
class _HashedTree:
    root: bytes
    paths: tuple[tuple[bytes, bytes], ...]
    """Each leaf's script and merkle path, from the leaf up."""


@dataclass(frozen=True)
class Tr(Descriptor):
    """``tr(KEY)`` and ``tr(KEY,TREE)``: a taproot output (BIP386)."""

    internal_key: KeyExpression
    tree: TapTree | None = None

    output_type = "bech32m"

    @property
    def keys(self) -> tuple[KeyExpression, ...]:
        leaves = _leaves(self.tree) if self.tree is not None else ()
        return (self.internal_key, *(key for leaf in leaves for key in leaf.keys))

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        from moneyrocket.script.standard import p2tr
        from moneyrocket.script.taproot import tweak_public_key

        internal = self.internal_key.derive(position)
        x_only = internal.public_key.x_only
        providers = [_key_provider(self.internal_key, internal, position, private=private)]
        hashed = self._hash_tree(self.tree, position, providers, private=private) if self.tree is not None else None
        merkle_root = hashed.root if hashed else b""
        output_key, parity = tweak_public_key(x_only, merkle_root)
        leaves: dict[tuple[int, bytes], tuple[bytes, ...]] = {}
        for script, path in hashed.paths if hashed else ():
            control = bytes((LEAF_VERSION_TAPSCRIPT | parity,)) + x_only + path
            known = leaves.get((LEAF_VERSION_TAPSCRIPT, script), ())
            leaves[LEAF_VERSION_TAPSCRIPT, script] = tuple(sorted((*known, control), key=len))
        providers.append(SigningProvider(taproot={output_key: TaprootSpend(x_only, merkle_root, leaves)}))
        return Expansion((p2tr(output_key),), merge_providers(providers))

    def _hash_tree(
        self, tree: TapTree, position: int, providers: list[SigningProvider], *, private: bool
    ) -> _HashedTree:
        from moneyrocket.script.taproot import tap_branch_hash, tap_leaf_hash

        if isinstance(tree, TreeLeaf):
            script, provider = self._leaf_script(tree.script, position, private=private)
            providers.append(provider)
            return _HashedTree(tap_leaf_hash(LEAF_VERSION_TAPSCRIPT, script), ((script, b""),))
        left = self._hash_tree(tree.left, position, providers, private=private)
        right = self._hash_tree(tree.right, position, providers, private=private)
        paths = tuple((script, path + right.root) for script, path in left.paths) + tuple(
            (script, path + left.root) for script, path in right.paths
        )
        return _HashedTree(tap_branch_hash(left.root, right.root), paths)

    @staticmethod
    def _leaf_script(leaf: Descriptor, position: int, *, private: bool) -> tuple[bytes, SigningProvider]:
        from moneyrocket.script.standard import p2pk

        if isinstance(leaf, Pk):
            derived = leaf.key.derive(position)
            provider = _key_provider(leaf.key, derived, position, private=private)
            return p2pk(derived.public_key.x_only), provider
        expansion = leaf.expand(position, private=private)
        (script,) = expansion.scripts
        return script, expansion.provider

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        def spell(tree: TapTree) -> str:
            if isinstance(tree, TreeLeaf):
                return tree.script.body(params, private=private, normalized=normalized)
            return f"{{{spell(tree.left)},{spell(tree.right)}}}"

        key = self.internal_key.to_string(params, private=private, normalized=normalized)
        return f"tr({key},{spell(self.tree)})" if self.tree is not None else f"tr({key})"


@dataclass(frozen=True)
class Addr(Descriptor):
    """``addr(ADDRESS)``: whatever an address pays to (BIP385)."""

    address: str
    script: bytes
    output_type: str | None = None

    is_solvable = False

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        return Expansion((self.script,), SigningProvider())

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        return f"addr({self.address})"


@dataclass(frozen=True)
class Raw(Descriptor):
    """``raw(HEX)``: a script as it is (BIP385)."""

    script: bytes
    output_type: str | None = None

    is_solvable = False

    def expand(self, position: int = 0, *, private: bool = False) -> Expansion:
        return Expansion((self.script,), SigningProvider())

    def body(self, params: "AddressParams", *, private: bool = False, normalized: bool = False) -> str:
        return f"raw({self.script.hex()})"
