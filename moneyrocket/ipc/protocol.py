"""The process's event loop for IPC, and what -debug=ipc writes."""

from __future__ import annotations

import threading
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


def load_first_schema() -> None:
    """Have Cap'n Proto open the root and the working directory, which it does once and which a sandbox may forbid."""
    from libmultiprocess.schema import INCLUDE_DIR, load_schema

    load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")


class _Counted:
    """Connections whose calls count, and the calls of those that have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Connection] = []
        self._past = CallCounters()

    def add(self, connection: Connection) -> None:
        with self._lock:
            self._open.append(connection)
        connection.on_disconnect(lambda: self._ended(connection))

    def read(self) -> CallCounters:
        with self._lock:
            return _sum(self._past, self._open)

    def _ended(self, connection: Connection) -> None:
        with self._lock:
            self._open.remove(connection)
            self._past = _sum(self._past, [connection])


def _sum(past: CallCounters, connections: list[Connection]) -> CallCounters:
    traffic = [connection.traffic for connection in connections]
    return CallCounters(
        made=past.made + sum(each.calls_made for each in traffic),
        served=past.served + sum(each.calls_served for each in traffic),
        wait_seconds=past.wait_seconds + sum(each.seconds_waited for each in traffic),
    )


_counted: Final = _Counted()


def count_calls_of(connection: Connection) -> None:
    """Make what passes over a connection part of what this process tells of itself."""
    _counted.add(connection)
    set_call_counters(_counted.read)
