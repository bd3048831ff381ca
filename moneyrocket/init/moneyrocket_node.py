"""moneyrocket-node: a node whose wallet is a process of its own."""

from __future__ import annotations

import sys

from moneyrocket.common.errors import InitError
from moneyrocket.common.options_node import IPC_OPTIONS
from moneyrocket.init.isolation import isolate_node
from moneyrocket.init.node_process import NodeProgram, run_node
from moneyrocket.init.process_init import ProcessInit

NAME = "moneyrocket-node"
PROGRAM = NodeProgram(NAME, IPC_OPTIONS, lambda args: ProcessInit(args, NAME), isolate_node)


def main() -> int:
    """Runs the program; returns the exit status."""
    if len(sys.argv) == 2 and sys.argv[1].startswith("-ipcfd="):
        return _serve_desktop(sys.argv[1:])
    return run_node(PROGRAM, sys.argv[1:])


def _serve_desktop(arguments: list[str]) -> int:
    """Makes a node for the desktop program that has started this one; returns if that is not possible."""
    from moneyrocket.init.node_service import serve_desktop
    from moneyrocket.ipc.process import inherited_descriptor

    try:
        descriptor = inherited_descriptor(arguments)
        assert descriptor is not None
        serve_desktop(descriptor, NAME)
    except InitError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
