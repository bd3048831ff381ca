"""moneyrocket-node when a desktop program has started it: it makes its node for that program, and ends with it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, NoReturn

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.init.process_signals import watch_signals
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs, Init, NotOfferedError
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager
    from moneyrocket.common.settings import Settings
    from moneyrocket.init.node_shape import NodeInit
    from moneyrocket.init.running_node import RunningNode
    from moneyrocket.interfaces.chain import Chain
    from moneyrocket.interfaces.node import Node

_UMASK = 0o077


class NodeProcessInit(Init):
    """What this process offers to the desktop program that started it.

    Args:
        own_name: name of the running executable, for log lines.
        problem: why its node must not start; empty if it may.
    """

    def __init__(self, own_name: str, problem: str = "") -> None:
        self._own_name = own_name
        self._problem = problem
        self._lock = threading.Lock()
        self._node: RunningNode | None = None

    def make_echo(self) -> Echo:
        """Make an object that returns what it is given."""
        from moneyrocket.init.local_init import LocalEcho

        return LocalEcho()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """The wallet is made by a process of its own."""
        raise NotOfferedError("A node's process makes no wallets; ask its node")

    def make_node(self, global_args: GlobalArgs) -> Node:
        """Make the node of this process.

        Raises:
            NotOfferedError: it was made already.
        """
        from moneyrocket.common.settings import Settings
        from moneyrocket.init.running_node import RunningNode

        with self._lock:
            if self._node is not None:
                raise NotOfferedError("This process has made its node already")
            settings = Settings.from_json(global_args.settings)
            self._node = RunningNode(settings, self._make_init)
            return self._node

    def _make_init(self, args: ArgsManager) -> NodeInit:
        from moneyrocket.init.isolation import log_sandbox, note_absence
        from moneyrocket.init.process_init import ProcessInit

        if self._problem:
            raise InitError(self._problem)
        note_absence(args)
        log_sandbox()
        return ProcessInit(args, self._own_name)

    def request_stop(self) -> None:
        """Let the node stop: its desktop program is told, and leaves."""
        if self._node is not None:
            self._node.request_shutdown()

    def stop(self) -> None:
        """Stop the node in order, if there is one and the desktop program has not done so."""
        if self._node is not None:
            self._node.stop()


def _complete_settings(given: Settings) -> ArgsManager:
    from moneyrocket.init import config
    from moneyrocket.init.running_node import desktop_args

    args = desktop_args(given)
    config.read_configuration(args, for_node=False)
    return args


def serve_desktop(descriptor: int, own_name: str) -> NoReturn:
    """Makes a node for the desktop program that started this process; ends in order when that one hangs up or dies.

    Args:
        descriptor: from `moneyrocket.ipc.process.inherited_descriptor`.
        own_name: name of the running executable, for log lines.

    Raises:
        InitError: there is no socket at the descriptor.
    """
    from moneyrocket.init.isolation import isolate_launched_node
    from moneyrocket.ipc.process import serve_until_hang_up

    os.umask(_UMASK)
    threading.current_thread().name = "init"
    try:
        isolate_launched_node(_complete_settings)
        problem = ""
    except InitError as error:
        problem = error.message
    init = NodeProcessInit(own_name, problem)
    watch_signals(init.request_stop)
    serve_until_hang_up(descriptor, init, own_name)
    threading.current_thread().name = "shutoff"
    status = 0
    try:
        init.stop()
    except Exception as error:
        log.error("Shutdown: %r", error)
        status = 1
    # A thread may still hang in a call that nobody waits for any more.
    os._exit(status)
