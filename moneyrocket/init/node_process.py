"""The life of a node process: command line, configuration, background, start-up, waiting, shutdown."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import ChainLoadError, ConfigError, InitError
from moneyrocket.common.logging import log
from moneyrocket.common.messages import show_error
from moneyrocket.common.options import OptionSpec
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.common.threads import thread_crash
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.init import config, files, log_setup, not_built, notify, parameters
from moneyrocket.init.node_shape import NodeInit

if TYPE_CHECKING:
    from moneyrocket.init.node_init import NodeStartup

_UMASK = 0o077


@dataclass(frozen=True, slots=True)
class NodeProgram:
    """What distinguishes one node executable from another.

    Attributes:
        name: name of the executable.
        extra_options: options that only this executable has.
        make_init: decides where interfaces are made: the shape of the program.
        interact: sets options that follow from the program's own, and checks these; may raise `InitError`.
        isolate: enters the program's sandbox; may raise `InitError`.
    """

    name: str
    extra_options: tuple[OptionSpec, ...]
    make_init: Callable[[ArgsManager], NodeInit]
    interact: Callable[[ArgsManager], None] = lambda args: None
    isolate: Callable[[ArgsManager], None] = lambda args: None


def run_node(program: NodeProgram, arguments: Sequence[str]) -> int:
    """Runs a node until it is told to stop; returns the exit status."""
    os.umask(_UMASK)
    threading.current_thread().name = "init"
    args = ArgsManager((*NODE_OPTIONS, *program.extra_options))
    try:
        rest = parse_command_line(args, arguments, commands=True)
    except ConfigError as error:
        show_error(f"Error parsing command line arguments: {error}")
        return 1
    if _print_information(program, args):
        return 0
    try:
        config.read_configuration(args)
        if rest:
            raise InitError(
                f"Command line contains unexpected token '{rest[0]}', see {program.name} -h for a list of options."
            )
        program.interact(args)
        prepare(args)
        startup = _make_startup(program, args)
    except InitError as error:
        show_error(error.message)
        return 1
    return _run(program, startup, args)


def _print_information(program: NodeProgram, args: ArgsManager) -> bool:
    from moneyrocket.common.option_help import print_information

    return print_information(
        args,
        f"{CLIENT_NAME} daemon version {VERSION_TEXT} {program.name}",
        f"{program.name} runs a node of the Bitcoin network: it checks and relays blocks and transactions, and "
        f"offers wallets and JSON-RPC.\n\nUsage: {program.name} [options]",
    )


def prepare(args: ArgsManager) -> None:
    """Completes and checks the settings of a node, before anything is started.

    Raises:
        InitError: they make no sense, or another node has the data directory.
    """
    log.info("%s version %s", CLIENT_NAME, VERSION_TEXT)
    parameters.interact(args)
    parameters.check(args)
    log_setup.set_categories(args)
    not_built.refuse_unsupported(args)
    not_built.refuse_unbuilt(args)
    files.probe_locks(args)


def _make_startup(program: NodeProgram, args: ArgsManager) -> NodeStartup:
    # The node's modules are not needed for what ends before.
    from moneyrocket.init.node_init import NodeStartup

    return NodeStartup(args, program.make_init)


def _run(program: NodeProgram, startup: NodeStartup, args: ArgsManager) -> int:
    umbilical = None
    if args.get_bool("-daemon", False):
        from moneyrocket.init.daemon import daemonize

        print(f"{CLIENT_NAME} starting", flush=True)
        log_file = log_setup.log_options(args).file
        umbilical = daemonize(log_name=log_file.name if log_file else "the log")
        if not args.get_bool("-daemonwait", False):
            umbilical.report(True)

    status = 0
    try:
        program.isolate(args)
        startup.start()
    except ChainLoadError as error:
        show_error(error.message, prefix="")
        status = 1
    except InitError as error:
        if error.message:
            show_error(error.message)
        status = 1
    except Exception:
        import traceback

        show_error(f"Unexpected failure at start:\n{traceback.format_exc()}")
        status = 1
    if umbilical is not None:
        umbilical.report(status == 0)
    if status == 0:
        startup.context.shutdown.wait()
    notify.run_commands(args.get_list("-shutdownnotify"))
    threading.current_thread().name = "shutoff"
    startup.stop()
    if thread_crash() is not None:
        show_error(f"A thread ended by an exception: {thread_crash()!r}. See the log for details.")
        status = 1
    log.info("Shutdown done")
    return status
