"""Finds a descriptor for a script from what is known about its keys."""

from typing import TYPE_CHECKING

from moneyrocket.primitives.hashes import ripemd160
from moneyrocket.script.address import encode_address, has_address
from moneyrocket.script.descriptors.expressions import Addr, Descriptor, Multi, Pk, Pkh, Raw, RawTr, Sh, Tr, Wpkh, Wsh
from moneyrocket.script.descriptors.key_expression import SingleKey
from moneyrocket.script.keys import PublicKey
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.standard import TxoutType, solve

if TYPE_CHECKING:
    from moneyrocket.script.address import AddressParams


def infer_descriptor(script: bytes, provider: SigningProvider, params: "AddressParams") -> Descriptor:
    """The most telling descriptor of a script: with keys where they are known, else its address, else raw."""
    known = _infer(script, provider, top=True, witness=False)
    if known is not None:
        return known
    return Addr(encode_address(script, params), script) if has_address(script) else Raw(script)


def _infer(script: bytes, provider: SigningProvider, *, top: bool, witness: bool) -> Descriptor | None:
    kind, solutions = solve(script)
    match kind:
        case TxoutType.PUBKEY:
            return Pk(_key(PublicKey(solutions[0]), provider))
        case TxoutType.PUBKEYHASH:
            public_key = provider.public_keys.get(solutions[0])
            return Pkh(_key(public_key, provider)) if public_key else None
        case TxoutType.WITNESS_V0_KEYHASH if not witness:
            public_key = provider.public_keys.get(solutions[0])
            return Wpkh(_key(public_key, provider)) if public_key else None
        case TxoutType.MULTISIG:
            keys = tuple(_key(PublicKey(data), provider) for data in solutions[1:-1])
            return Multi(solutions[0][0], keys)
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
    if spend is not None and not spend.leaves and not spend.merkle_root:
        return Tr(_x_only_key(spend.internal_key, provider))
    if output_key in provider.x_only_keys:
        return RawTr(_x_only_key(output_key, provider))
    return None


def _key(public_key: PublicKey, provider: SigningProvider) -> SingleKey:
    return SingleKey(public_key, origin=provider.origins.get(public_key.key_id))


def _x_only_key(x_only: bytes, provider: SigningProvider) -> SingleKey:
    key_id = provider.x_only_keys.get(x_only)
    public_key = provider.public_keys.get(key_id) if key_id else None
    origin = provider.origins.get(key_id) if key_id else None
    return SingleKey(public_key or PublicKey(b"\x02" + x_only), is_x_only=True, origin=origin)
