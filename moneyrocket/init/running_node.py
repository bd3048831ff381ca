"""A node for a desktop program, from its settings to its end; in the program's process or in one of its own."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError, MoneyrocketError
from moneyrocket.common.logging import log
from moneyrocket.common.options_node import IPC_OPTIONS, NODE_OPTIONS
from moneyrocket.common.settings import Settings
from moneyrocket.init import config, notify
from moneyrocket.init.loaded_names import LoadedNames
from moneyrocket.init.node_process import prepare
from moneyrocket.init.node_shape import NodeInit
from moneyrocket.interfaces.node import NodeStartError
from moneyrocket.node.desktop.node_interface import DesktopNode

if TYPE_CHECKING:
    from moneyrocket.init.node_init import NodeStartup


def desktop_args(settings: Settings) -> ArgsManager:
    """Returns the settings manager of a desktop program's node, before files are read."""
    return ArgsManager((*NODE_OPTIONS, *IPC_OPTIONS), settings)


class RunningNode(DesktopNode):
    """Starts and stops a node.

    Args:
        settings: those of the command line alone; files are read by `start`.
        make_init: decides where the node's interfaces are made.
    """

    def __init__(self, settings: Settings, make_init: Callable[[ArgsManager], NodeInit]) -> None:
        super().__init__()
        self._settings = settings
        self._make_init = make_init
        # Held while it starts, and while it stops.
        self._life = threading.Lock()
        self._startup: NodeStartup | None = None
        self._stopping = threading.Event()
        self._stopped = False
        self._names = LoadedNames()

    def start(self) -> None:
        """See `Node`."""
        with self._life:
            if self._stopping.is_set():
                return
            if self._startup is not None:
                raise NodeStartError("The node was started already.")
            try:
                self._startup = self._make_startup()
                self.attach(self._startup.context, self._startup.context.args.settings)
                if self._stopping.is_set():
                    self._startup.context.request_shutdown()
                self._startup.start()
                self._follow_wallets()
            except InitError as error:
                log.error("%s", error.message)
                raise NodeStartError(error.message) from error
            except MoneyrocketError as error:
                log.error("%s", error)
                raise NodeStartError(str(error)) from error
            except Exception as error:
                log.error("Unexpected failure at start: %s", traceback.format_exc())
                raise NodeStartError(f"Unexpected failure at start: {error!r}") from error

    def request_shutdown(self) -> None:
        """See `Node`."""
        self._stopping.set()
        context = self.context
        if context is not None:
            context.request_shutdown()
        else:
            self.announcer.shutdown_requested()

    def shutdown_requested(self) -> bool:
        """See `Node`."""
        context = self.context
        return self._stopping.is_set() or (context is not None and context.shutdown.is_set())

    def stop(self) -> None:
        """See `Node`."""
        self.request_shutdown()
        with self._life:
            startup = self._startup
            if startup is None or self._stopped:
                return
            self._stopped = True
            notify.run_commands(startup.context.args.get_list("-shutdownnotify"))
            startup.stop()
            log.info("Shutdown done")

    def restart_wallets(self) -> None:
        """See `Node`."""
        if self._startup is None:
            raise NodeStartError("The node has not started.")
        try:
            self._startup.restart_wallets()
        except InitError as error:
            raise NodeStartError(error.message) from error

    def _follow_wallets(self) -> None:
        wallets = self.wallets()
        if wallets is not None:
            # A process that dies now is told of like any other time.
            with suppress(ConnectionError):
                self._names.follow(wallets)

    def _make_startup(self) -> NodeStartup:
        from moneyrocket.init.node_init import NodeStartup

        args = desktop_args(self._settings)
        config.read_configuration(args)
        # Who has a window needs neither a server nor a terminal, unless he says so.
        args.soft_set_bool("-server", False)
        args.soft_set_bool("-printtoconsole", False)
        args.force_set("-daemon", "0")
        args.force_set("-daemonwait", "0")
        prepare(args)
        return NodeStartup(
            args,
            self._make_init,
            watch=lambda stop: None,
            announcer=self.announcer,
            wallets_made=self._follow_wallets,
        )
