"""moneyrocket-wallet started on its own: from its command line to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import ConfigError, InitError
from moneyrocket.common.logging import log
from moneyrocket.common.messages import show_error
from moneyrocket.common.options_wallet_program import WALLET_PROGRAM_OPTIONS
from moneyrocket.common.threads import thread_crash
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.init import files, log_setup, not_built
from moneyrocket.init.isolation import isolate_lone_wallet
from moneyrocket.init.process_signals import watch_signals
from moneyrocket.init.wallet_settings import LOCK_FILE, node_address, read_wallet_configuration
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component
from moneyrocket.rpc.server import RpcServer
from moneyrocket.rpc.table import RpcTable

if TYPE_CHECKING:
    from moneyrocket.init.node_link import NodeLink
    from moneyrocket.interfaces.process import SandboxInfo
    from moneyrocket.ipc.address import Address
    from moneyrocket.ipc.listen import IpcListeners
    from moneyrocket.wallet.linked_chain import LinkedChain
    from moneyrocket.wallet.loader import WalletLoaderImpl

_PATIENCE: Final = 10.0
"""Seconds that the node has to answer while the wallets are closed."""

_FILE_COMMANDS: Final = frozenset({"create", "createfromdump", "dump", "info"})
"""What Bitcoin Core's program of this kind does with wallets that nobody has loaded."""

_NOT_FOUND: Final = (
    "Method not found. This is the RPC server of a wallet process; methods of the node are answered by the node's."
)


def run_wallet(name: str, arguments: Sequence[str]) -> int:
    """Runs the wallet process until it is told to stop; returns the exit status.

    Args:
        name: name of the executable.
        arguments: its command line.
    """
    args = ArgsManager(WALLET_PROGRAM_OPTIONS)
    try:
        rest = parse_command_line(args, arguments, commands=True)
    except ConfigError as error:
        show_error(f"Error parsing command line arguments: {error}")
        return 1
    if _print_information(name, args):
        return 0
    try:
        read_wallet_configuration(args)
        if rest and rest[0] in _FILE_COMMANDS:
            raise InitError(f"The command {rest[0]} for wallet files is not supported by this version of Moneyrocket.")
        if rest:
            raise InitError(f"Command line contains unexpected token '{rest[0]}', see {name} -h for a list of options.")
        not_built.refuse_unbuilt(args)
        lock = files.DirectoryLock(args.datadir_net, LOCK_FILE, name)
    except InitError as error:
        show_error(error.message)
        return 1
    try:
        isolate_lone_wallet(args)
        return _run(WalletProgram(name, args))
    except InitError as error:
        show_error(error.message)
        return 1
    finally:
        lock.release()


def _print_information(name: str, args: ArgsManager) -> bool:
    from moneyrocket.common.option_help import print_information

    return print_information(
        args,
        f"{CLIENT_NAME} wallet version {VERSION_TEXT} {name}",
        f"{name} keeps wallets in a process of its own. It attaches to a running node, or a node to it, waits "
        f"for one that is away, and answers JSON-RPC itself with -server.\n\nUsage: {name} [options]",
    )


def _run(program: WalletProgram) -> int:
    status = 0
    try:
        program.start()
    except InitError as error:
        if error.message:
            show_error(error.message)
        status = 1
    except Exception:
        import traceback

        show_error(f"Unexpected failure at start:\n{traceback.format_exc()}")
        status = 1
    if status == 0:
        program.stopping.wait()
    threading.current_thread().name = "shutoff"
    program.stop()
    if thread_crash() is not None:
        show_error(f"A thread ended by an exception: {thread_crash()!r}. See the log for details.")
        status = 1
    log.info("Shutdown done")
    return status


