"""Options of moneyrocket-cli."""

from __future__ import annotations

from moneyrocket.common.options import Flag, Group, OptionSpec
from moneyrocket.common.options_base import CHAIN_OPTIONS, DATA_OPTIONS, HELP_OPTIONS

_O, _C = Group.OPTIONS, Group.CLI_COMMANDS

CLI_COMMANDS = (
    OptionSpec("-addrinfo", "Show how many addresses of peers the node knows, for each network", _C),
    OptionSpec(
        "-generate",
        "Make blocks for a new address of the wallet. Parameters: number of blocks (default: 1) and attempts",
        _C,
    ),
    OptionSpec("-getinfo", "Show the state of node and wallet. Its parts come from several requests", _C),
    OptionSpec("-netinfo", "Show connections to peers", _C),
)

CLI_OPTIONS = (
    *HELP_OPTIONS,
    *DATA_OPTIONS,
    *CHAIN_OPTIONS,
    *CLI_COMMANDS,
    OptionSpec(
        "-color=<when>", "Colours in the output of -getinfo: always, never, auto (default: auto)", _O, Flag.NO_NEGATION
    ),
    OptionSpec("-includeconf=<file>"),
    OptionSpec(
        "-ipcconnect=<address>",
        "Talk to the node through the socket of its -ipcbind, not HTTP: unix for node.sock in the chain's folder, "
        "unix:<path>, or tcp:<host>:<port>. auto tries the first and falls back to HTTP; -noipcconnect is HTTP "
        "(default: auto)",
        Group.IPC,
    ),
    OptionSpec("-named", "Parameters are given as name=value (default: 0)", _O),
    OptionSpec("-rpcclienttimeout=<n>", "Seconds to wait for a reply, 0 for ever (default: 900)", _O),
    OptionSpec("-rpcconnect=<ip>", "Host of the node, may have a port (default: 127.0.0.1)", _O),
    OptionSpec("-rpccookiefile=<loc>", "Cookie file, relative to the chain's folder (default: .cookie)", _O),
    OptionSpec("-rpcid=<id>", "Id of the request (default: 1)", _O, Flag.NO_NEGATION | Flag.NO_ELISION),
    OptionSpec("-rpcpassword=<pw>", "Password", _O),
    OptionSpec(
        "-rpcport=<port>",
        "Port of the node (default: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443)",
        _O,
        Flag.NETWORK_ONLY,
    ),
    OptionSpec("-rpcuser=<user>", "User name", _O),
    OptionSpec("-rpcwait", "Wait until the server has started", _O),
    OptionSpec(
        "-rpcwaittimeout=<n>", "Seconds to wait for that at most, 0 for ever (default: 0)", _O, Flag.NO_NEGATION
    ),
    OptionSpec("-rpcwallet=<walletname>", "Wallet to use, when the node has several", _O),
    OptionSpec("-stdin", "Read further parameters from standard input, one a line", _O),
    OptionSpec("-stdinrpcpass", "Read the password from the first line of standard input", _O),
    OptionSpec("-stdinwalletpassphrase", "Read the wallet's passphrase from the next line of standard input", _O),
)
