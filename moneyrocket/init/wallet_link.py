"""A node's way to a wallet process that was started on its own and comes and goes: -ipcconnect."""

from __future__ import annotations

import threading
from typing import Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.backoff import Backoff
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.threads import start_thread
from moneyrocket.common.version import VERSION_TEXT
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component, Init
from moneyrocket.ipc.address import AddressError, UnixAddress, parse_address
from moneyrocket.ipc.attach import attach_to_wallet
from moneyrocket.ipc.connect import IpcConnectError, RemoteProcess

OPTION: Final = "-ipcconnect"
_PATIENCE: Final = 10.0
"""Seconds that a wallet process has to answer when it is connected to."""


def wallet_address(args: ArgsManager) -> UnixAddress | None:
    """Where the wallet process listens, None when the node starts one of its own.

    Only the command line counts: in a configuration file the option is for the programs that connect to nodes.

    Raises:
        InitError: it is no address of a Unix socket.
    """
    if OPTION[1:] not in args.settings.command_line or args.is_negated(OPTION):
        return None
    text = args.get(OPTION)
    try:
        address = parse_address(text, args.datadir_net, "wallet")
    except AddressError as error:
        raise InitError(
            f"Invalid {OPTION}: {error}. Use unix or unix:<path>, where moneyrocket-wallet listens (its -ipcbind)."
        ) from error
    if not isinstance(address, UnixAddress):
        raise InitError(
            f"Invalid {OPTION}: a node reaches wallet processes over Unix sockets alone. Over TCP the wallet connects: "
            "start this node with -ipcbind=tcp:<host>:<port>, and moneyrocket-wallet with -ipcconnect."
        )
    return address


class WalletLink:
    """Connects to a wallet process so that it attaches to this node, again when that is back, until it is stopped.

    Args:
        address: where it listens.
        own_name: name of the running executable.
        chain: name of the node's chain.
        init: what the wallet process may ask of the node.
    """

    def __init__(self, address: UnixAddress, own_name: str, chain: str, init: Init) -> None:
        self._address = address
        self._component = Component(own_name, VERSION_TEXT, PROTOCOL_VERSION, chain)
        self._init = init
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._told = ""
        self._thread = start_thread("walletlink", self._run, daemon=True)

    def stop(self) -> None:
        """Hangs up, and tries no more."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(_PATIENCE)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                remote = attach_to_wallet(self._address, self._component, self._init, _PATIENCE)
            except IpcConnectError as error:
                self._tell(error)
            else:
                self._stay(remote)
                backoff.reset()
            self._stopping.wait(backoff.pause())

    def _stay(self, remote: RemoteProcess) -> None:
        """Coming and going are told of where the wallet attaches."""
        self._told = "absent"
        self._wake.clear()
        remote.on_disconnect(self._wake.set)
        if not self._stopping.is_set():
            self._wake.wait()
        remote.close()

    def _tell(self, error: IpcConnectError) -> None:
        """Tells of a problem once for as long as it is the same, and of an absence however it looks."""
        problem = "absent" if error.absent else str(error)
        if problem != self._told and not self._stopping.is_set():
            self._told = problem
            log.warning("The wallet process at %s is away: %s; it is tried again", self._address, error)
