"""Where the desktop programs get a node of their own from: this process, or one that they start."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.settings import Settings
from moneyrocket.init.node_watch import NodeWatch
from moneyrocket.interfaces.init import GlobalArgs, Init
from moneyrocket.interfaces.node import Node, NodeSource, NodeSourceEvents, NodeStartError
from moneyrocket.interfaces.process import ProcessRole, ProcessStats

if TYPE_CHECKING:
    from moneyrocket.ipc.process import ChildProcess

_STOP_PATIENCE: Final = 60.0
"""Seconds in which a node's process must end once it was told to; a large chain state takes its time to be written."""


class BaseSource(NodeSource):
    """What all sources have in common.

    Args:
        chain: name of the chain.
    """

    def __init__(self, chain: str) -> None:
        self._chain = chain
        self._events = NodeSourceEvents()
        self._quit = False

    @property
    def chain(self) -> str:
        """See `NodeSource`."""
        return self._chain

    @property
    def attached_to(self) -> str:
        """See `NodeSource`."""
        return ""

    def quit(self) -> None:
        """Let the program end; called for a signal."""
        self._quit = True
        self._events.quit_requested()

    def _attach(self, events: NodeSourceEvents) -> None:
        self._events = events
        if self._quit:
            # The signal came before anybody listened.
            events.quit_requested()


class LocalSource(BaseSource):
    """Makes the node in this process: the one-process shape."""

    def __init__(self, settings: Settings, chain: str) -> None:
        super().__init__(chain)
        self._settings = settings
        self._node: Node | None = None

    @property
    def can_reconnect(self) -> bool:
        """See `NodeSource`."""
        return False

    def connect(self, events: NodeSourceEvents) -> Node:
        """See `NodeSource`."""
        from moneyrocket.init.local_init import LocalInit
        from moneyrocket.init.running_node import RunningNode

        if self._node is not None:
            raise NodeStartError("The node of this process was made already.")
        self._node = RunningNode(self._settings, lambda args: LocalInit())
        self._attach(events)
        return self._node

    def ping(self, timeout: float) -> bool:
        """See `NodeSource`. A node that hangs would hang this, too."""
        return True

    def process_stats(self) -> list[ProcessStats]:
        """See `NodeSource`."""
        return [ProcessStats.measure(ProcessRole.ALL)]

    def close(self) -> None:
        """See `NodeSource`."""
        if self._node is not None:
            self._node.stop()


class ProcessSource(BaseSource):
    """Starts a node process: the multiprocess shape.

    It is started at once and on the side, so that it gets ready while the desktop program loads Qt.

    Args:
        settings: those of the command line.
        chain: name of the chain.
        own_name: name of the running executable, for log lines.
        spawn: starts the process.
    """

    def __init__(
        self, settings: Settings, chain: str, own_name: str, spawn: Callable[[str], ChildProcess] | None = None
    ) -> None:
        super().__init__(chain)
        self._settings = settings
        self._own_name = own_name
        self._spawn = spawn or _spawn_node
        self._lock = threading.Lock()
        self._closing = False
        self._child: ChildProcess | None = None
        self._node: Node | None = None
        self._watch = NodeWatch(self._init, lambda: self._node)
        self._next: Future[ChildProcess] | None = self._begin()

    @property
    def can_reconnect(self) -> bool:
        """See `NodeSource`."""
        return True

    def connect(self, events: NodeSourceEvents) -> Node:
        """See `NodeSource`."""
        with self._lock:
            self._hang_up()
            self._closing = False
            coming, self._next = self._next or self._begin(), None
            try:
                child = coming.result()
                node = child.init.make_node(GlobalArgs(self._settings.to_json()))
            except InitError as error:
                raise NodeStartError(error.message) from error
            except ConnectionError as error:
                raise NodeStartError(f"The node's process ended at once: {error}") from error
            self._child, self._node = child, node
            self._attach(events)
            child.on_disconnect(lambda: self._lost(child))
            return node

    def ping(self, timeout: float) -> bool:
        """See `NodeSource`."""
        return self._watch.ping(timeout)

    def process_stats(self) -> list[ProcessStats]:
        """See `NodeSource`."""
        return self._watch.process_stats()

    def close(self) -> None:
        """See `NodeSource`."""
        with self._lock:
            self._closing = True
            self._hang_up()
            coming, self._next = self._next, None
            if coming is not None and coming.exception() is None:
                coming.result().close()

    def _begin(self) -> Future[ChildProcess]:
        child: Future[ChildProcess] = Future()

        def spawn() -> None:
            try:
                child.set_result(self._spawn(self._own_name))
            except BaseException as error:
                child.set_exception(error)

        threading.Thread(target=spawn, name="spawn", daemon=True).start()
        return child

    def _hang_up(self) -> None:
        """End the process of the last `connect`."""
        child, self._child, self._node = self._child, None, None
        if child is not None:
            # It stops the node in order when nobody is at the other end any more.
            child.close(_STOP_PATIENCE)

    def _lost(self, child: ChildProcess) -> None:
        if self._closing or child is not self._child:
            return
        log.error("The node's process %d has ended", child.pid)
        self._events.lost("The node's process has ended.")

    def _init(self) -> Init | None:
        child = self._child
        return child.init if child is not None and child.connected else None


def _spawn_node(own_name: str) -> ChildProcess:
    from moneyrocket.ipc.process import spawn_node

    return spawn_node(own_name)
