"""Where the desktop programs get their node from: this process, or one that they start."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock
from moneyrocket.common.errors import InitError
from moneyrocket.common.in_time import InTime
from moneyrocket.common.logging import log
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.init import GlobalArgs
from moneyrocket.interfaces.node import Node, NodeSource, NodeSourceEvents, NodeStartError
from moneyrocket.interfaces.process import ProcessRole, ProcessStats

if TYPE_CHECKING:
    from moneyrocket.ipc.process import ChildProcess

_STATS_PATIENCE: Final = 1.0
_STOP_PATIENCE: Final = 60.0
"""Seconds in which a node's process must end once it was told to; a large chain state takes its time to be written."""


class _Source(NodeSource):
    """What both sources have in common."""

    def __init__(self, settings: Settings, chain: str) -> None:
        self._settings = settings
        self._chain = chain
        self._events = NodeSourceEvents()
        self._quit = False

    @property
    def chain(self) -> str:
        """See `NodeSource`."""
        return self._chain

    def quit(self) -> None:
        """Let the program end; called for a signal."""
        self._quit = True
        self._events.quit_requested()

    def _attach(self, events: NodeSourceEvents) -> None:
        self._events = events
        if self._quit:
            # The signal came before anybody listened.
            events.quit_requested()


class LocalSource(_Source):
    """Makes the node in this process: the one-process shape."""

    def __init__(self, settings: Settings, chain: str) -> None:
        super().__init__(settings, chain)
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


class ProcessSource(_Source):
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
        super().__init__(settings, chain)
        self._own_name = own_name
        self._spawn = spawn or _spawn_node
        self._lock = threading.Lock()
        self._closing = False
        self._child: ChildProcess | None = None
        self._node: Node | None = None
        self._last_stats: dict[ProcessRole, ProcessStats] = {}
        self._ping = InTime("nodeping", self._ask_echo)
        self._stats = InTime("nodestats", self._ask_stats)
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
        return self._ping.answer(timeout) is not None

    def process_stats(self) -> list[ProcessStats]:
        """See `NodeSource`."""
        own = ProcessStats.measure(ProcessRole.GUI)
        for stats in self._stats.answer(_STATS_PATIENCE) or ():
            self._last_stats[stats.role] = stats
        child = self._child
        connected = child is not None and child.connected
        others = [
            stats
            if connected and stats.alive and own.time - stats.time < 2 * _STATS_PATIENCE
            else ProcessStats(stats.role, stats.name, stats.pid, alive=False, time=own.time)
            for stats in self._last_stats.values()
        ]
        return [own, *others]

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

    def _ask_echo(self) -> bool:
        child = self._child
        return child is not None and child.init.make_echo().echo("") == ""

    def _ask_stats(self) -> list[ProcessStats]:
        node = self._node
        return [] if node is None else [replace(stats, time=clock.monotonic()) for stats in node.process_stats()]


def _spawn_node(own_name: str) -> ChildProcess:
    from moneyrocket.ipc.process import spawn_node

    return spawn_node(own_name)
