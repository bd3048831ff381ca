"""Options of moneyrocket-wallet when it is started on its own."""

from __future__ import annotations

from moneyrocket.common.options import Flag, Group, OptionSpec
from moneyrocket.common.options_base import CHAIN_OPTIONS, DATA_OPTIONS, HELP_OPTIONS, LOG_OPTIONS
from moneyrocket.common.options_node import NODE_OPTIONS, SANDBOX_OPTIONS
from moneyrocket.common.options_wallet import WALLET_OPTIONS

_SHARED = frozenset(
    {
        "-help-debug",
        "-allowignoredconf",
        "-includeconf",
        "-deprecatedrpc",
        "-mocktime",
        "-rpcallowip",
        "-rpcauth",
        "-rpcbind",
        "-rpccookieperms",
        "-rpcpassword",
        "-rpcservertimeout",
        "-rpcthreads",
        "-rpcuser",
        "-rpcwhitelist",
        "-rpcwhitelistdefault",
        "-rpcworkqueue",
    }
)
"""Those that mean the same as for a node."""

_OWN = (
    OptionSpec(
        "-ipcconnect=<address>",
        "Node to attach to: unix or auto for node.sock in the chain's folder, unix:<path>, or tcp:<host>:<port> of a "
        "node that 'moneyrocket pair' has made known. One that is away is waited for; -noipcconnect works without a "
        "node (default: auto)",
        Group.IPC,
    ),
    OptionSpec(
        "-ipcbind=<address>",
        "Let programs such as moneyrocket-cli, and a node with -ipcconnect, connect here: unix for wallet.sock in the "
        "chain's folder, or unix:<path>. May be given several times",
        Group.IPC,
    ),
    OptionSpec(
        "-forwardwalletrpc",
        "Let the node use the wallets for its JSON-RPC clients and windows; else only the own server does (default: 1)",
        Group.IPC,
    ),
    OptionSpec(
        "-pid=<file>",
        "File for the process id, relative to the chain's folder (default: moneyrocket-wallet.pid)",
        Group.OPTIONS,
    ),
    OptionSpec(
        "-settings=<file>",
        "File for the list of wallets to load at start, relative to the chain's folder; -nosettings for none "
        "(default: wallet-settings.json)",
        Group.OPTIONS,
    ),
    OptionSpec("-server", "Answer JSON-RPC requests (default: 0)", Group.RPC),
    OptionSpec(
        "-rpcport=<port>",
        "Port (default: 8336, testnet3: 18336, testnet4: 48336, signet: 38336, regtest: 18447)",
        Group.RPC,
        Flag.NETWORK_ONLY,
    ),
    OptionSpec(
        "-rpccookiefile=<loc>",
        "Cookie file, relative to the chain's folder (default: .wallet-cookie)",
        Group.RPC,
    ),
)

_LOG_FILE = OptionSpec(
    "-debuglogfile=<file>",
    "Log file, relative to the chain's folder; -nodebuglogfile writes none (default: wallet.log)",
    Group.OPTIONS,
)

_NOT_HERE = frozenset({"-disablewallet", "-logips"})

WALLET_PROGRAM_OPTIONS = (
    *HELP_OPTIONS,
    *(option for option in NODE_OPTIONS if option.key in _SHARED),
    *DATA_OPTIONS,
    *CHAIN_OPTIONS,
    *(_LOG_FILE if option.key == _LOG_FILE.key else option for option in LOG_OPTIONS if option.key not in _NOT_HERE),
    *(option for option in WALLET_OPTIONS if option.key not in _NOT_HERE),
    *_OWN,
    *SANDBOX_OPTIONS,
)
