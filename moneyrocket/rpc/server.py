"""The RPC server of a node: binds, authenticates, and passes requests to the method table."""

from __future__ import annotations

import socket
import time

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.chain_names import BASE_CHAINS
from moneyrocket.common.errors import InitError
from moneyrocket.common.listening import set_listening_options
from moneyrocket.common.logging import category_logger, log
from moneyrocket.rpc import json
from moneyrocket.rpc.auth import Authenticator, AuthError, make_authenticator
from moneyrocket.rpc.http_server import HttpServer, ServerOptions
from moneyrocket.rpc.http_types import HttpRequest, HttpResponse, Route
from moneyrocket.rpc.jsonrpc import Caller
from moneyrocket.rpc.table import RpcTable

_log = category_logger("rpc")
_http_log = category_logger("http")

DEFAULT_THREADS = 16
DEFAULT_WORK_QUEUE = 64
DEFAULT_TIMEOUT = 30
_WRONG_PASSWORD_DELAY = 0.25
_UNAUTHORIZED = HttpResponse(401, headers=(("WWW-Authenticate", 'Basic realm="jsonrpc"'),))
_START_FAILED = "Unable to start HTTP server. See debug log for details."


class RpcServer:
    """JSON-RPC over HTTP, from `start` to `stop`.

    Args:
        args: the -rpc… options.
        table: methods to offer.
    """

    def __init__(self, args: ArgsManager, table: RpcTable) -> None:
        self._args = args
        self._table = table
        self._auth: Authenticator | None = None
        self._http: HttpServer | None = None

    def start(self) -> None:
        """Binds, writes the cookie, and begins to answer.

        Raises:
            InitError: an option is wrong or no address could be bound.
        """
        options = ServerOptions(
            threads=max(self._args.get_int("-rpcthreads", DEFAULT_THREADS), 1),
            queue_depth=max(self._args.get_int("-rpcworkqueue", DEFAULT_WORK_QUEUE), 1),
            timeout=self._args.get_int("-rpcservertimeout", DEFAULT_TIMEOUT),
            allow=_allowed_networks(self._args),
        )
        listeners = _bind(self._args)
        if not listeners:
            log.error("Unable to bind any endpoint for RPC server")
            raise InitError(_START_FAILED)
        _http_log.debug("Initialized HTTP server")
        _log.debug("Starting HTTP RPC server")
        try:
            self._auth = make_authenticator(self._args)
        except AuthError:
            for listener in listeners:
                listener.close()
            raise InitError(_START_FAILED) from None
        routes = (Route("/", True, self.answer), Route("/wallet/", False, self.answer))
        self._http = HttpServer(listeners, routes, options)
        self._http.start()

    def interrupt(self) -> None:
        """Refuses new requests."""
        if self._http is not None:
            self._http.interrupt()

    def stop(self) -> None:
        """Waits for running requests, ends the threads and deletes the cookie."""
        if self._http is not None:
            self._http.stop()
            self._http = None
        if self._auth is not None:
            self._auth.delete_cookie()
            self._auth = None

    def may_call(self, user: str, method: str) -> bool:
        """Whether a user may call a method (-rpcwhitelist); anyone may while the server is not running."""
        auth = self._auth
        return auth is None or auth.may_call(user, method)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answers one HTTP request."""
        auth = self._auth
        assert auth is not None
        if request.method != "POST":
            return HttpResponse(405, b"JSONRPC server handles only POST requests")
        header = request.headers.get("authorization")
        if header is None:
            return _UNAUTHORIZED
        user = auth.login(header)
        if user is None:
            log.warning("ThreadRPCServer incorrect password attempt from %s", request.peer)
            # Slows down guessing.
            time.sleep(_WRONG_PASSWORD_DELAY)
            return _UNAUTHORIZED
        caller = Caller(
            execute=self._table.execute,
            user=user,
            peer=request.peer,
            uri=request.target,
            may_call=lambda method: auth.may_call(user, method),
        )
        reply = caller.answer_text(request.body)
        if reply.body is None:
            return HttpResponse(reply.status)
        body = (json.dumps(reply.body) + "\n").encode("utf-8", "replace")
        return HttpResponse(reply.status, body, "application/json")


def _allowed_networks(args: ArgsManager) -> tuple[str, ...]:
    given = args.get_list("-rpcallowip")
    networks = tuple(text.replace("[", "").replace("]", "") for text in given)
    if networks:
        import ipaddress

        for text, network in zip(given, networks, strict=True):
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise InitError(
                    f"Invalid -rpcallowip subnet specification: {text}. Valid values are a single IP (e.g. 1.2.3.4),"
                    " a network/netmask (e.g. 1.2.3.4/255.255.255.0), a network/CIDR (e.g. 1.2.3.4/24), all ipv4 "
                    "(0.0.0.0/0), or all ipv6 (::/0). RFC4193 is allowed only if -cjdnsreachable=0."
                ) from None
    _http_log.debug("Allowing HTTP connections from: %s", " ".join(("127.0.0.0/8", "::1/128", *networks)))
    return networks


def split_host_port(text: str, default_port: int) -> tuple[str, int]:
    """Splits ``host[:port]``, ``[ipv6][:port]`` or a bare IPv6 address.

    Raises:
        ValueError: the port is not a number between 1 and 65535.
    """
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        return text.strip("[]"), default_port
    if not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ValueError(text)
    return host.strip("[]"), int(port)


def rpc_endpoints(args: ArgsManager) -> list[tuple[str, int]]:
    """Returns the hosts and ports that the server listens on (-rpcbind, -rpcport)."""
    port = args.get_int("-rpcport", BASE_CHAINS[args.chain_name].rpc_port)
    binds, allowed = args.get_list("-rpcbind"), args.get_list("-rpcallowip")
    if binds and allowed:
        try:
            return [split_host_port(bind, port) for bind in binds]
        except ValueError as error:
            log.error("Invalid port specified in -rpcbind: '%s'", error)
            return []
    if allowed:
        log.warning("Option -rpcallowip was specified without -rpcbind; this doesn't usually make sense")
    if binds:
        log.warning(
            "Option -rpcbind was ignored because -rpcallowip was not specified, refusing to allow everyone to connect"
        )
    return [("::1", port), ("127.0.0.1", port)]


def _bind(args: ArgsManager) -> list[socket.socket]:
    listeners = []
    for host, port in rpc_endpoints(args):
        log.info("Binding RPC on address %s port %d", host, port)
        if host in ("0.0.0.0", "::"):
            log.warning("The RPC server is not safe to expose to untrusted networks such as the public internet")
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        except OSError:
            log.warning("Could not bind RPC on address %s port %d: Address lookup failed.", host, port)
            continue
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            set_listening_options(listener)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(socket.SOMAXCONN)
        except OSError as error:
            listener.close()
            log.warning("Binding RPC on address %s failed: %s", _shown(host, port), error.strerror)
            continue
        listeners.append(listener)
    return listeners


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
