"""Start-up and shutdown of a node, step by step, the same in every shape."""

from __future__ import annotations

import threading
from collections.abc import Callable

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.threads import start_thread
from moneyrocket.init import files, log_setup, node_parts, notify, parameters
from moneyrocket.init.chain_overrides import chain_overrides
from moneyrocket.init.node_shape import NodeInit
from moneyrocket.init.path_grants import granted_paths
from moneyrocket.init.process_signals import watch_signals
from moneyrocket.init.wallet_part import WalletPart
from moneyrocket.node.announcer import Announcer
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.server import RpcServer
from moneyrocket.rpc.table import RpcTable
from moneyrocket.rpc.text_calls import TextRpc


class NodeStartup:
    """Brings a node up and takes it down again.

    `stop` may be called after `start` failed at any point.

    Attributes:
        context: the parts of the node, filled by `start`.
    """

    def __init__(
        self,
        args: ArgsManager,
        make_init: Callable[[ArgsManager], NodeInit],
        *,
        watch: Callable[[Callable[[], None]], None] = watch_signals,
        announcer: Announcer | None = None,
        wallets_made: Callable[[], None] = lambda: None,
    ) -> None:
        """Makes what needs no start.

        Args:
            args: the settings.
            make_init: decides where interfaces are made.
            watch: called with what stops the node, for signals to call it.
            announcer: tells desktop programs what happens.
            wallets_made: called when there is another wallet component.

        Raises:
            InitError: an option about the chain is malformed.
        """
        from moneyrocket.consensus.params import chain_params

        self._args = args
        self._make_init = make_init
        self._watch = watch
        self._wallets_made = wallets_made
        self._init: NodeInit | None = None
        self._table = RpcTable()
        self._table.surround = granted_paths
        self._server = RpcServer(args, self._table)
        self._locks: list[files.DirectoryLock] = []
        self._pid_file: files.PidFile | None = None
        self._wallet: WalletPart | None = None
        self._network_made = False
        self._loader: threading.Thread | None = None
        params = chain_params(args.chain_name, chain_overrides(args))
        self.context = NodeContext(args=args, params=params, rpc_table=self._table, announcer=announcer or Announcer())
        self.context.rpc = TextRpc(self._table.execute, self._server.may_call)
        self.context.restart_wallets = self.restart_wallets

    def start(self) -> None:
        """Starts everything, in the order in which parts need one another.

        Returns early when the node shall stop already.

        Raises:
            InitError: a part cannot start.
        """
        args, context = self._args, self.context
        self._watch(context.request_shutdown)
        self._locks = files.take_locks(args)
        self._pid_file = files.PidFile(args)
        log_setup.start_log(args)
        self._init = context.init = self._make_init(args)
        context.scheduler.start()
        self._register_methods()
        parameters.check_ports(args)
        if args.get_bool("-server", False):
            self._server.start()
        self._init.listen(context)
        for step in (
            self._connect_wallet,
            self._load_chain,
            self._make_network,
            self._load_wallets,
            self._start_loading,
            self._start_network,
            self._finish,
        ):
            if context.shutdown.is_set():
                log.info("Shutdown requested. Exiting.")
                return
            step()

    def stop(self) -> None:
        """Stops what was started, in reverse order. A step that fails does not keep the later ones from being taken.

        Raises:
            ExceptionGroup: of what the failed steps raised.
        """
        context = self.context
        context.request_shutdown()
        log.info("Shutdown in progress...")
        failures: list[Exception] = []
        for step in (
            self._server.interrupt,
            self._server.stop,
            self._stop_listening,
            self._stop_wallet,
            self._stop_network,
            self._stop_loading,
            context.scheduler.stop,
            lambda: node_parts.save_mempool(context),
            lambda: node_parts.stop_indexes(context),
            lambda: node_parts.close_chain(context),
            self._close_init,
            self._remove_files,
        ):
            try:
                step()
            except Exception as error:
                log.error("Shutdown: %r", error)
                failures.append(error)
        if failures:
            raise ExceptionGroup("parts of the shutdown failed", failures)

    def _stop_listening(self) -> None:
        if self._init is not None:
            self._init.stop_listening()

    def _stop_wallet(self) -> None:
        if self._wallet is not None:
            self._wallet.stop()

    def _stop_network(self) -> None:
        if self._network_made:
            from moneyrocket.node.net.setup import stop_network

            stop_network(self.context)

    def _stop_loading(self) -> None:
        if self._loader is not None:
            self._loader.join()

    def _close_init(self) -> None:
        if self._init is not None:
            self._init.close()

    def _remove_files(self) -> None:
        if self._pid_file is not None:
            self._pid_file.remove()
        for lock in self._locks:
            lock.release()

    def restart_wallets(self) -> None:
        """Makes the wallet component anew after its process ended, loads the wallets of start-up, and tells.

        Raises:
            InitError: it cannot be made, a wallet cannot be loaded, or its process has not ended.
        """
        if self._wallet is None or self.context.shutdown.is_set():
            raise InitError("There is no wallet component to restart.")
        self._wallet.restart()
        self._wallets_made()
        self.context.announcer.wallets_ready()

    # Steps

    def _register_methods(self) -> None:
        from moneyrocket.init.node_methods import node_methods
        from moneyrocket.rpc.table import bind

        self._table.add(bind(node_methods(), self.context))

    def _connect_wallet(self) -> None:
        if self._args.get_bool("-disablewallet", False):
            return
        assert self._init is not None
        node_parts.make_chain_interface(self.context)
        self._wallet = WalletPart(self.context, self._init)
        self._wallet.connect()
        self._wallet.verify()

    def _load_chain(self) -> None:
        self._status("Loading block index…")
        node_parts.load_chain(self.context)
        self._status("Verifying blocks…")
        node_parts.verify_chain(self.context)
        log.info("Block index and chainstate loaded")
        node_parts.start_indexes(self.context)

    def _make_network(self) -> None:
        from moneyrocket.node.net.setup import make_network

        self._status("Loading P2P addresses…")
        make_network(self.context)
        self._network_made = True
        self.context.announcer.when_watched(self._follow)

    def _follow(self) -> None:
        from moneyrocket.node.desktop.chain_events import follow_node

        follow_node(self.context)

    def _load_wallets(self) -> None:
        if self._wallet is not None:
            self._wallet.load()

    def _start_loading(self) -> None:
        """Loads the mempool on the side; RPC tells when it is complete."""
        node_parts.follow_tip(self.context)
        self._loader = start_thread("initload", self._load_in_background)

    def _load_in_background(self) -> None:
        context = self.context
        if self._args.get_bool("-stopafterblockimport", False):
            log.info("Stopping after block import")
            context.request_shutdown()
            return
        node_parts.load_mempool(context)
        context.loading_finished.set()

    def _start_network(self) -> None:
        from moneyrocket.node.net.setup import start_network

        log.info("nBestHeight = %d", self.context.chainman.tip.height)
        self._status("Starting network threads…")
        start_network(self.context)

    def _finish(self) -> None:
        self._table.finish_warmup()
        self._status("Done loading")
        if self._wallet is not None:
            self._wallet.start()
            self.context.announcer.wallets_ready()
        self.context.startup_over.set()
        notify.start_command(self._args.get("-startupnotify"))

    def _status(self, message: str) -> None:
        log.info("init message: %s", message)
        if self._table.warmup_status is not None:
            self._table.set_warmup_status(message)
        self.context.announcer.init_message(message)
