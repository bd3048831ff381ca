"""moneyrocket-node: a node whose wallet is a process of its own."""

from __future__ import annotations

import sys

from moneyrocket.common.options_node import IPC_OPTIONS
from moneyrocket.init.node_process import NodeProgram, run_node
from moneyrocket.init.process_init import ProcessInit

NAME = "moneyrocket-node"
PROGRAM = NodeProgram(NAME, IPC_OPTIONS, lambda args: ProcessInit(args, NAME))


def main() -> int:
    """Runs the program; returns the exit status."""
    return run_node(PROGRAM, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
