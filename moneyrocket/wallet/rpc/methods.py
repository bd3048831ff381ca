"""All RPC methods of the wallet."""

from __future__ import annotations

from typing import Final

from moneyrocket.rpc.method import RpcMethod
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc import (
    addresses,
    coins,
    descriptors,
    encryption,
    send,
    signing,
    spend,
    transactions,
    wallets,
)

METHODS: Final[tuple[RpcMethod[WalletManager], ...]] = (
    *wallets.METHODS,
    *addresses.METHODS,
    *coins.METHODS,
    *descriptors.METHODS,
    *encryption.METHODS,
    *signing.METHODS,
    *spend.METHODS,
    *send.METHODS,
    *transactions.METHODS,
)
