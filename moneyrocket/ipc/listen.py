"""Offering interfaces to programs that connect: -ipcbind."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from libmultiprocess import EventLoop, Listener, listen

from moneyrocket.common import own_files
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.interfaces.init import Init
from moneyrocket.ipc.address import Address, AddressError, TcpAddress, parse_address
from moneyrocket.ipc.keys import PairingError
from moneyrocket.ipc.protocol import make_event_loop
from moneyrocket.sandbox.state import launcher

if TYPE_CHECKING:
    from libmultiprocess.tls_listener import TlsListener

    from moneyrocket.ipc.generated.init import InitServer

_MAX_CONNECTIONS = 64
_SETTLE_SECONDS = 30


class IpcListeners:
    """The addresses that a process listens on.

    Args:
        init: makes what each connected program may use.
        own_name: name of the running executable, for log lines.
        folder: the chain's folder, which relative paths start from.
    """

    def __init__(self, init: Init, own_name: str, folder: Path) -> None:
        self._init = init
        self._own_name = own_name
        self._role = own_name.removeprefix("moneyrocket-")
        self._folder = folder
        self._loop: EventLoop | None = None
        self._listeners: list[Listener | TlsListener] = []

    def listen(self, text: str) -> None:
        """Listen on one more address.

        Args:
            text: see `parse_address`.

        Raises:
            InitError: it is no address, or it cannot be had.
        """
        try:
            address = parse_address(text, self._folder, self._role)
            self._listeners.append(self._listen(address))
        except (AddressError, PairingError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InitError(f"Unable to bind to IPC address '{text}'. {reason}") from error
        log.info("Listening for IPC requests on address %s", address)

    def close(self) -> None:
        """Listen no more, answer the calls that are running, and hang up on everyone."""
        for listener in self._listeners:
            if isinstance(listener, Listener):
                # So Bitcoin Core's tools say that the connection is refused, as they do of its own node.
                listener.close(leave_file=True)
            else:
                listener.close()
        self._listeners.clear()
        if self._loop is not None:
            if not self._loop.settle(_SETTLE_SECONDS):
                log.warning("Calls of connected programs did not end within %d seconds", _SETTLE_SECONDS)
            self._loop.close()

    def _listen(self, address: Address) -> Listener | TlsListener:
        from moneyrocket.ipc.generated.init import InitServer

        if self._loop is None:
            self._loop = make_event_loop(self._own_name)
        if isinstance(address, TcpAddress):
            return self._listen_tls(self._loop, address, InitServer)
        make_server = partial(
            listen, self._loop, address.path, InitServer, self._init, _MAX_CONNECTIONS, refused=_log_refusal
        )
        outside = launcher()
        if outside is None:
            address.path.parent.mkdir(parents=True, exist_ok=True)
            return make_server()
        return make_server(bind=outside.listen, remove=partial(own_files.remove, missing_ok=True))

    def _listen_tls(self, loop: EventLoop, address: TcpAddress, server_type: type[InitServer]) -> TlsListener:
        from libmultiprocess.tls_listener import listen_tls

        from moneyrocket.ipc.roles import CLIENT_ROLES, RoleInit
        from moneyrocket.ipc.tls import TlsKeys

        keys = TlsKeys(address.keys, self._role, CLIENT_ROLES)
        return listen_tls(
            loop,
            address.host,
            address.port,
            keys.server_context,
            server_type,
            lambda certificate: RoleInit(self._init, keys.role_of(certificate)),
            identify=keys.identify,
            refused=_log_refusal,
            max_connections=_MAX_CONNECTIONS,
        )


def _log_refusal(text: str) -> None:
    log.warning("IPC %s", text)
