"""The process's event loop for IPC, and what -debug=ipc writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from libmultiprocess import Describer, EventLoop

from moneyrocket.common.logging import CategoryLogger, category_logger

_SECRET_PARAMS: Final = frozenset({"Init.makeWalletLoader"})
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
        if method in _SECRET_PARAMS and "globalArgs" in values:
            return "(...)"
        return super().__call__(method, values)


def make_event_loop(process_name: str) -> EventLoop:
    """Start the thread that carries this process's calls to other processes.

    Args:
        process_name: name of the executable, for log lines.
    """
    # A lost connection is told by the calls that fail. asyncio says it again, on standard error, for every later write.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return EventLoop(process_name, _IpcLog(category_logger("ipc")), _ArgumentDescriber())
