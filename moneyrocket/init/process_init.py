"""Gets the wallet from a process of its own: the multiprocess shape."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.threads import start_thread
from moneyrocket.init.node_shape import NodeInit
from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.echo import Echo
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.wallet import WalletLoader

if TYPE_CHECKING:
    from moneyrocket.init.wallet_link import WalletLink
    from moneyrocket.ipc.address import UnixAddress
    from moneyrocket.ipc.listen import IpcListeners
    from moneyrocket.ipc.process import ChildProcess
    from moneyrocket.node.context import NodeContext


class ProcessInit(NodeInit):
    """Makes interfaces in a wallet process.

    The process is started at once and on the side, so that it gets ready while the node loads its chain.

    Args:
        args: the settings; with -disablewallet the process is only started when something asks for it.
        own_name: name of the running executable, for log lines.
        wallet: where a wallet process listens that was started on its own and is to be used.
    """

    def __init__(self, args: ArgsManager, own_name: str, wallet: UnixAddress | None = None) -> None:
        self._args = args
        self._own_name = own_name
        self._wallet = wallet
        self._listeners: IpcListeners | None = None
        self._link: WalletLink | None = None
        self._child: Future[ChildProcess] | None = None
        self._closing = False
        if not args.get_bool("-disablewallet", False):
            self._start()

    def make_echo(self) -> Echo:
        """Make an echo in the wallet process."""
        return self._process().init.make_echo()

    def make_wallet_loader(self, global_args: GlobalArgs, chain: Chain) -> WalletLoader:
        """Make the wallet component in the wallet process.

        Raises:
            InitError: the process cannot be started.
        """
        return self._process().init.make_wallet_loader(global_args, chain)

    def on_wallet_gone(self, hook: Callable[[], None]) -> None:
        """See `NodeInit`."""

        def unless_closing() -> None:
            if not self._closing:
                hook()

        self._process().on_disconnect(unless_closing)

    def renew_wallet(self) -> None:
        """See `NodeInit`."""
        if self._child is not None and self._child.exception() is None:
            self._child.result().close()
        self._start()

    def listen(self, context: NodeContext) -> None:
        """See `NodeInit`."""
        addresses = self._args.get_list("-ipcbind")
        if not addresses and self._wallet is None:
            return
        from moneyrocket.init.visitors import VisitorInit

        init = VisitorInit(context)
        if addresses:
            from moneyrocket.ipc.listen import IpcListeners

            self._listeners = IpcListeners(init, self._own_name, self._args.datadir_net)
            for address in addresses:
                self._listeners.listen(address)
        if self._wallet is not None:
            from moneyrocket.init.wallet_link import WalletLink
            from moneyrocket.ipc.roles import RoleInit

            self._link = WalletLink(self._wallet, self._own_name, context.params.name, RoleInit(init, "wallet"))

    def stop_listening(self) -> None:
        """See `NodeInit`."""
        if self._listeners is not None:
            self._listeners.close()
            self._listeners = None
        if self._link is not None:
            self._link.stop()
            self._link = None

    def close(self) -> None:
        """End the wallet process and wait for it."""
        self._closing = True
        if self._child is not None and self._child.exception() is None:
            self._child.result().close()

    def _process(self) -> ChildProcess:
        return (self._child or self._start()).result()

    def _start(self) -> Future[ChildProcess]:
        child: Future[ChildProcess] = Future()
        self._child = child

        def spawn() -> None:
            from moneyrocket.ipc.process import spawn_wallet

            try:
                child.set_result(spawn_wallet(self._own_name))
            except BaseException as error:
                child.set_exception(error)

        start_thread("spawn", spawn)
        return child
