"""Makes the wallet component of this process from what the node sent."""

from __future__ import annotations

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.wallet import WalletLoader


def args_from(global_args: GlobalArgs) -> ArgsManager:
    """Returns the node's settings in this process.

    Raises:
        ValueError: they are malformed.
    """
    return ArgsManager(NODE_OPTIONS, Settings.from_json(global_args.settings))


def make_wallet_loader(global_args: GlobalArgs, chain: Chain) -> WalletLoader:
    """Makes the wallet component.

    Args:
        global_args: the node's settings.
        chain: the node, or a proxy of it.
    """
    from moneyrocket.wallet.loader import WalletLoaderImpl

    return WalletLoaderImpl(args_from(global_args), chain)
