"""JSON-RPC over HTTP, as a test calls it: ``node.rpc.getblockhash(0)``."""

import base64
import http.client
import json
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from typing import Any


class JsonRpcError(Exception):
    """The node answered with an error.

    Attributes:
        code: the error's number.
        message: the error's text.
    """

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code
        self.message = message


class HttpStatusError(Exception):
    """The HTTP server refused the request before any method ran."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP status {status}: {body}")
        self.status = status


def _encode_decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no JSON value")


class RpcClient:
    """Calls a node's methods by attribute. Any number of threads may share one."""

    def __init__(self, port: int, credentials: str, path: str = "/", timeout: float = 60) -> None:
        self._port = port
        self._auth = "Basic " + base64.b64encode(credentials.encode()).decode()
        self._path = path
        self._credentials = credentials
        self._timeout = timeout

    def at(self, path: str) -> "RpcClient":
        """The same node under another path, such as ``/wallet/w``."""
        return RpcClient(self._port, self._credentials, path, self._timeout)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*args: object, **named: object) -> Any:
            return self.call(method, *args, **named)

        return call

    def call(self, method: str, *args: object, **named: object) -> Any:
        """Call a method with positional or named parameters.

        Raises:
            JsonRpcError: if the node answers with an error.
            HttpStatusError: if the server refuses the request.
            OSError: if there is no connection.
        """
        if args and named:
            params: object = {"args": list(args), **named}
        else:
            params = named or list(args)
        reply = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if "error" in reply:
            raise JsonRpcError(method, reply["error"]["code"], reply["error"]["message"])
        return reply["result"]

    def post(self, request: object) -> Any:
        """Send any JSON document, and return the document that comes back."""
        status, body = self.post_raw(json.dumps(request, default=_encode_decimal).encode())
        if not body.startswith(("{", "[")):
            raise HttpStatusError(status, body)
        return json.loads(body, parse_float=Decimal)

    def post_raw(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Send any bytes, over a connection of their own; returns status and body."""
        sent = {"Authorization": self._auth, "Content-Type": "application/json"} if headers is None else headers
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)) as connection:
            connection.request("POST", self._path, body, sent)
            with connection.getresponse() as response:
                return response.status, response.read().decode()
