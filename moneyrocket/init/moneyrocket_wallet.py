"""moneyrocket-wallet: the wallet process, started by moneyrocket-node or on its own."""

from __future__ import annotations

import os
import sys
import threading

from moneyrocket.common.errors import InitError
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs, Init
from moneyrocket.interfaces.wallet import WalletLoader

NAME = "moneyrocket-wallet"
_UMASK = 0o077


class WalletProcessInit(Init):
    """What this process offers to the node that started it."""

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        from moneyrocket.init.local_init import LocalEcho

        return LocalEcho()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """Make the wallet component; from now on this process writes to the node's log."""
        from moneyrocket.common import clock, logging
        from moneyrocket.init.isolation import log_sandbox, note_absence
        from moneyrocket.init.log_setup import log_options, set_categories
        from moneyrocket.init.wallet_maker import args_from, make_wallet_loader

        args = args_from(global_args)
        set_categories(args)
        logging.start_logging(log_options(args), first_lines="")
        note_absence(args)
        log_sandbox()
        clock.set_mock_time(max(args.get_int("-mocktime", 0), 0))
        return make_wallet_loader(global_args, chain)


def main() -> int:
    """Runs the program; returns the exit status."""
    os.umask(_UMASK)
    threading.current_thread().name = "init"
    if len(sys.argv) != 2 or not sys.argv[1].startswith("-ipcfd="):
        from moneyrocket.init.wallet_program import run_wallet

        return run_wallet(NAME, sys.argv[1:])
    from moneyrocket.init.isolation import isolate_launched_wallet
    from moneyrocket.ipc.process import inherited_descriptor, serve_inherited

    try:
        descriptor = inherited_descriptor(sys.argv[1:])
        assert descriptor is not None
        isolate_launched_wallet()
        serve_inherited(descriptor, WalletProcessInit(), NAME)
    except InitError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
