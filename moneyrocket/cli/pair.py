"""moneyrocket pair: lets components on different machines trust one another.

What is to be carried over goes to standard output, and what to do with it to standard error.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.config_file import read_config_files
from moneyrocket.common.errors import ConfigError
from moneyrocket.common.options import Flag, Group, OptionSpec
from moneyrocket.common.options_base import CHAIN_OPTIONS, DATA_OPTIONS, HELP_OPTIONS
from moneyrocket.ipc.address import KEYS_FOLDER
from moneyrocket.ipc.keys import ROLES, Certificate, PairingError, key_file, own_certificate, renew
from moneyrocket.ipc.peers import Peers, line_of, read_line

_SERVER = "node"
_CLIENTS = tuple(role for role in ROLES if role != _SERVER)
_PLACE_OPTIONS = ("-datadir", "-conf", "-chain", "-regtest", "-signet", "-testnet", "-testnet4")

OPTIONS = (
    *(option for option in HELP_OPTIONS if option.key != "-version"),
    *DATA_OPTIONS,
    *CHAIN_OPTIONS,
    OptionSpec(
        "-role=<role>",
        "The component of this machine: node, wallet, gui or cli (default: node)",
        Group.COMMANDS,
        Flag.NO_NEGATION | Flag.NO_ELISION,
    ),
    OptionSpec("-list", "Show this machine's components and whom they trust", Group.COMMANDS, Flag.NO_NEGATION),
    OptionSpec(
        "-forget=<fingerprint>",
        "Trust a component no more, from its next connection on",
        Group.COMMANDS,
        Flag.NO_NEGATION | Flag.NO_ELISION,
    ),
    OptionSpec(
        "-renew", "Make a new key for the component; it must be paired anew then", Group.COMMANDS, Flag.NO_NEGATION
    ),
)

_USAGE = """Components that speak over TCP (-ipcbind=tcp:<host>:<port>, -ipcconnect=tcp:<host>:<port>) show each
other their keys, and trust those that were carried over before. Each has a key, made on first use.

Usage: moneyrocket pair [options]           print the line that stands for the component
or:    moneyrocket pair [options] <line>    trust the component that a line stands for

To pair a wallet with a node: run 'moneyrocket pair -role=wallet' where the wallet is, and 'moneyrocket pair <line>'
where the node is; it says what is left to do.

"""


def run(arguments: Sequence[str]) -> int:
    """Runs the command; returns the exit status.

    Args:
        arguments: what follows ``pair``.
    """
    args = ArgsManager(OPTIONS)
    options = [argument for argument in arguments if argument.startswith("-")]
    text = "".join(argument for argument in arguments if not argument.startswith("-"))
    try:
        parse_command_line(args, options)
        if any(args.is_set(name) for name in ("-help", "-h", "-?")):
            from moneyrocket.common.option_help import options_help

            print(_USAGE + options_help(args.options.values(), show_debug=False), end="")
            return 0
        if not args.datadir_exists():
            raise PairingError(f'Specified data directory "{args.get("-datadir")}" does not exist.')
        read_config_files(args)
        args.select_network(args.chain_name)
        _Pairing(args, options).perform(text)
    except (ConfigError, PairingError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


class _Pairing:
    """One use of the command.

    Args:
        args: what was asked for.
        options: the same as it was written.
    """

    def __init__(self, args: ArgsManager, options: Sequence[str]) -> None:
        self._args = args
        self._folder: Path = args.datadir_net / KEYS_FOLDER
        self._peers = Peers(self._folder)
        self._role = args.get("-role", _SERVER)
        # With the same of these, a further command is about the same data directory and chain.
        self._place = [option for option in options if option.partition("=")[0].replace("--", "-") in _PLACE_OPTIONS]
        if self._role not in ROLES:
            raise PairingError(f"There is no role '{self._role}'; choose one of {', '.join(ROLES)}")

    def perform(self, text: str) -> None:
        """Do what was asked for.

        Args:
            text: the line of another component, or nothing.
        """
        asked = [name for name in ("-list", "-forget", "-renew") if self._args.is_set(name)]
        if len(asked) + bool(text) > 1:
            raise PairingError(f"Only one of {', '.join([*asked, *(['a line'] if text else [])])} may be given")
        if self._args.is_set("-list"):
            self._list()
        elif self._args.is_set("-forget"):
            self._forget()
        elif text:
            self._trust(text)
        else:
            self._show()

    def _show(self) -> None:
        if self._args.is_set("-renew"):
            own = renew(self._folder, self._role)
            _tell(f"Made a new key for the {own.role}. Nobody trusts it yet; pair it anew with each of its peers.")
        else:
            own = own_certificate(self._folder, self._role)
        _tell(f"This {own.role}: {own.shown_fingerprint}, until {own.expires:%Y-%m-%d}")
        if own.expired:
            raise PairingError(f"It has expired. Make a new key: {self._command('-renew')}")
        print(line_of(own))
        _tell("Next, on the machine of the other component, with its -datadir and chain options:")
        if own.role == _SERVER:
            for role in _CLIENTS:
                _tell(f"  moneyrocket pair -role={role} <this line>     if that is a {role}")
        else:
            _tell("  moneyrocket pair <this line>")

    def _trust(self, text: str) -> None:
        peer = read_line(text)
        if not self._args.is_set("-role") and peer.role == _SERVER:
            raise PairingError(f"This is a node's line. Say who shall trust it: add -role={', -role='.join(_CLIENTS)}")
        if (peer.role == _SERVER) == (self._role == _SERVER):
            raise PairingError(
                f"This is a {peer.role}'s line, and a {self._role} does not connect to a {peer.role}. "
                "Pair a node with a wallet, a gui or a cli"
            )
        own = own_certificate(self._folder, self._role)
        self._peers.add(peer)
        _tell(f"This {own.role} now trusts the {peer.role} {peer.shown_fingerprint}, until {peer.expires:%Y-%m-%d}.")
        _tell("Compare the fingerprint with what the other machine shows for it.")
        _tell(f"This {own.role}: {own.shown_fingerprint}, until {own.expires:%Y-%m-%d}")
        print(line_of(own))
        _tell("Next, unless it was done before, on the other machine, with its -datadir and chain options:")
        _tell(f"  moneyrocket pair{'' if peer.role == _SERVER else f' -role={peer.role}'} <this line>")

    def _forget(self) -> None:
        peer = self._peers.forget(self._args.get("-forget"))
        print(f"Forgot the {peer.role} {peer.shown_fingerprint}. A connection it has now goes on until it ends.")

    def _list(self) -> None:
        own = [own_certificate(self._folder, role) for role in ROLES if key_file(self._folder, role).exists()]
        peers = self._peers.all()
        for title, certificates in (("own", own), ("peer", peers)):
            for certificate in certificates:
                print(f"{title:<5} {certificate.role:<7} {certificate.shown_fingerprint}  {_until(certificate)}")
        if not own and not peers:
            _tell(f"No keys yet in {self._folder}. Begin with: {self._command()}")

    def _command(self, *more: str) -> str:
        return shlex.join(["moneyrocket", "pair", *self._place, f"-role={self._role}", *more])


def _until(certificate: Certificate) -> str:
    return f"{'expired' if certificate.expired else 'until'} {certificate.expires:%Y-%m-%d}"


def _tell(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)
