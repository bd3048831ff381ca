"""moneyrocket-qt: windows, node and wallet in one process."""

from __future__ import annotations

import sys

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.settings import Settings
from moneyrocket.init.desktop_process import DesktopProgram, run_desktop
from moneyrocket.init.node_sources import LocalSource


def _make_source(args: ArgsManager, given: Settings) -> LocalSource:
    return LocalSource(given, args.chain_name)


PROGRAM = DesktopProgram("moneyrocket-qt", (), _make_source, lambda args, source: None)


def main() -> int:
    """Runs the program; returns the exit status."""
    return run_desktop(PROGRAM, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
