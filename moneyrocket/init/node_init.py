"""Start-up and shutdown of a node, step by step, the same in every shape."""

from __future__ import annotations

from collections.abc import Callable

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.logging import log
from moneyrocket.init import files, log_setup, notify, parameters
from moneyrocket.init.process_signals import watch_signals
from moneyrocket.interfaces.init import Init
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.server import RpcServer
from moneyrocket.rpc.table import RpcTable


class NodeStartup:
    """Brings a node up and takes it down again.

    `stop` may be called after `start` failed at any point.

    Attributes:
        context: the parts of the node, filled by `start`.
    """

    def __init__(self, args: ArgsManager, make_init: Callable[[ArgsManager], Init]) -> None:
        from moneyrocket.consensus.params import chain_params

        self._args = args
        self._make_init = make_init
        self._table = RpcTable()
        self._server = RpcServer(args, self._table)
        self._locks: list[files.DirectoryLock] = []
        self._pid_file: files.PidFile | None = None
        self.context = NodeContext(args=args, params=chain_params(args.chain_name), rpc_table=self._table)

    def start(self) -> None:
        """Starts everything, in the order in which parts need one another.

        Raises:
            InitError: a part cannot start.
        """
        args, context = self._args, self.context
        watch_signals(context.request_shutdown)
        self._locks = files.take_locks(args)
        self._pid_file = files.PidFile(args)
        log_setup.start_log(args)
        context.scheduler.start()
        context.init = self._make_init(args)
        self._register_rpcs()
        parameters.check_ports(args)
        if args.get_bool("-server", False):
            self._server.start()
        self._table.finish_warmup()
        self._status("Done loading")
        notify.start_command(args.get("-startupnotify"))

    def stop(self) -> None:
        """Stops what was started, in reverse order."""
        context = self.context
        context.request_shutdown()
        log.info("Shutdown in progress...")
        self._server.interrupt()
        self._server.stop()
        context.scheduler.stop()
        context.signals.flush()
        if self._pid_file is not None:
            self._pid_file.remove()
        for lock in self._locks:
            lock.release()

    def _register_rpcs(self) -> None:
        from moneyrocket.init.node_methods import node_methods
        from moneyrocket.rpc.table import bind

        self._table.add(bind(node_methods(), self.context))

    def _status(self, message: str) -> None:
        log.info("init message: %s", message)
        if self._table.warmup_status is not None:
            self._table.set_warmup_status(message)
