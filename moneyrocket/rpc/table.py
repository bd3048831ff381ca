"""The RPC methods that this process offers, wherever they run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from moneyrocket.common import clock
from moneyrocket.common.logging import category_logger
from moneyrocket.interfaces.chain import NodeAwayError
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcMode, RpcRequest
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import RpcMethod

Ctx = TypeVar("Ctx")

_log = category_logger("rpc")

_FIRST_STATUS = "RPC server started"

WALLET_PROCESS_GONE = "The wallet process has ended. Restart the node to use wallets again."
"""Message of error -18 for a call that was, or would be, run by a wallet process that is no more."""


@dataclass(frozen=True, slots=True, eq=False)
class ActiveCommand:
    """A call that is running.

    Attributes:
        method: name of the method.
        start: value of `clock.monotonic` when it began, seconds.
    """

    method: str
    start: float


def bind(methods: Sequence[RpcMethod[Ctx]], context: Ctx) -> tuple[RpcCommand, ...]:
    """Returns the methods of a room joined with its context object."""
    return tuple(method.bind(context) for method in methods)


class RpcTable:
    """Finds and runs RPC methods. Safe to use from several threads.

    Args:
        not_found: what the caller of an unknown method is told.
    """

    def __init__(self, not_found: str = "Method not found") -> None:
        self._not_found = not_found
        self.surround: Callable[[RpcRequest], AbstractContextManager[None]] = lambda request: nullcontext()
        self._lock = threading.Lock()
        self._commands: dict[str, RpcCommand] = {}
        self._active: dict[int, ActiveCommand] = {}
        self._next_call = 0
        self._warmup: str | None = _FIRST_STATUS

    def add(self, commands: Iterable[RpcCommand]) -> None:
        """Offers methods. One of the same name is replaced."""
        with self._lock:
            # Copied, never changed in place: execute and help read it without the lock.
            self._commands = {**self._commands, **{command.name: command for command in commands}}

    def remove(self, command: RpcCommand) -> None:
        """Stops to offer a method, unless another has taken its name meanwhile."""
        with self._lock:
            if self._commands.get(command.name) is command:
                self._commands = {name: other for name, other in self._commands.items() if other is not command}

    def commands(self) -> list[RpcCommand]:
        """Returns all methods, sorted by name."""
        return [command for _, command in sorted(self._commands.items())]

    def names(self) -> list[str]:
        """Returns the names of all methods, sorted."""
        return sorted(self._commands)

    def set_warmup_status(self, status: str) -> None:
        """Says what start-up step is running; calls fail with it (-28) until `finish_warmup`."""
        with self._lock:
            self._warmup = status

    def finish_warmup(self) -> None:
        """Lets calls through."""
        with self._lock:
            self._warmup = None

    @property
    def warmup_status(self) -> str | None:
        """The start-up step, None when start-up is over."""
        return self._warmup

    def active_commands(self) -> list[ActiveCommand]:
        """Returns the calls that are running, oldest first."""
        with self._lock:
            return list(self._active.values())

    def execute(self, request: RpcRequest) -> Json:
        """Runs a method.

        Raises:
            RpcError: -28 during start-up, -32601 for an unknown method, -9 when a wallet's method needs the node and it
                is away, -18 when the process that runs it is gone, -1 for an unexpected exception, and whatever the
                method raises.
        """
        if self._warmup is not None:
            raise RpcError(RpcErrorCode.IN_WARMUP, self._warmup)
        command = self._commands.get(request.method)
        if command is None:
            raise RpcError(RpcErrorCode.METHOD_NOT_FOUND, self._not_found)
        with self._lock:
            call = self._next_call
            self._next_call += 1
            self._active[call] = ActiveCommand(request.method, clock.monotonic())
        try:
            with self.surround(request):
                return command.handler.call(request)
        except RpcError:
            raise
        except NodeAwayError as error:
            raise RpcError(RpcErrorCode.CLIENT_NOT_CONNECTED, str(error)) from error
        except ConnectionError as error:
            _log.error("RPC method %s lost the process that runs it: %s", request.method, error)
            raise RpcError(RpcErrorCode.WALLET_NOT_FOUND, WALLET_PROCESS_GONE) from error
        except Exception as error:
            import traceback

            _log.error("RPC method %s failed unexpectedly: %s", request.method, traceback.format_exc())
            raise RpcError(RpcErrorCode.MISC_ERROR, str(error) or type(error).__name__) from error
        finally:
            with self._lock:
                del self._active[call]

    def help(self, name: str, request: RpcRequest) -> str:
        """Returns the help text of a method, or with an empty name the list of methods by category."""
        if name:
            command = self._commands.get(name)
            return self._describe(command, request) if command else f"help: unknown command: {name}"
        lines: list[str] = []
        category = ""
        for command in sorted(self._commands.values(), key=lambda command: command.category + command.name):
            if command.category == "hidden":
                continue
            if command.category != category:
                category = command.category
                lines.extend(([""] if lines else []) + [f"== {category[:1].upper()}{category[1:]} =="])
            lines.append(self._describe(command, request).partition("\n")[0])
        return "\n".join(lines)

    def argument_map(self, request: RpcRequest) -> Json:
        """Returns the parameters of all methods (see `RpcMethod.argument_map`)."""
        rows: list[Json] = []
        for name in self.names():
            described = self._commands[name].handler.call(replace(request, method=name, mode=RpcMode.GET_ARGS))
            rows.extend(described if isinstance(described, list) else ())
        return rows

    @staticmethod
    def _describe(command: RpcCommand, request: RpcRequest) -> str:
        described = command.handler.call(replace(request, method=command.name, params=[], mode=RpcMode.GET_HELP))
        return str(described)
