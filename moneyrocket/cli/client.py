"""Calls the RPC server that the settings name."""

from __future__ import annotations

import base64
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from moneyrocket.cli import verbatim_json
from moneyrocket.cli.errors import CliError, ConnectionFailedError
from moneyrocket.cli.http_client import Response, post
from moneyrocket.cli.ipc_call import call_over_ipc
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.chain_names import BASE_CHAINS
from moneyrocket.common.json import Json, JsonError

_COOKIE_FILE = ".cookie"
_DEFAULT_HOST = "127.0.0.1"
_DEFAULT_TIMEOUT = 900
_IN_WARMUP = -28
_RETRY_SECONDS = 1.0


def request(method: str, params: Json, request_id: Json) -> dict[str, Json]:
    """Returns a JSON-RPC 2.0 request object."""
    return {"method": method, "params": params, "id": request_id, "jsonrpc": "2.0"}


@dataclass(frozen=True, slots=True)
class RpcClient:
    """Sends requests to the server.

    Attributes:
        args: the settings.
    """

    args: ArgsManager

    def call(self, body: Json, wallet: str | None = None) -> Json:
        """Sends a request (or a batch) and returns the reply, waiting for the server with -rpcwait.

        Args:
            body: request object or list of them.
            wallet: wallet that it is about.

        Raises:
            ConnectionFailedError: the server cannot be reached.
            CliError: it refuses, or answers something else than JSON.
        """
        wait = self.args.get_bool("-rpcwait", False)
        limit = self.args.get_int("-rpcwaittimeout", 0)
        deadline = time.monotonic() + limit
        while True:
            try:
                reply = self._call_once(body, wallet)
                if wait and isinstance(reply, dict) and error_code(reply) == _IN_WARMUP:
                    raise ConnectionFailedError("server in warmup")
                return reply
            except ConnectionFailedError as error:
                if not wait:
                    raise
                if limit > 0 and time.monotonic() >= deadline:
                    raise ConnectionFailedError(f"timeout on transient error: {error}") from None
                time.sleep(_RETRY_SECONDS)

    def _call_once(self, body: Json, wallet: str | None) -> Json:
        limit = self.args.get_int("-rpcclienttimeout", _DEFAULT_TIMEOUT)
        timeout = limit if limit > 0 else None
        path = "/" if wallet is None else f"/wallet/{_quote(wallet)}"
        data = (verbatim_json.dumps(body) + "\n").encode("utf-8", "surrogateescape")
        reply = call_over_ipc(self.args, data, path, timeout)
        if reply is not None:
            return _parse_text(reply)
        return self._call_over_http(data, path, timeout)

    def _call_over_http(self, data: bytes, path: str, timeout: float | None) -> Json:
        host, port = self._endpoint()
        password = self.args.get("-rpcpassword", "")
        if password:
            cookie = None
            credentials = f"{self.args.get('-rpcuser', '')}:{password}"
        else:
            cookie = self._read_cookie()
            credentials = cookie or ""
        headers = {
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
        }
        try:
            response = post(host, port, path, headers, data, timeout)
        except ConnectionFailedError as error:
            raise ConnectionFailedError(
                f"Error while attempting to communicate with server {host}:{port} ({error})\n\n"
                "Make sure the moneyrocketd server is running and that you are connecting to the correct RPC port.\n"
                'Use "moneyrocket-cli -help" for more info.'
            ) from None
        if response.status == 401:
            raise CliError(self._why_unauthorized(bool(password), cookie))
        return _parse(response)

    def _endpoint(self) -> tuple[str, int]:
        given = self.args.get("-rpcconnect", _DEFAULT_HOST)
        host, port_text = _split(given)
        port = BASE_CHAINS[self.args.chain_name].rpc_port
        if port_text is not None:
            if not _is_port(port_text):
                raise CliError(f"Invalid port provided in -rpcconnect: {given}")
            port = int(port_text)
        option = self.args.get_opt("-rpcport")
        if option is not None:
            if not _is_port(option):
                raise CliError(f"Invalid port provided in -rpcport: {option}")
            port = int(option)
            if port_text is not None:
                print(
                    f"Warning: Port specified in both -rpcconnect and -rpcport. Using -rpcport {port}", file=sys.stderr
                )
        return host, port

    def _cookie_path(self) -> Path | None:
        path = self.args.get_path("-rpccookiefile", _COOKIE_FILE)
        return None if path is None else self.args.absolute(path)

    def _read_cookie(self) -> str | None:
        path = self._cookie_path()
        try:
            return None if path is None else path.read_text().partition("\n")[0]
        except OSError:
            return None

    def _why_unauthorized(self, with_password: bool, cookie: str | None) -> str:
        if with_password:
            reason = "Incorrect rpcuser or rpcpassword were specified."
        elif self._cookie_path() is None:
            reason = "Cookie file was disabled via -norpccookiefile and no rpcpassword was specified."
        elif cookie is None:
            reason = "Failed to read cookie file and no rpcpassword was specified."
        else:
            reason = "Cookie file credentials were invalid and no rpcpassword was specified."
        return f"Authorization failed: {reason} Configuration file: ({self.args.config_path or ''})"


def error_code(reply: dict[str, Json]) -> int | None:
    """Returns the code of an error reply, None for a good one."""
    error = reply.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) else None


def _parse(response: Response) -> Json:
    if response.status == 503:
        raise CliError(f"Server response: {response.body.decode(errors='replace')}")
    if response.status >= 400 and response.status not in (400, 404, 500):
        raise CliError(f"server returned HTTP error {response.status}")
    if not response.body:
        raise CliError("no response from server")
    return _parse_text(response.body.decode(errors="replace"))


def _parse_text(text: str) -> Json:
    try:
        return verbatim_json.loads(text)
    except JsonError:
        raise CliError("couldn't parse reply from server") from None


def _split(text: str) -> tuple[str, str | None]:
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        return text.strip("[]"), None
    return host.strip("[]"), port


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) <= 65535


def _quote(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="", errors="surrogateescape")
