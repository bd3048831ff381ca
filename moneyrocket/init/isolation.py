"""Enters the sandbox of a program, if there is one: after its settings are known, and before it has threads."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.settings import Settings
from moneyrocket.sandbox.errors import SandboxError
from moneyrocket.sandbox.launch import take_launch
from moneyrocket.sandbox.state import enter_sandbox, explain_absence, sandbox_problem, sandbox_state, set_launcher

if TYPE_CHECKING:
    from moneyrocket.sandbox.launched import LauncherClient
    from moneyrocket.sandbox.launcher import LaunchPlan, Program
    from moneyrocket.sandbox.policy import Policy


def sandbox_wanted(args: ArgsManager) -> bool:
    """Whether to enter the sandbox; if not, the reason is noted for whoever asks.

    Raises:
        InitError: -sandbox=1 asks for what this system does not have.
    """
    if not args.get_bool("-sandbox", True):
        explain_absence("switched off (-sandbox=0)")
        return False
    problem = sandbox_problem()
    if problem and args.is_set("-sandbox"):
        raise InitError(
            f"-sandbox=1: there is no sandbox to be had, {problem}. Leave the option out to start without; "
            "docs/security.md says what the system needs."
        )
    if problem:
        explain_absence(f"not available, {problem}")
    return not problem


def isolate_node(args: ArgsManager) -> None:
    """Enter the sandbox of a node whose wallet is a process of its own.

    Args:
        args: its settings, complete.

    Raises:
        InitError: it is asked for and cannot be had.
    """
    if sandbox_wanted(args):
        _enter_node_sandbox(args)
    log_sandbox()


def isolate_launched_node(make_args: Callable[[Settings], ArgsManager]) -> bool:
    """Enter the sandbox of a node's process, if the launcher of windows has started it; returns whether it has.

    Args:
        make_args: completes the settings of the command line.

    Raises:
        InitError: that is not possible.
    """
    launch = take_launch()
    if launch is None:
        return False
    settings, sock = launch
    # The windows' launcher has nothing for a node, which has one of its own.
    sock.close()
    args = make_args(Settings.from_json(settings))
    if sandbox_wanted(args):
        _enter_node_sandbox(args)
    return True


def isolate_launched_wallet() -> None:
    """Enter the sandbox of a wallet process, if a node's launcher has started it.

    Raises:
        InitError: that is not possible.
    """
    launch = take_launch()
    if launch is None:
        return
    from moneyrocket.init.sandbox_files import log_files
    from moneyrocket.init.sandbox_policies import wallet_policy
    from moneyrocket.sandbox.launched import LauncherClient

    settings, sock = launch
    args = ArgsManager((), Settings.from_json(settings))
    set_launcher(LauncherClient(sock, log_files(args)))
    _enter(wallet_policy(args))


def isolate_lone_wallet(args: ArgsManager) -> None:
    """Enter the sandbox of a wallet process that was started on its own.

    Raises:
        InitError: it is asked for and cannot be had.
    """
    if sandbox_wanted(args):
        from moneyrocket.init.sandbox_files import lone_wallet_files
        from moneyrocket.init.sandbox_policies import lone_wallet_policy
        from moneyrocket.ipc.programs import listening_socket
        from moneyrocket.sandbox.launcher import LaunchPlan

        policy = lone_wallet_policy(args)
        _launch(LaunchPlan(files=lone_wallet_files(args), listen=listening_socket))
        _enter(policy)
    log_sandbox()


def isolate_desktop(args: ArgsManager, given: Settings) -> None:
    """Enter the sandbox of a process with windows whose node is another.

    Args:
        args: its settings, complete.
        given: those of the command line, which the node gets.

    Raises:
        InitError: it is asked for and cannot be had.
    """
    if sandbox_wanted(args):
        from moneyrocket.init.sandbox_files import log_files
        from moneyrocket.init.sandbox_policies import desktop_policy
        from moneyrocket.ipc.programs import NODE_PROGRAM
        from moneyrocket.sandbox.launcher import LaunchPlan

        policy = desktop_policy(args)
        plan = LaunchPlan({NODE_PROGRAM: _program(NODE_PROGRAM, given)}, log_files(args, "gui.log"))
        client = _launch(plan)
        if args.get_opt("-ipcconnect") is None:
            client.start_early(NODE_PROGRAM)
        _use_own_temporary_folder(args.datadir_net / "gui" / "tmp")
        _enter(policy)
    log_sandbox()


def note_absence(args: ArgsManager) -> None:
    """Note why a process that was started by another is not in a sandbox, if it is not.

    Raises:
        InitError: -sandbox=1 asks for one.
    """
    if not sandbox_state().enabled and sandbox_wanted(args):
        explain_absence("the process was started without")


def log_sandbox() -> None:
    """Say in the log what is in force."""
    log.info("Sandbox of %s %s", Path(sys.argv[0]).name, sandbox_state())


def _enter_node_sandbox(args: ArgsManager) -> None:
    from moneyrocket.init.sandbox_files import NODE_READABLE_NAMES, log_files, node_files
    from moneyrocket.init.sandbox_policies import node_policy
    from moneyrocket.ipc.programs import WALLET_PROGRAM, listening_socket
    from moneyrocket.sandbox.launcher import LaunchPlan

    commands = [args.get("-blocknotify"), args.get("-startupnotify"), *args.get_list("-shutdownnotify")]
    policy = node_policy(args)
    client = _launch(
        LaunchPlan(
            {WALLET_PROGRAM: _program(WALLET_PROGRAM, args.settings, log_files(args))},
            node_files(args),
            NODE_READABLE_NAMES,
            tuple(command for command in commands if command),
            listening_socket,
        )
    )
    if not args.get_bool("-disablewallet", False):
        # It gets ready while this process does.
        client.start_early(WALLET_PROGRAM)
    _enter(policy)


def _program(name: str, settings: Settings, files: tuple[Path, ...] = ()) -> Program:
    from moneyrocket.ipc.programs import IPC_DESCRIPTOR_OPTION, program_command, program_module
    from moneyrocket.sandbox.launcher import Program

    command = tuple(program_command(name, program_module(name)))
    return Program(command, IPC_DESCRIPTOR_OPTION, settings.to_json(), files)


def _launch(plan: LaunchPlan) -> LauncherClient:
    from moneyrocket.sandbox.launched import LauncherClient
    from moneyrocket.sandbox.launcher import fork_launcher

    try:
        sock = fork_launcher(plan)
    except OSError as error:
        raise InitError(f"The sandbox's launcher cannot be started: {error}. Start with -sandbox=0.") from error
    client = LauncherClient(sock, plan.files, plan.readable_names)
    set_launcher(client)
    return client


def _enter(policy: Policy) -> None:
    from moneyrocket.ipc.protocol import load_first_schema

    load_first_schema()
    try:
        enter_sandbox(policy)
    except SandboxError as error:
        raise InitError(f"The sandbox cannot be entered: {error}. Start with -sandbox=0.") from error


def _use_own_temporary_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = os.fspath(folder)
    tempfile.tempdir = None
