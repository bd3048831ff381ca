"""The way to the node past HTTP: -ipcconnect."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from moneyrocket.cli.errors import CliError, ConnectionFailedError
from moneyrocket.common.args import ArgsManager

if TYPE_CHECKING:
    from moneyrocket.ipc.address import Address

_NAME = "moneyrocket-cli"
_DISABLED = "0"
_AUTO = "auto"
_DEFAULT = "unix"
_DEFAULT_FILE = "node.sock"
"""Where that is, in the chain's folder."""
_NO_REPLY = "null"
"""Where HTTP has a status code alone."""
_NOT_BUILT = f"{_NAME} was not built with IPC support"


def call_over_ipc(args: ArgsManager, request: bytes, uri: str, timeout: float | None) -> str | None:
    """Send a request to the node's socket.

    Args:
        args: the settings.
        request: JSON text in UTF-8.
        uri: path of the HTTP request that it stands for.
        timeout: seconds to wait for the reply, None for ever.

    Returns:
        The JSON text of the reply, None to go by HTTP.

    Raises:
        ConnectionFailedError: nobody listens where -ipcconnect says.
        CliError: the option cannot be used, or there was no reply.
    """
    wanted = args.get("-ipcconnect", _AUTO)
    if wanted == _DISABLED:
        return None
    automatic = wanted == _AUTO
    if args.is_set("-rpcconnect") and not args.is_negated("-rpcconnect"):
        if automatic:
            return None
        raise CliError("-rpcconnect and -ipcconnect options cannot both be enabled")
    if automatic and "rpccookiefile" in args.settings.command_line:
        # Cookies are for servers over HTTP: of another program in this folder, perhaps.
        return None
    address = _address(args, _DEFAULT if automatic else wanted, automatic)
    return None if address is None else _call(args, address, automatic, request, uri, timeout)


def _address(args: ArgsManager, text: str, automatic: bool) -> Address | None:
    # What follows takes time to import, and most nodes have no socket.
    if automatic and not os.path.exists(args.datadir_net / _DEFAULT_FILE):  # noqa: PTH110 - it raises nothing
        return None
    from moneyrocket.ipc.address import AddressError, parse_address

    try:
        return parse_address(text, args.datadir_net)
    except AddressError as error:
        if automatic:
            return None
        raise CliError(f"Invalid -ipcconnect address: {error}") from None


def _call(
    args: ArgsManager, address: Address, automatic: bool, request: bytes, uri: str, timeout: float | None
) -> str | None:
    try:
        from moneyrocket.ipc.call_rpc import CallFailedError, call_rpc
        from moneyrocket.ipc.connect import IpcConnectError
    except ModuleNotFoundError:
        if automatic:
            return None
        raise CliError(_NOT_BUILT) from None
    try:
        text = request.decode()
    except UnicodeDecodeError:
        raise CliError("a parameter is no valid UTF-8 text") from None
    user = args.get("-rpcuser", "")
    try:
        reply = call_rpc(address, _NAME, text, uri, user, timeout)
    except IpcConnectError as error:
        if not error.absent:
            raise CliError(str(error)) from None
        if automatic:
            return None
        raise ConnectionFailedError(f"{_reason(error)}{_hint(args, address)}") from None
    except CallFailedError as error:
        raise CliError(str(error)) from None
    if reply == _NO_REPLY:
        raise CliError(f"the -rpcwhitelist of the node does not allow this method to the user '{user}'")
    return reply


def _reason(error: BaseException) -> str:
    """What the system says of it, as Bitcoin Core's client tells it."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror
        found = found.__cause__
    return str(error)


def _hint(args: ArgsManager, address: Address) -> str:
    from moneyrocket.ipc.address import UnixAddress

    is_unix = isinstance(address, UnixAddress)
    place = "a unix socket" if is_unix else "this address"
    bind = _DEFAULT if is_unix else str(address)
    return (
        f"\n\nProbably moneyrocket-node is not running or not listening on {place}. Can be started with:\n\n"
        f"    moneyrocket-node -chain={args.chain_name} -ipcbind={bind}"
    )
