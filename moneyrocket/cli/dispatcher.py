"""moneyrocket: finds the right executable for a command and becomes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from moneyrocket.common.version import CLIENT_NAME, LICENSE_TEXT, VERSION_TEXT

_USAGE = """Usage: {name} [OPTIONS] COMMAND...

Options:
  -m, --multiprocess     Use the programs with processes of their own: moneyrocket-node, moneyrocket-gui.
  -M, --monolithic       Use the programs with one process: moneyrocketd, moneyrocket-qt. (Default behavior)
  -v, --version          Show the version
  -h, --help             Show this text

Commands:
  gui [ARGS]     Start the desktop program: moneyrocket-qt [ARGS] or moneyrocket-gui [ARGS].
  node [ARGS]    Start a node: moneyrocketd [ARGS] or moneyrocket-node [ARGS].
  pair [ARGS]    Let components on different machines trust one another; see 'moneyrocket pair -help'.
  rpc [ARGS]     Call an RPC method: moneyrocket-cli -named [ARGS].
  help           Show this text
"""
_HINT = "\nRun '{name} help' to see all commands.\n"
_PROGRAMS = {"gui": ("moneyrocket-qt", "moneyrocket-gui"), "node": ("moneyrocketd", "moneyrocket-node")}
_IPC_OPTIONS = ("ipcbind", "ipcconnect", "ipcfd")


class UsageError(Exception):
    """The command line makes no sense."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What was asked for.

    Attributes:
        multiprocess: shape of the program, None to choose by its options.
        show_version: print the version.
        show_help: print the help text.
        command: gui, node, pair, rpc …; empty when there is none.
        arguments: what follows the command.
    """

    multiprocess: bool | None = None
    show_version: bool = False
    show_help: bool = False
    command: str = ""
    arguments: tuple[str, ...] = ()


def parse(arguments: Sequence[str]) -> CommandLine:
    """Reads the command line.

    Raises:
        UsageError: an option is unknown.
    """
    multiprocess: bool | None = None
    version = wants_help = False
    for number, argument in enumerate(arguments):
        if argument in ("-m", "--multiprocess"):
            multiprocess = True
        elif argument in ("-M", "--monolithic"):
            multiprocess = False
        elif argument in ("-v", "--version"):
            version = True
        elif argument in ("-h", "--help", "help"):
            wants_help = True
        elif argument.startswith("-"):
            raise UsageError(f"Unknown option: {argument}")
        elif argument:
            return CommandLine(multiprocess, version, wants_help, argument, tuple(arguments[number + 1 :]))
    return CommandLine(multiprocess, version, wants_help)


def program_command(line: CommandLine) -> list[str]:
    """Returns the executable's name and its arguments.

    Raises:
        UsageError: there is no such command.
    """
    if line.command == "rpc":
        return ["moneyrocket-cli", "-named", *line.arguments]
    if line.command in _PROGRAMS:
        monolithic, multiprocess = _PROGRAMS[line.command]
        chosen = line.multiprocess if line.multiprocess is not None else _needs_ipc(line.arguments)
        return [multiprocess if chosen else monolithic, *line.arguments]
    raise UsageError(f"Unrecognized command: '{line.command}'")


def main() -> int:
    """Runs the program; returns the exit status when it does not become another."""
    name = Path(sys.argv[0]).name
    try:
        line = parse(sys.argv[1:])
        if line.show_version:
            print(f"{CLIENT_NAME} version {VERSION_TEXT}\n{LICENSE_TEXT}", end="")
            return 0
        if line.show_help or not line.command:
            print(_USAGE.format(name=name) + ("" if line.show_help else _HINT.format(name=name)), end="")
            return 0 if line.show_help else 1
        if line.command == "pair":
            from moneyrocket.cli import pair

            return pair.run(line.arguments)
        _become(program_command(line))
    except (UsageError, OSError) as error:
        print(f"Error: {error}\nTry '{sys.argv[0]} --help' for more information.", file=sys.stderr)
        return 1
    return 0


def _needs_ipc(arguments: Sequence[str]) -> bool:
    """Whether the command line or the configuration file has an option that only the multiprocess programs know."""
    from moneyrocket.common.args import ArgsManager, parse_command_line
    from moneyrocket.common.config_file import read_config_files
    from moneyrocket.common.errors import ConfigError
    from moneyrocket.common.options import OptionSpec
    from moneyrocket.common.options_node import NODE_OPTIONS

    args = ArgsManager((*NODE_OPTIONS, *(OptionSpec(f"-{name}") for name in _IPC_OPTIONS)))
    try:
        parse_command_line(args, arguments, commands=True)
    except ConfigError as error:
        print(f"Warning: failed to parse subcommand command line options: {error}", file=sys.stderr)
    try:
        read_config_files(args)
        args.select_network(args.chain_argument)
    except ConfigError as error:
        print(f"Warning: failed to parse subcommand config: {error}", file=sys.stderr)
    return any(args.is_set(f"-{name}") for name in _IPC_OPTIONS)


def _become(command: list[str]) -> None:
    own = Path(sys.argv[0])
    searched = own.parent == Path()
    beside = own.resolve().parent / command[0]
    sys.stdout.flush()
    if not searched or beside.exists():
        os.execv(beside, [str(beside), *command[1:]])
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
