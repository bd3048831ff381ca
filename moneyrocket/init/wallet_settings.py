"""Settings of a moneyrocket-wallet that was started on its own, beside a node that may share its data directory."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.chain_names import BASE_CHAINS
from moneyrocket.common.errors import InitError
from moneyrocket.init import config, log_setup, parameters
from moneyrocket.ipc.address import Address, AddressError, parse_address

LOCK_FILE: Final = ".wallet-lock"

_OWN_FILES: Final = {
    "-debuglogfile": "wallet.log",
    "-pid": "moneyrocket-wallet.pid",
    "-rpccookiefile": ".wallet-cookie",
    "-settings": "wallet-settings.json",
}

_THE_NODES: Final = frozenset(
    {*(name[1:] for name in _OWN_FILES), "server", "ipcbind", "ipcconnect", "forwardwalletrpc"}
)
"""In the configuration file of a node these, and all -rpc… options, are meant for the node."""


def read_wallet_configuration(args: ArgsManager) -> None:
    """Completes the settings of `args` after the command line, checks them, and makes the data directory.

    A configuration file that the command line names is the wallet's own. In the one that is read by default, which the
    node reads, too, options that name files, addresses and users of the RPC server count for the node alone.

    Raises:
        InitError: a file is missing or malformed, or an option makes no sense.
    """
    config.read_configuration(args, for_node=False, after_files=_separate)
    parameters.check_sections(args)
    parameters.set_mock_time(args)
    parameters.check_ports(args)
    log_setup.set_categories(args)


def node_address(args: ArgsManager) -> Address | None:
    """Where the node listens (-ipcconnect), None for working without one.

    Raises:
        InitError: the option has no address.
    """
    if args.is_negated("-ipcconnect"):
        return None
    text = args.get("-ipcconnect")
    try:
        return parse_address("unix" if text in ("", "auto") else text, args.datadir_net, "node")
    except AddressError as error:
        raise InitError(f"Invalid -ipcconnect: {error}") from None


def _separate(args: ArgsManager) -> None:
    if "conf" not in args.settings.command_line:
        kept = {
            section: {name: given for name, given in values.items() if not _is_the_nodes(name)}
            for section, values in args.settings.config.items()
        }
        args.settings = replace(args.settings, config=kept)
    for name, file in _OWN_FILES.items():
        args.soft_set(name, file)
    args.soft_set("-rpcport", str(BASE_CHAINS[args.chain_name].wallet_rpc_port))


def _is_the_nodes(name: str) -> bool:
    return name in _THE_NODES or name.startswith("rpc")
