"""Passes a node's wallet requests to the wallet component that they are for, of which there may be several."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from moneyrocket.common.in_time import InTime
from moneyrocket.common.logging import log
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcHandler, RpcMode, RpcRequest
from moneyrocket.interfaces.wallet import WalletLoader
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.table import WALLET_PROCESS_GONE, RpcTable
from moneyrocket.rpc.wallet_choice import endpoint_wallet, none_loaded, not_loaded, several_loaded

WALLET_PROCESS_LEFT: Final = "The wallet process has left. Start moneyrocket-wallet again to use its wallets."
"""Message of error -18 when a wallet process that was started on its own is not attached any more."""

_LEFT_MEANWHILE: Final = (
    "The wallet process left while it ran this method, which may have had its effect. "
    "Look at the wallet when it is back."
)
_NOT_FORWARDED: Final = (
    "This node does not forward wallet methods (-forwardwalletrpc=0). Ask the RPC server of the wallet process, "
    "moneyrocket-wallet -server."
)
_WHICH_PROCESS: Final = (
    "Several wallet processes are attached. Ask the RPC server of the one that shall have the wallet, "
    "moneyrocket-wallet -server."
)
_PATIENCE: Final = 2.0
"""Seconds that a visitor has to tell the names of its wallets."""

_MAKERS: Final = frozenset({"createwallet", "loadwallet", "restorewallet"})


@dataclass(eq=False)
class WalletComponent:
    """The wallets of one process.

    Attributes:
        title: what messages call it.
        loader: its wallets.
        is_own: it belongs to the node, and lives as long.
        commands: methods that it offers, by name.
    """

    title: str
    loader: WalletLoader
    is_own: bool
    commands: dict[str, RpcCommand] = field(default_factory=dict)
    _names: InTime[list[str]] = field(init=False, repr=False)
    _last_names: list[str] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self._names = InTime("walletnames", self._ask_names)

    def has(self, wallet: str) -> bool:
        """Whether a wallet is loaded."""
        return wallet in self.wallets()

    def wallets(self) -> list[str]:
        """Names of the loaded wallets; none if its process is gone, the last ones if it is a visitor who hangs."""
        if self.is_own:
            with suppress(ConnectionError):
                return self.loader.loaded_wallets()
            return []
        answer = self._names.answer(_PATIENCE)
        self._last_names = self._last_names if answer is None else answer
        return self._last_names

    def _ask_names(self) -> list[str]:
        try:
            return self.loader.loaded_wallets()
        except ConnectionError:
            return []


class WalletRouter:
    """The wallet components of a node. Safe to use from several threads.

    Args:
        table: where the methods of all of them are offered.
        forwards: whether requests are passed on at all; otherwise they are refused with a hint.
    """

    def __init__(self, table: RpcTable, *, forwards: bool = True) -> None:
        self._table = table
        self._forwards = forwards
        self._lock = threading.Lock()
        self._components: tuple[WalletComponent, ...] = ()
        self._had_own = False
        self._warned: set[tuple[str, str]] = set()

    def join(self, component: WalletComponent) -> None:
        """Take a component in; its methods follow, see `offer`."""
        with self._lock:
            own = [other for other in self._components if other.is_own]
            visitors = [other for other in self._components if not other.is_own]
            self._components = (component, *own, *visitors) if component.is_own else (*own, *visitors, component)
            self._had_own = self._had_own or component.is_own

    def leave(self, component: WalletComponent) -> None:
        """Let a component go, with all that it offered. Harmless if repeated."""
        with self._lock:
            self._components = tuple(other for other in self._components if other is not component)

    def loaders(self) -> list[WalletLoader]:
        """The wallets of every component, the node's own first."""
        return [component.loader for component in self._components]

    def tell_all(self, message: Callable[[WalletLoader], None]) -> None:
        """Call something of every component; those that have left meanwhile need not know."""
        for component in self._components:
            with suppress(*() if component.is_own else (ConnectionError,)):
                message(component.loader)

    def offer(self, component: WalletComponent, command: RpcCommand) -> Handler:
        """Offer a method of a component until the handler is disconnected."""
        component.commands[command.name] = command
        self._table.add((RpcCommand(command.category, command.name, command.arg_names, _Routed(self, command.name)),))
        return _Offer(component, command)

    def offer_own(self, command: RpcCommand) -> Handler:
        """Offer a method of the node's own component, which has joined."""
        own = self._components[0]
        assert own.is_own
        return self.offer(own, command)

    def warn_of_doubles(self, component: WalletComponent) -> None:
        """Log which wallets of a component hide behind wallets of the same name of another one."""
        for name in component.wallets():
            self._holder(name, self._components)

    def run(self, name: str, request: RpcRequest) -> Json:
        """Run a method where its wallet is.

        Raises:
            RpcError: -18 when the wallet, or the process that ran the method, is not there; -19 when the request does
                not say which of several wallets or processes it is for; -32601 when nothing is passed on; and whatever
                the method raises.
            ConnectionError: the node's own wallet process is gone.
        """
        offering = tuple(component for component in self._components if name in component.commands)
        if not offering:
            return self._describe_gone(name, request)
        if request.mode is not RpcMode.EXECUTE:
            return offering[0].commands[name].handler.call(request)
        if not self._forwards:
            raise RpcError(RpcErrorCode.METHOD_NOT_FOUND, _NOT_FORWARDED)
        if len(offering) == 1:
            return _call(offering[0], request)
        if name == "listwallets":
            return list(dict.fromkeys(_items(_call(component, request) for component in offering)))
        if name == "listwalletdir":
            return _merge_directories(_call(component, request) for component in offering)
        return _call(self._choose(name, request, offering), request)

    def _choose(self, name: str, request: RpcRequest, offering: tuple[WalletComponent, ...]) -> WalletComponent:
        if name in _MAKERS:
            if offering[0].is_own:
                return offering[0]
            raise RpcError(RpcErrorCode.WALLET_NOT_SPECIFIED, _WHICH_PROCESS)
        wanted = endpoint_wallet(request)
        if wanted is None and name == "unloadwallet":
            wanted = _first_argument(request, "wallet_name")
        if wanted is not None:
            holder = self._holder(wanted, offering)
            if holder is None:
                raise not_loaded()
            return holder
        holders = [component for component in offering for _ in component.wallets()]
        if not holders:
            raise none_loaded()
        if len(holders) > 1:
            raise several_loaded()
        return holders[0]

    def _holder(self, wallet: str, components: tuple[WalletComponent, ...]) -> WalletComponent | None:
        """The first component that has a wallet; of further ones the operator is warned, once."""
        holders = [component for component in components if component.has(wallet)]
        for other in holders[1:]:
            if (wallet, other.title) not in self._warned:
                self._warned.add((wallet, other.title))
                log.warning(
                    'The wallet "%s" of %s cannot be reached through this node: %s has one of that name',
                    wallet,
                    other.title,
                    holders[0].title,
                )
        return holders[0] if holders else None

    def _describe_gone(self, name: str, request: RpcRequest) -> Json:
        message = WALLET_PROCESS_GONE if self._had_own else WALLET_PROCESS_LEFT
        if request.mode is RpcMode.GET_HELP:
            return f"{name}\n\n{message}\n"
        if request.mode is RpcMode.GET_ARGS:
            return []
        raise RpcError(RpcErrorCode.WALLET_NOT_FOUND, message)


