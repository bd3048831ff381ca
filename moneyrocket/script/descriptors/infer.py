"""Finds a descriptor for a script from what is known about its keys."""

from typing import TYPE_CHECKING

from moneyrocket.primitives.hashes import ripemd160
from moneyrocket.script.address import encode_address, has_address
from moneyrocket.script.descriptors.expressions import (
    Addr,
    Descriptor,
    Multi,
    Pk,
    Pkh,
    Raw,
    RawTr,
    Sh,
    TapTree,
    Tr,
    TreeBranch,
    TreeLeaf,
    Wpkh,
    Wsh,
)
from moneyrocket.script.descriptors.key_expression import SingleKey
from moneyrocket.script.encoding import is_compressed_or_uncompressed
from moneyrocket.script.keys import PublicKey
from moneyrocket.script.opcodes import OP_CHECKSIG
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.standard import TxoutType, match_multi_a, solve
from moneyrocket.script.taproot import CONTROL_BASE_SIZE, CONTROL_NODE_SIZE, LEAF_VERSION_TAPSCRIPT

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams


def infer_descriptor(script: bytes, provider: SigningProvider, params: "AddressParams") -> Descriptor:
    """The most telling descriptor of a script: with keys where they are known, else its address, else raw."""
    known = _infer(script, provider, top=True, witness=False)
    if known is not None:
        return known
    return Addr(encode_address(script, params), script) if has_address(script) else Raw(script)


def _infer(script: bytes, provider: SigningProvider, *, top: bool, witness: bool) -> Descriptor | None:
    """Descriptor of a script at the top, in sh(), or (``witness``) in wsh()."""
    kind, solutions = solve(script)
    match kind:
        case TxoutType.PUBKEY:
            key = _key(solutions[0], provider, compressed=witness)
            return Pk(key) if key else None
        case TxoutType.PUBKEYHASH:
            key = _known_key(solutions[0], provider, compressed=witness)
            return Pkh(key) if key else None
        case TxoutType.WITNESS_V0_KEYHASH if not witness:
            key = _known_key(solutions[0], provider, compressed=True)
            return Wpkh(key) if key else None
        case TxoutType.MULTISIG:
            keys = [_key(data, provider, compressed=witness) for data in solutions[1:-1]]
            usable = tuple(key for key in keys if key)
            return Multi(solutions[0][0], usable) if len(usable) == len(keys) else None
        case TxoutType.SCRIPTHASH if top:
            return _nested(provider.scripts.get(solutions[0]), provider, Sh, witness=False)
        case TxoutType.WITNESS_V0_SCRIPTHASH if not witness:
            inner = provider.witness_scripts.get(solutions[0]) or provider.scripts.get(ripemd160(solutions[0]))
            return _nested(inner, provider, Wsh, witness=True)
        case TxoutType.WITNESS_V1_TAPROOT if top:
            return _infer_taproot(solutions[0], provider)
        case _:
            return None


def _nested(
    script: bytes | None, provider: SigningProvider, wrap: type[Sh | Wsh], *, witness: bool
) -> Descriptor | None:
    if script is None:
        return None
    inner = _infer(script, provider, top=False, witness=witness)
    return wrap(inner) if inner is not None else None


def _infer_taproot(output_key: bytes, provider: SigningProvider) -> Descriptor | None:
    spend = provider.taproot.get(output_key)
    if spend is not None:
        leaves = [
            (version, script, _path(block)) for (version, script), blocks in spend.leaves.items() for block in blocks
        ]
        tree = _infer_tree(leaves, provider) if leaves else None
        if tree is not None or not (leaves or spend.merkle_root):
            return Tr(_x_only_key(spend.internal_key, provider), tree)
    from moneyrocket.script.secp256k1 import is_valid_x_only

    return RawTr(_x_only_key(output_key, provider)) if is_valid_x_only(output_key) else None


_Leaf = tuple[int, bytes, tuple[bytes, ...]]
"""Leaf version, script, and the hashes beside its way to the root of the (sub)tree, lowest first."""


def _path(control_block: bytes) -> tuple[bytes, ...]:
    nodes = range(CONTROL_BASE_SIZE, len(control_block), CONTROL_NODE_SIZE)
    return tuple(control_block[pos : pos + CONTROL_NODE_SIZE] for pos in nodes)


def _infer_tree(leaves: list[_Leaf], provider: SigningProvider) -> TapTree | None:
    """The tree that has just these leaves, None if part of it is unknown or says nothing."""
    if any(not path for _, _, path in leaves):
        (version, script, _), *others = leaves
        inner = None if others or version != LEAF_VERSION_TAPSCRIPT else _infer_leaf(script, provider)
        return TreeLeaf(inner) if inner is not None else None
    # The last hash beside the way of a leaf in one half is the root of the other half.
    halves: dict[bytes, list[_Leaf]] = {}
    for version, script, path in leaves:
        halves.setdefault(path[-1], []).append((version, script, path[:-1]))
    if len(halves) != 2:
        return None
    left, right = (_infer_tree(half, provider) for half in halves.values())
    return TreeBranch(left, right) if left is not None and right is not None else None


def _infer_leaf(script: bytes, provider: SigningProvider) -> Descriptor | None:
    if len(script) == 34 and script[0] == 32 and script[33] == OP_CHECKSIG:
        return Pk(_x_only_key(script[1:33], provider))
    multi = match_multi_a(script)
    if multi is None:
        return None
    required, keys = multi
    return Multi(required, tuple(_x_only_key(key, provider) for key in keys), is_tapscript=True)


def _known_key(key_id: bytes, provider: SigningProvider, *, compressed: bool) -> SingleKey | None:
    public_key = provider.public_keys.get(key_id)
    return _key(public_key.data, provider, compressed=compressed) if public_key is not None else None


def _key(data: bytes, provider: SigningProvider, *, compressed: bool) -> SingleKey | None:
    """A key as an expression, None if it may not stand there."""
    if not is_compressed_or_uncompressed(data) or (compressed and len(data) != 33):
        return None
    public_key = PublicKey(data)
    return SingleKey(public_key, origin=provider.origins.get(public_key.key_id))


def _x_only_key(x_only: bytes, provider: SigningProvider) -> SingleKey:
    key_id = provider.x_only_keys.get(x_only)
    public_key = provider.public_keys.get(key_id) if key_id else None
    origin = provider.origins.get(key_id) if key_id else None
    return SingleKey(public_key or PublicKey(b"\x02" + x_only), is_x_only=True, origin=origin)
