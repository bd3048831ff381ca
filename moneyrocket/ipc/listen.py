"""Offering interfaces to programs that connect: -ipcbind."""

from __future__ import annotations

from pathlib import Path

from libmultiprocess import EventLoop, Listener, listen

from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.interfaces.init import Init
from moneyrocket.ipc.address import Address, AddressError, TcpAddress, parse_address
from moneyrocket.ipc.protocol import make_event_loop

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
        self._folder = folder
        self._loop: EventLoop | None = None
        self._listeners: list[Listener] = []

    def listen(self, text: str) -> None:
        """Listen on one more address.

        Args:
            text: see `parse_address`.

        Raises:
            InitError: it is no address, or it cannot be had.
        """
        try:
            address = parse_address(text, self._folder, self._own_name.removeprefix("moneyrocket-"))
            self._listeners.append(self._listen(address))
        except (AddressError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InitError(f"Unable to bind to IPC address '{text}'. {reason}") from error
        log.info("Listening for IPC requests on address %s", address)

    def close(self) -> None:
        """Listen no more, answer the calls that are running, and hang up on everyone."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        if self._loop is not None:
            if not self._loop.settle(_SETTLE_SECONDS):
                log.warning("Calls of connected programs did not end within %d seconds", _SETTLE_SECONDS)
            self._loop.close()

    def _listen(self, address: Address) -> Listener:
        from moneyrocket.ipc.generated.init import InitServer

        if isinstance(address, TcpAddress):
            raise AddressError("TCP is not supported by this version of Moneyrocket")
        if self._loop is None:
            self._loop = make_event_loop(self._own_name)
        address.path.parent.mkdir(parents=True, exist_ok=True)
        return listen(self._loop, address.path, InitServer, self._init, _MAX_CONNECTIONS)
