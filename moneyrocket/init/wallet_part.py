"""The wallet component as a part of the node, wherever it runs."""

from __future__ import annotations

import threading
from contextlib import suppress

from moneyrocket.common import clock
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log, reopen_elsewhere
from moneyrocket.init.node_shape import NodeInit
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.wallet import WalletLoader
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.table import WALLET_PROCESS_GONE
from moneyrocket.rpc.wallet_router import WalletComponent


class WalletPart:
    """Takes the wallet component through the life of the node.

    Args:
        context: the node; `NodeContext.wallet_loader` is set while there is a wallet component.
        init: makes it.
    """

    def __init__(self, context: NodeContext, init: NodeInit) -> None:
        self._context = context
        self._init = init
        self._component: WalletComponent | None = None
        self._restarting = threading.Lock()
        self._leave_log = reopen_elsewhere(self._reopen_log)

    def connect(self) -> None:
        """Makes the component and lets it offer its RPC methods.

        Raises:
            InitError: it cannot be made.
        """
        context = self._context
        try:
            loader = self._init.make_wallet_loader(GlobalArgs(context.args.settings.to_json()), context.chain)
            self._join(loader)
            loader.register_rpcs()
        except ConnectionError as error:
            raise InitError(f"The wallet process ended during start-up: {error}") from None
        context.wallet_loader = loader
        self._init.on_wallet_gone(lambda: self._gone(loader))

    def verify(self) -> None:
        """Checks the wallets that are to be loaded.

        Raises:
            InitError: they cannot be loaded; the component has told the user why.
        """
        self._require(self._loader().verify())

    def load(self) -> None:
        """Loads wallets.

        Raises:
            InitError: one cannot be loaded; the component has told the user why.
        """
        self._require(self._loader().load())

    def start(self) -> None:
        """Begins the wallets' background work."""
        try:
            self._loader().start(True)
        except ConnectionError as error:
            log.error("The wallet process ended: %s", error)

    def restart(self) -> None:
        """Makes the component anew after its process ended, and loads the wallets of start-up.

        Raises:
            InitError: it cannot be made, a wallet cannot be loaded, or its process has not ended.
        """
        with self._restarting:
            if self._context.wallet_loader is not None:
                raise InitError("The wallet process has not ended.")
            try:
                self._init.renew_wallet()
                self.connect()
                self._loader().set_mock_time(clock.mock_time())
                self.verify()
                self.load()
            except (ConnectionError, InitError) as error:
                # As before: the next attempt begins with another process.
                self._leave()
                raise InitError(str(error) or "The wallets cannot be loaded.") from None
            self.start()

    def stop(self) -> None:
        """Writes and closes the wallets."""
        self._leave_log()
        loader = self._context.wallet_loader
        if loader is not None:
            try:
                loader.stop()
            except ConnectionError as error:
                log.error("The wallet process ended before its wallets were closed: %s", error)
            self._leave()

    def _join(self, loader: WalletLoader) -> None:
        self._leave()
        self._component = WalletComponent("the node's own wallet component", loader, is_own=True)
        self._context.wallet_router.join(self._component)

    def _leave(self) -> None:
        self._context.wallet_loader = None
        if self._component is not None:
            self._context.wallet_router.leave(self._component)

    def _reopen_log(self) -> None:
        loader = self._context.wallet_loader
        if loader is not None:
            with suppress(ConnectionError):
                loader.reopen_log()

    def _loader(self) -> WalletLoader:
        loader = self._context.wallet_loader
        if loader is None:
            raise ConnectionError("the wallet process has ended")
        return loader

    def _require(self, success: bool) -> None:
        if not success:
            raise InitError("")

    def _gone(self, loader: WalletLoader) -> None:
        """The node goes on without wallets; their methods say so."""
        if self._context.wallet_loader is not loader:
            return
        log.error("%s", WALLET_PROCESS_GONE)
        self._leave()
        self._context.announcer.wallets_lost()
