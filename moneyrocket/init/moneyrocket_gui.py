"""moneyrocket-gui: windows, with a node in another process: started by this one, or by itself (-ipcconnect)."""

from __future__ import annotations

import sys
from dataclasses import replace

from moneyrocket.common import logging
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options import Group, OptionSpec
from moneyrocket.common.options_node import IPC_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.init.attach_source import OPTION, AttachSource, address_to_attach
from moneyrocket.init.desktop_process import DesktopProgram, run_desktop
from moneyrocket.init.isolation import isolate_desktop
from moneyrocket.init.log_setup import log_options
from moneyrocket.init.node_sources import BaseSource, ProcessSource

NAME = "moneyrocket-gui"
OWN_LOG = "gui.log"
_IPC_CONNECT = OptionSpec(
    f"{OPTION}=<address>",
    "Use a node that runs already (its -ipcbind), and leave it running: unix for node.sock in the chain's folder, "
    "unix:<path>, tcp:<host>:<port>, or auto to start a node if none listens there (default: start one)",
    Group.IPC,
)


def _make_source(args: ArgsManager, given: Settings) -> BaseSource:
    address = address_to_attach(args)
    if address is None:
        return ProcessSource(given, args.chain_name, NAME)
    return AttachSource(address, args.chain_name, NAME)


def _start_log(args: ArgsManager, source: BaseSource) -> None:
    """Begins to write to its node's log; beside a node that runs on its own, perhaps elsewhere, to one of its own."""
    args.soft_set_bool("-printtoconsole", False)
    options = log_options(args)
    if source.attached_to and options.file is not None and "debuglogfile" not in args.settings.command_line:
        options = replace(options, file=args.datadir_net / OWN_LOG)
        logging.shrink_log(args.datadir_net / OWN_LOG)
    logging.start_logging(options, first_lines="")


PROGRAM = DesktopProgram(NAME, (*IPC_OPTIONS, _IPC_CONNECT), _make_source, _start_log, isolate_desktop)


def main() -> int:
    """Runs the program; returns the exit status."""
    return run_desktop(PROGRAM, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