class WalletProgram:
    """Brings the wallet process up and takes it down again. `stop` may be called after `start` failed at any point.

    Args:
        name: name of the executable.
        args: the settings.

    Attributes:
        stopping: set once the process shall end.
        rpc_table: the methods that it offers itself.
    """

    def __init__(self, name: str, args: ArgsManager) -> None:
        self._name = name
        self._args = args
        self.stopping = threading.Event()
        self.rpc_table = RpcTable(_NOT_FOUND)
        self._server = RpcServer(args, self.rpc_table)
        self._pid_file: files.PidFile | None = None
        self._loader: WalletLoaderImpl | None = None
        self._link: NodeLink | None = None
        self._listeners: IpcListeners | None = None

    def request_shutdown(self) -> None:
        """Lets the process end."""
        self.stopping.set()

    def sandboxes(self) -> list[SandboxInfo]:
        """The sandbox of this process, the only one."""
        from moneyrocket.interfaces.process import ProcessRole, SandboxInfo

        return [SandboxInfo.of_this_process(ProcessRole.WALLET)]

    def start(self) -> None:
        """Starts everything. The wallets are there before the node is.

        Raises:
            InitError: a part cannot start.
        """
        args = self._args
        watch_signals(self.request_shutdown)
        self._pid_file = files.PidFile(args)
        log_setup.start_log(args)
        address = node_address(args)
        self._register_control()
        if args.get_bool("-server", False):
            self._server.start()
        self._load_wallets(address)
        self.rpc_table.finish_warmup()
        self._listen()
        log.info("Done loading")

    def stop(self) -> None:
        """Stops what was started, in reverse order. A step that fails does not keep the later ones from being taken."""
        self.request_shutdown()
        log.info("Shutdown in progress...")
        steps: tuple[Callable[[], None], ...] = (
            self._server.interrupt,
            lambda: self._listeners.close() if self._listeners is not None else None,
            lambda: self._link.stop() if self._link is not None else None,
            self._server.stop,
            lambda: self._loader.stop() if self._loader is not None else None,
            lambda: self._link.close() if self._link is not None else None,
            lambda: self._pid_file.remove() if self._pid_file is not None else None,
        )
        # A node that does not answer must not keep the wallets from being closed.
        impatience = threading.Timer(_PATIENCE, self._hang_up)
        impatience.daemon = True
        impatience.start()
        for step in steps:
            try:
                step()
            except Exception as error:
                log.error("Shutdown: %r", error)
        impatience.cancel()

    def _hang_up(self) -> None:
        if self._link is not None:
            log.warning("The node does not answer. Closing the wallets without it.")
            self._link.close()

    def _register_control(self) -> None:
        from moneyrocket.rpc import control
        from moneyrocket.rpc.table import bind

        self.rpc_table.add(bind(control.METHODS, self))

    def _load_wallets(self, address: Address | None) -> None:
        from moneyrocket.rpc.table import bind
        from moneyrocket.wallet.linked_chain import LinkedChain
        from moneyrocket.wallet.loader import WalletLoaderImpl
        from moneyrocket.wallet.rpc.methods import METHODS

        chain = LinkedChain(self._args, self.stopping)
        listens = bool(self._args.get_list("-ipcbind"))
        if address is not None:
            chain.left(f"no node at {address} yet")
        else:
            hope = "; it is waited for one that connects" if listens else ""
            chain.left(f"this process was started with -noipcconnect{hope}")
        self.rpc_table.set_warmup_status("Loading wallets…")
        loader = WalletLoaderImpl(self._args, chain)
        if not (loader.verify() and loader.load()):
            loader.stop()
            raise InitError("")
        self._loader = loader
        self.rpc_table.add(bind(METHODS, loader.manager))
        loader.start(schedule_rebroadcast=True)
        if address is not None or listens:
            self._follow(address, chain, loader)

    def _follow(self, address: Address | None, chain: LinkedChain, loader: WalletLoaderImpl) -> None:
        from moneyrocket.init.node_link import NodeLink
        from moneyrocket.ipc.connect import connect_to

        component = Component(self._name, VERSION_TEXT, PROTOCOL_VERSION, self._args.chain_name)
        self._link = NodeLink(
            str(address),
            None if address is None else lambda: connect_to(address, self._name),
            component,
            loader,
            chain,
            self.stopping,
            shared=self._args.get_bool("-forwardwalletrpc", True),
        )
        self._link.start()

    def _listen(self) -> None:
        addresses = self._args.get_list("-ipcbind")
        if not addresses:
            return
        from moneyrocket.init.wallet_visitors import WalletVisitorInit
        from moneyrocket.ipc.listen import IpcListeners
        from moneyrocket.rpc.text_calls import TextRpc

        assert self._link is not None
        rpc = TextRpc(self.rpc_table.execute, self._server.may_call)
        init = WalletVisitorInit(rpc, self._args.chain_name, self._link.offer)
        self._listeners = IpcListeners(init, self._name, self._args.datadir_net)
        for address in addresses:
            self._listeners.listen(address)
