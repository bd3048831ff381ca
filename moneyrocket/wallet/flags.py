"""Properties that a wallet has for life, or that `setwalletflag` changes."""

from __future__ import annotations

from enum import IntFlag
from typing import Final


class WalletFlag(IntFlag):
    """Bits of a wallet's flags, with Bitcoin Core's values."""

    AVOID_REUSE = 1 << 0
    """Coins on addresses that were spent from are kept apart."""
    KEY_ORIGIN_METADATA = 1 << 1
    LAST_HARDENED_XPUB_CACHED = 1 << 2
    DISABLE_PRIVATE_KEYS = 1 << 32
    BLANK = 1 << 33
    """Made without keys, and none were added since."""
    DESCRIPTORS = 1 << 34
    EXTERNAL_SIGNER = 1 << 35


FLAG_NAMES: Final[dict[WalletFlag, str]] = {
    WalletFlag.AVOID_REUSE: "avoid_reuse",
    WalletFlag.KEY_ORIGIN_METADATA: "key_origin_metadata",
    WalletFlag.LAST_HARDENED_XPUB_CACHED: "last_hardened_xpub_cached",
    WalletFlag.DISABLE_PRIVATE_KEYS: "disable_private_keys",
    WalletFlag.BLANK: "blank",
    WalletFlag.DESCRIPTORS: "descriptor_wallet",
    WalletFlag.EXTERNAL_SIGNER: "external_signer",
}

MUTABLE_FLAGS: Final = WalletFlag.AVOID_REUSE


def flag_names(flags: WalletFlag) -> list[str]:
    """Spell the set flags, lowest bit first."""
    return [name for flag, name in FLAG_NAMES.items() if flag & flags]
