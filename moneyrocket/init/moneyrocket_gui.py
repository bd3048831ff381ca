"""moneyrocket-gui: windows, with a node in a process of its own, whose wallet is in another."""

from __future__ import annotations

import sys

from moneyrocket.common import logging
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options_node import IPC_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.init.desktop_process import DesktopProgram, run_desktop
from moneyrocket.init.log_setup import log_options
from moneyrocket.init.node_sources import ProcessSource

NAME = "moneyrocket-gui"


def _make_source(settings: Settings, chain: str) -> ProcessSource:
    return ProcessSource(settings, chain, NAME)


def _start_log(args: ArgsManager) -> None:
    """Begins to write to the node's log."""
    args.soft_set_bool("-printtoconsole", False)
    logging.start_logging(log_options(args), first_lines="")


PROGRAM = DesktopProgram(NAME, IPC_OPTIONS, _make_source, _start_log)


def main() -> int:
    """Runs the program; returns the exit status."""
    return run_desktop(PROGRAM, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
