"""JSON-RPC requests that come as text in another way than over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import Rpc, RpcRequest
from moneyrocket.rpc import json
from moneyrocket.rpc.jsonrpc import Caller


class TextRpc(Rpc):
    """Answers from a method table.

    Args:
        execute: runs a request (`RpcTable.execute`).
        may_call: whether a user may call a method.
    """

    def __init__(self, execute: Callable[[RpcRequest], Json], may_call: Callable[[str, str], bool]) -> None:
        self._execute = execute
        self._may_call = may_call

    def execute_rpc(self, request: str, uri: str, user: str) -> str:
        """See `Rpc`."""
        caller = Caller(
            execute=self._execute,
            user=user,
            peer="",
            uri=uri,
            may_call=lambda method: self._may_call(user, method),
        )
        return json.dumps(caller.answer_text(request).body)
