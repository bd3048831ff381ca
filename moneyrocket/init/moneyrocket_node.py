"""moneyrocket-node: a node whose wallet is a process of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.options import Group, OptionSpec
from moneyrocket.common.options_node import IPC_OPTIONS
from moneyrocket.init.isolation import isolate_node
from moneyrocket.init.node_process import NodeProgram, run_node
from moneyrocket.init.process_init import ProcessInit

if TYPE_CHECKING:
    from moneyrocket.ipc.address import UnixAddress

NAME = "moneyrocket-node"
_IPC_CONNECT = OptionSpec(
    "-ipcconnect=<address>",
    "Use the wallets of a moneyrocket-wallet that was started with -ipcbind instead of starting one: unix for "
    "wallet.sock in the chain's folder, or unix:<path>. One that is away is waited for; on the command line only",
    Group.IPC,
)


def _wallet_address(args: ArgsManager) -> UnixAddress | None:
    if "ipcconnect" not in args.settings.command_line:
        return None
    from moneyrocket.init.wallet_link import wallet_address

    return wallet_address(args)


def _interact(args: ArgsManager) -> None:
    if _wallet_address(args) is not None and args.soft_set_bool("-disablewallet", True):
        log.info("parameter interaction: -ipcconnect set -> setting -disablewallet=1")


PROGRAM = NodeProgram(
    NAME,
    (*IPC_OPTIONS, _IPC_CONNECT),
    lambda args: ProcessInit(args, NAME, _wallet_address(args)),
    _interact,
    isolate_node,
)


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
