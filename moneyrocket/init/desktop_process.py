"""The life of a desktop program: command line, configuration, a node to ask, windows, and the end of all of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import ConfigError, InitError
from moneyrocket.common.messages import show_error
from moneyrocket.common.options import OptionSpec
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.gui.options import GuiOptions
from moneyrocket.gui.qt_check import qt_problem
from moneyrocket.init import config
from moneyrocket.init.process_signals import watch_signals

if TYPE_CHECKING:
    from moneyrocket.init.node_sources import BaseSource

_UMASK = 0o077


@dataclass(frozen=True, slots=True)
class DesktopProgram:
    """What distinguishes one desktop program from the other.

    Attributes:
        name: name of the executable.
        extra_options: options that only this executable has.
        make_source: makes where its node comes from, of all settings and those of the command line alone: the shape of
            the program. May raise `InitError`.
        isolate: enters the program's sandbox, of the same settings as ``make_source``; may raise `InitError`.
        starts_log: begins to write a log; the node does where it runs in this process.
    """

    name: str
    extra_options: tuple[OptionSpec, ...]
    make_source: Callable[[ArgsManager, Settings], BaseSource]
    starts_log: Callable[[ArgsManager, BaseSource], None]
    isolate: Callable[[ArgsManager, Settings], None] = lambda args, given: None


def run_desktop(program: DesktopProgram, arguments: Sequence[str]) -> int:
    """Shows the windows until the user leaves; returns the exit status."""
    os.umask(_UMASK)
    threading.current_thread().name = "main"
    args = ArgsManager((*NODE_OPTIONS, *program.extra_options))
    try:
        rest = parse_command_line(args, arguments, commands=True)
    except ConfigError as error:
        show_error(f"Error parsing command line arguments: {error}")
        return 1
    if _print_information(program, args):
        return 0
    given = args.settings
    try:
        config.read_configuration(args, for_node=False)
        if rest:
            raise InitError(
                f"Command line contains unexpected token '{rest[0]}', see {program.name} -h for a list of options."
            )
        program.isolate(args, given)
        source = program.make_source(args, given)
    except InitError as error:
        return _refuse(error.message)
    try:
        problem = qt_problem()
        if problem:
            show_error(problem)
            return 1
        watch_signals(source.quit)
        program.starts_log(args, source)
        from moneyrocket.gui.application import run

        return run(source, _options(program, args))
    finally:
        source.close()


def _print_information(program: DesktopProgram, args: ArgsManager) -> bool:
    from moneyrocket.common.option_help import print_information

    return print_information(
        args,
        f"{CLIENT_NAME} version {VERSION_TEXT} {program.name}",
        f"{program.name} is a node and a wallet with windows.\n\nUsage: {program.name} [options]",
    )


def _refuse(message: str) -> int:
    """Tells of an error on the terminal and, since there may be none, in a window."""
    show_error(message)
    if not qt_problem():
        from moneyrocket.gui.application import show_start_error

        show_start_error(message)
    return 1


def _options(program: DesktopProgram, args: ArgsManager) -> GuiOptions:
    return GuiOptions(
        program_name=program.name,
        chain=args.chain_name,
        data_dir=args.datadir_net,
        language=args.get("-lang"),
        minimized=args.get_bool("-min", False),
        splash=args.get_bool("-splash", True),
        reset_settings=args.get_bool("-resetguisettings", False),
    )
