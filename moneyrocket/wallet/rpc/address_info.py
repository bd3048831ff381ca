"""Describes an address as getaddressinfo does."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.rpc.address_json import describe_address
from moneyrocket.script.standard import TxoutType, solve
from moneyrocket.wallet.wallet import Wallet


def describe_own_address(wallet: Wallet, script: bytes) -> dict[str, Json]:
    """What an address says by itself, and what the wallet knows of the scripts and keys behind it."""
    kind, solutions = solve(script)
    info = describe_address(script)
    provider = wallet.keyring.provider(script)
    match kind:
        case TxoutType.PUBKEYHASH | TxoutType.WITNESS_V0_KEYHASH:
            key = provider.public_keys.get(solutions[0])
            if key is not None:
                info["pubkey"] = key.data.hex()
                if kind is TxoutType.PUBKEYHASH:
                    info["iscompressed"] = key.is_compressed
        case TxoutType.SCRIPTHASH:
            _add_inner(wallet, script, provider.scripts.get(solutions[0]), info)
        case TxoutType.WITNESS_V0_SCRIPTHASH:
            _add_inner(wallet, script, provider.witness_scripts.get(solutions[0]), info)
        case _:
            pass
    return info


def _add_inner(wallet: Wallet, outer: bytes, inner: bytes | None, info: dict[str, Json]) -> None:
    if inner is None:
        return
    kind, solutions = solve(inner)
    info["script"] = kind.value
    info["hex"] = inner.hex()
    address = wallet.address_of(inner)
    if address is not None:
        embedded = _describe_embedded(wallet, outer, inner)
        embedded["address"] = address
        embedded["scriptPubKey"] = inner.hex()
        # So that the key of a nested address is found where that of a plain one is.
        if "pubkey" in embedded:
            info["pubkey"] = embedded["pubkey"]
        info["embedded"] = embedded
    elif kind is TxoutType.MULTISIG:
        info["sigsrequired"] = solutions[0][0]
        info["pubkeys"] = [key.hex() for key in solutions[1:-1]]


def _describe_embedded(wallet: Wallet, outer: bytes, inner: bytes) -> dict[str, Json]:
    kind, solutions = solve(inner)
    info = describe_address(inner)
    provider = wallet.keyring.provider(outer)
    if kind in (TxoutType.PUBKEYHASH, TxoutType.WITNESS_V0_KEYHASH):
        key = provider.public_keys.get(solutions[0])
        if key is not None:
            info["pubkey"] = key.data.hex()
            if kind is TxoutType.PUBKEYHASH:
                info["iscompressed"] = key.is_compressed
    elif kind is TxoutType.WITNESS_V0_SCRIPTHASH:
        _add_inner(wallet, outer, provider.witness_scripts.get(solutions[0]), info)
    return info
