"""The process's event loop for IPC, and what -debug=ipc writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from libmultiprocess import Connection, Describer, EventLoop

from moneyrocket.common.logging import CategoryLogger, category_logger
from moneyrocket.common.process_stats import CallCounters, set_call_counters

_SECRET: Final = frozenset(
    {
        "Init.makeWalletLoader",
        "Init.makeNode",
        "Node.executeRpc",
        "Rpc.executeRpc",
        "Node.setting",
        "Node.updateSetting",
        "Wallets.create",
        "Wallet.encrypt",
        "Wallet.unlock",
        "Wallet.changePassphrase",
    }
)
_RPC_CALL: Final = "RpcHandler.call"


class _IpcLog:
    """Writes libmultiprocess's messages under the category ``ipc``, while it is on."""

    def __init__(self, logger: CategoryLogger) -> None:
        self._logger = logger

    @property
    def enabled(self) -> bool:
        return self._logger.debug_on

    def __call__(self, message: str) -> None:
        self._logger.debug("%s", message)


class _ArgumentDescriber(Describer):
    """Leaves out what must not stand in a log: settings with passwords, and what RPC methods are given and return."""

    def __call__(self, method: str, values: Mapping[str, Any]) -> str:
        if method == _RPC_CALL and values.get("request"):
            request = values["request"]
            shown = {"method": request["method"], "uri": request["uri"], "authUser": request["authUser"]}
            return super().__call__(method, {"request": shown})
        if method == _RPC_CALL and "result" in values and values.get("error") is None:
            return "(...)"
        if method in _SECRET:
            return "(...)" if values else "()"
        return super().__call__(method, values)


def make_event_loop(process_name: str) -> EventLoop:
    """Start the thread that carries this process's calls to other processes.

    Args:
        process_name: name of the executable, for log lines.
    """
    return EventLoop(process_name, _IpcLog(category_logger("ipc")), _ArgumentDescriber())


_connections: Final[list[Connection]] = []
"""Also those that have ended: their calls were made all the same."""


def count_calls_of(connection: Connection) -> None:
    """Make what passes over a connection part of what this process tells of itself."""
    _connections.append(connection)
    set_call_counters(_count)


def _count() -> CallCounters:
    traffic = [connection.traffic for connection in _connections]
    return CallCounters(
        made=sum(each.calls_made for each in traffic),
        served=sum(each.calls_served for each in traffic),
        wait_seconds=sum(each.seconds_waited for each in traffic),
    )