class _Routed(RpcHandler):
    def __init__(self, router: WalletRouter, name: str) -> None:
        self._router = router
        self._name = name

    def call(self, request: RpcRequest) -> Json:
        return self._router.run(self._name, request)


class _Offer(Handler):
    def __init__(self, component: WalletComponent, command: RpcCommand) -> None:
        self._component = component
        self._command = command

    def disconnect(self) -> None:
        commands = self._component.commands
        if commands.get(self._command.name) is self._command:
            del commands[self._command.name]


def _call(component: WalletComponent, request: RpcRequest) -> Json:
    command = component.commands.get(request.method)
    if command is None:
        raise RpcError(RpcErrorCode.WALLET_NOT_FOUND, WALLET_PROCESS_GONE if component.is_own else WALLET_PROCESS_LEFT)
    try:
        return command.handler.call(request)
    except ConnectionError as error:
        if component.is_own:
            raise
        raise RpcError(RpcErrorCode.WALLET_NOT_FOUND, _LEFT_MEANWHILE) from error


def _items(results: Iterator[Json]) -> Iterator[str]:
    for result in results:
        yield from (str(item) for item in result) if isinstance(result, list) else ()


def _merge_directories(results: Iterator[Json]) -> Json:
    found: dict[str, Json] = {}
    for result in results:
        wallets = result.get("wallets") if isinstance(result, dict) else None
        for entry in wallets if isinstance(wallets, list) else ():
            if isinstance(entry, dict):
                found.setdefault(str(entry["name"]), entry)
    return {"wallets": list(found.values())}


def _first_argument(request: RpcRequest, name: str) -> str | None:
    params = request.params
    if isinstance(params, dict):
        positional = params.get("args")
        given = params.get(name, positional[0] if isinstance(positional, list) and positional else None)
    else:
        given = params[0] if isinstance(params, list) and params else None
    return given if isinstance(given, str) else None
