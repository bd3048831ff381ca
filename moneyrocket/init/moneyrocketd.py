"""moneyrocketd: node and wallet in one process."""

from __future__ import annotations

import sys

from moneyrocket.init.local_init import LocalInit
from moneyrocket.init.node_process import NodeProgram, run_node

PROGRAM = NodeProgram("moneyrocketd", (), lambda args: LocalInit())


def main() -> int:
    """Runs the program; returns the exit status."""
    return run_node(PROGRAM, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
