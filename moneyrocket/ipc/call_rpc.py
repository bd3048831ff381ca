"""One JSON-RPC request to a program that listens."""

from __future__ import annotations

from libmultiprocess import RemoteError, deadline

from moneyrocket.ipc.address import Address
from moneyrocket.ipc.connect import IpcConnectError, connect_to


class CallFailedError(Exception):
    """The program was reached, and gave no answer; the message says why."""


def call_rpc(address: Address, own_name: str, request: str, uri: str, user: str, timeout: float | None) -> str:
    """Send a request and wait for the reply.

    Args:
        address: where the node listens.
        own_name: name of the running executable.
        request: JSON text, see `moneyrocket.interfaces.rpc.Rpc`.
        uri: path of the HTTP request that it stands for.
        user: name of the user.
        timeout: seconds to wait for the reply, None for ever.

    Returns:
        The JSON text of the reply.

    Raises:
        IpcConnectError: nobody could be connected to.
        CallFailedError: there was no reply.
    """
    try:
        remote = connect_to(address, own_name)
    except ConnectionError as error:
        raise IpcConnectError(f"{address}: {error}", absent=True) from error
    try:
        rpc = remote.init.make_rpc()
        if timeout is None:
            return rpc.execute_rpc(request, uri, user)
        with deadline(timeout):
            return rpc.execute_rpc(request, uri, user)
    except TimeoutError:
        raise CallFailedError("timeout") from None
    except ConnectionError as error:
        raise CallFailedError(f"the connection to {address} was lost: {error}") from error
    except RemoteError as error:
        raise CallFailedError(f"{address}: {error}") from error
    finally:
        remote.close()
