"""JSON-RPC requests as they travel from the node's HTTP server to whoever implements the method."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum

from moneyrocket.interfaces.json import Json


class RpcError(Exception):
    """A JSON-RPC error that the client is told of.

    Attributes:
        code: number from the method's documentation (`moneyrocket.rpc.errors.RpcErrorCode`).
        message: text for the client.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = int(code)
        self.message = message

    def __str__(self) -> str:
        return self.message


class RpcMode(IntEnum):
    """What is asked of a method."""

    EXECUTE = 0
    GET_HELP = 1
    GET_ARGS = 2
    """Return the argument names with their command-line conversions, for ``help dump_all_command_conversions``."""


@dataclass(frozen=True, slots=True)
class RpcRequest:
    """One call of a method.

    Attributes:
        method: name of the method.
        params: positional parameters as a list, or named ones as a dict.
        uri: path of the HTTP request; ``/wallet/<name>`` chooses a wallet.
        auth_user: name under which the client logged in.
        peer_addr: address of the client, empty when the call came from inside.
        mode: whether to run the method or describe it.
    """

    method: str
    params: Json
    uri: str = "/"
    auth_user: str = ""
    peer_addr: str = ""
    mode: RpcMode = RpcMode.EXECUTE


class Rpc(ABC):
    """Answers JSON-RPC requests as the HTTP server would. It is Bitcoin Core's interface of that name."""

    @abstractmethod
    def execute_rpc(self, request: str, uri: str, user: str) -> str:
        """Run a request or a batch of them.

        Args:
            request: the JSON text.
            uri: path of the HTTP request that it stands for; ``/wallet/<name>`` chooses a wallet.
            user: name of the user, whose -rpcwhitelist counts. There is no password: who may connect may say any name.

        Returns:
            The JSON text of the reply; ``null`` where the HTTP server has no text to send: the request is a
            notification, or the user may not call the method.
        """


class RpcHandler(ABC):
    """Runs one RPC method."""

    @abstractmethod
    def call(self, request: RpcRequest) -> Json:
        """Run the method and return its result.

        Raises:
            RpcError: when the method fails in a way its documentation names.
        """


@dataclass(frozen=True, slots=True)
class RpcCommand:
    """A method on offer.

    Attributes:
        category: heading in the list of methods, in lower case.
        name: name of the method.
        arg_names: parameter names in positional order; aliases joined by ``|``.
        handler: what runs it.
    """

    category: str
    name: str
    arg_names: tuple[str, ...]
    handler: RpcHandler
