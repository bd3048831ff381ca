"""JSON-RPC 1.0, 1.1 and 2.0: reads requests, runs them through the table, makes replies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.rpc import json
from moneyrocket.rpc.errors import RpcErrorCode

_log = category_logger("rpc")


@dataclass(slots=True)
class Call:
    """One request object while it is read and answered.

    Attributes:
        id: the request's id.
        has_id: whether it had one.
        version2: it is a JSON-RPC 2.0 request.
        method: name of the method.
        params: parameters by position or name.
    """

    id: Json = None
    has_id: bool = True
    version2: bool = False
    method: str = ""
    params: Json = field(default_factory=list)

    @property
    def is_notification(self) -> bool:
        """Whether the client wants no reply."""
        return self.version2 and not self.has_id

    def parse(self, value: Json, user: str) -> None:
        """Fills the fields from a request object, as far as it is well-formed.

        Raises:
            RpcError: -32600.
        """
        self.has_id, self.id, self.version2 = True, None, False
        if not isinstance(value, dict):
            raise _invalid("Invalid Request object")
        self.has_id = "id" in value
        self.id = value.get("id")
        version = value.get("jsonrpc")
        if version is not None:
            if not isinstance(version, str):
                raise _invalid("jsonrpc field must be a string")
            if version not in ("1.0", "2.0"):
                raise _invalid("JSON-RPC version not supported")
            self.version2 = version == "2.0"
        method = value.get("method")
        if method is None:
            raise _invalid("Missing method")
        if not isinstance(method, str):
            raise _invalid("Method must be a string")
        self.method = method
        if _log.debug_on:
            shown = "" if self.id is None else _sanitize(str(self.id))
            _log.debug("ThreadRPCServer method=%s user=%s id=%s", _sanitize(method), user, shown)
        params = value.get("params")
        if params is None:
            params = []
        if not isinstance(params, list | dict):
            raise _invalid("Params must be an array or object")
        self.params = params

    def reply(self, result: Json, error: RpcError | None = None) -> dict[str, Json]:
        """Returns the reply object."""
        reply: dict[str, Json] = {}
        if self.version2:
            reply["jsonrpc"] = "2.0"
        if error is None:
            reply["result"] = result
            if not self.version2:
                reply["error"] = None
        else:
            if not self.version2:
                reply["result"] = None
            reply["error"] = {"code": error.code, "message": error.message}
        if self.has_id:
            reply["id"] = self.id
        return reply


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over HTTP.

    Attributes:
        status: HTTP status.
        body: reply object or array, None for an empty body.
    """

    status: int
    body: Json = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how.

    Attributes:
        execute: runs a request (`RpcTable.execute`).
        user: name the client logged in with.
        peer: its address and port.
        uri: path of the HTTP request.
        may_call: whether the user may call a method.
    """

    execute: Callable[[RpcRequest], Json]
    user: str
    peer: str
    uri: str
    may_call: Callable[[str], bool]

    def answer_text(self, text: str | bytes) -> Reply:
        """Runs the request, or the batch of them, that a JSON text holds."""
        try:
            return self.answer(json.loads(text))
        except json.JsonError:
            return error_reply(RpcError(RpcErrorCode.PARSE_ERROR, "Parse error"), Call())

    def answer(self, request: Json) -> Reply:
        """Runs a request or a batch of them."""
        call = Call()
        try:
            if isinstance(request, dict):
                return self._single(call, request)
            if isinstance(request, list):
                return self._batch(request)
            raise RpcError(RpcErrorCode.PARSE_ERROR, "Top-level object parse error")
        except RpcError as error:
            return error_reply(error, call)

    def _single(self, call: Call, request: Json) -> Reply:
        call.parse(request, self.user)
        if not self.may_call(call.method):
            return Reply(403)
        try:
            result = self._run(call)
        except RpcError as error:
            # Only JSON-RPC 1 clients learn of a failed method by the HTTP status.
            if not call.version2:
                raise
            return Reply(204) if call.is_notification else Reply(200, call.reply(None, error))
        return Reply(204) if call.is_notification else Reply(200, call.reply(result))

    def _batch(self, requests: list[Json]) -> Reply:
        for request in requests:
            method = request.get("method") if isinstance(request, dict) else ""
            if isinstance(method, str) and method and not self.may_call(method):
                return Reply(403)
        replies: list[Json] = []
        call = Call()
        for request in requests:
            try:
                call.parse(request, self.user)
                reply = call.reply(self._run(call))
            except RpcError as error:
                reply = call.reply(None, error)
            if not call.is_notification:
                replies.append(reply)
        return Reply(204) if requests and not replies else Reply(200, replies)

    def _run(self, call: Call) -> Json:
        return self.execute(RpcRequest(call.method, call.params, self.uri, self.user, self.peer))


def error_reply(error: RpcError, call: Call) -> Reply:
    """Returns the reply to a request that failed in JSON-RPC 1, or before its version was known."""
    status = {RpcErrorCode.INVALID_REQUEST: 400, RpcErrorCode.METHOD_NOT_FOUND: 404}.get(
        error.code,  # type: ignore[call-overload]
        500,
    )
    call.version2 = False
    return Reply(status, call.reply(None, error))


def _invalid(message: str) -> RpcError:
    return RpcError(RpcErrorCode.INVALID_REQUEST, message)


def _sanitize(text: str) -> str:
    return "".join(char for char in text if char.isalnum() or char in " .,;-_/:?@()" if char.isascii())
