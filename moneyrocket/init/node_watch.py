"""Whether a node in another process answers, and what its processes use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.in_time import InTime
from moneyrocket.interfaces.init import Init
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.process import ProcessRole, ProcessStats

_STATS_PATIENCE: Final = 1.0


class NodeWatch:
    """Asks without hanging along with a node that hangs.

    Args:
        init: gives the first object of the node's process, None while there is none.
        node: gives the node, None while there is none.
    """

    def __init__(self, init: Callable[[], Init | None], node: Callable[[], Node | None]) -> None:
        self._init = init
        self._node = node
        self._last: list[ProcessStats] = []
        self._ping = InTime("nodeping", self._ask_echo)
        self._stats = InTime("nodestats", self._ask_stats)

    def ping(self, timeout: float) -> bool:
        """See `NodeSource.ping`."""
        return self._ping.answer(timeout) is True

    def process_stats(self) -> list[ProcessStats]:
        """See `NodeSource.process_stats`."""
        own = ProcessStats.measure(ProcessRole.GUI)
        self._last = self._stats.answer(_STATS_PATIENCE) or self._last
        there = self._init() is not None
        others = [
            stats
            if there and stats.alive and own.time - stats.time < 2 * _STATS_PATIENCE
            else ProcessStats(stats.role, stats.name, stats.pid, alive=False, time=own.time)
            for stats in self._last
        ]
        return [own, *others]

    def _ask_echo(self) -> bool:
        init = self._init()
        return init is not None and init.make_echo().echo("") == ""

    def _ask_stats(self) -> list[ProcessStats]:
        node = self._node()
        return [] if node is None else [replace(stats, time=clock.monotonic()) for stats in node.process_stats()]
