"""Enters the sandbox of a program, if there is one: after its settings are known, and before it has threads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.sandbox.errors import SandboxError
from moneyrocket.sandbox.policy import Policy
from moneyrocket.sandbox.state import enter_sandbox, explain_absence, sandbox_problem, sandbox_state, set_launcher

if TYPE_CHECKING:
    from moneyrocket.sandbox.launched import LauncherClient
    from moneyrocket.sandbox.launcher import LaunchPlan


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
            f"-sandbox=1: there is no sandbox to be had, {problem}. Leave the option out to start without, and see "
            "docs/security.md for what the system needs."
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
        from moneyrocket.init import sandbox_policies
        from moneyrocket.ipc.programs import IPC_DESCRIPTOR_OPTION, WALLET_PROGRAM, program_command, program_module
        from moneyrocket.sandbox.launcher import LaunchPlan, Program

        wallet = Program(
            tuple(program_command(WALLET_PROGRAM, program_module(WALLET_PROGRAM))),
            IPC_DESCRIPTOR_OPTION,
            args.settings.to_json(),
            sandbox_policies.wallet_files(args),
        )
        commands = [args.get("-blocknotify"), args.get("-startupnotify"), *args.get_list("-shutdownnotify")]
        plan = LaunchPlan(
            {WALLET_PROGRAM: wallet},
            sandbox_policies.node_files(args),
            sandbox_policies.NODE_READABLE_NAMES,
            tuple(command for command in commands if command),
        )
        policy = sandbox_policies.node_policy(args)
        client = _launch(plan)
        if not args.get_bool("-disablewallet", False):
            # It gets ready while this process does.
            client.start_early(WALLET_PROGRAM)
        _enter(policy)
    log_sandbox()


def isolate_launched_wallet() -> None:
    """Enter the sandbox of a wallet process, if a launcher has started it.

    Raises:
        InitError: that is not possible.
    """
    from moneyrocket.sandbox.launched import LauncherClient, take_launch

    launch = take_launch()
    if launch is None:
        return
    from moneyrocket.common.settings import Settings
    from moneyrocket.init import sandbox_policies

    settings, sock = launch
    args = ArgsManager((), Settings.from_json(settings))
    set_launcher(LauncherClient(sock, sandbox_policies.wallet_files(args)))
    _enter(sandbox_policies.wallet_policy(args))


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
