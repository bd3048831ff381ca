"""Options that change the rules of a test chain: -testactivationheight, -vbparams, -signetchallenge, -test=bip94."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainOverrides, Deployment, VersionBitsOverride

_DEPLOYMENT_NAMES = {"segwit": "SEGWIT", "bip34": "HEIGHTINCB", "dersig": "DERSIG", "cltv": "CLTV", "csv": "CSV"}
_MAX_HEIGHT = (1 << 31) - 1


def chain_overrides(args: ArgsManager) -> ChainOverrides:
    """Returns what the options change.

    Raises:
        InitError: an option is malformed.
    """
    from moneyrocket.consensus.params import ChainOverrides

    return ChainOverrides(
        activation_heights=dict(_activation_height(text) for text in args.get_list("-testactivationheight")),
        version_bits=tuple(_version_bits(text) for text in args.get_list("-vbparams")),
        signet_challenge=_signet_challenge(args),
        signet_seeds=tuple(args.get_list("-signetseednode")) if args.is_set("-signetseednode") else None,
        enforce_bip94=args.has_test_option("bip94"),
        fast_prune=args.get_bool("-fastprune", False),
    )


def _activation_height(text: str) -> tuple[Deployment, int]:
    from moneyrocket.consensus.params import Deployment

    name, at, height = text.rpartition("@")
    if not at:
        raise InitError(f"Invalid format ({text}) for -testactivationheight=name@height.")
    if not (height.isascii() and height.isdecimal() and int(height) < _MAX_HEIGHT):
        raise InitError(f"Invalid height value ({text}) for -testactivationheight=name@height.")
    if name not in _DEPLOYMENT_NAMES:
        raise InitError(f"Invalid name ({text}) for -testactivationheight=name@height.")
    return Deployment[_DEPLOYMENT_NAMES[name]], int(height)


def _version_bits(text: str) -> VersionBitsOverride:
    from moneyrocket.consensus.params import VersionBitsOverride

    parts = text.split(":")
    if not 3 <= len(parts) <= 4:
        raise InitError("Version bits parameters malformed, expecting deployment:start:end[:min_activation_height]")
    name, start, timeout, *height = parts
    if name not in ("testdummy", "taproot"):
        raise InitError(f"Invalid deployment ({name})")
    return VersionBitsOverride(
        name,
        _number(start, "nStartTime"),
        _number(timeout, "nTimeout"),
        _number(height[0], "min_activation_height") if height else 0,
    )


def _number(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InitError(f"Invalid {what} ({text})") from None


def _signet_challenge(args: ArgsManager) -> bytes | None:
    given = args.get_list("-signetchallenge")
    if not given:
        return None
    if len(given) > 1:
        raise InitError("-signetchallenge cannot be multiple values.")
    try:
        return bytes.fromhex(given[0])
    except ValueError:
        raise InitError(f"-signetchallenge must be hex, not '{given[0]}'.") from None
