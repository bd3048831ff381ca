"""Declares an RPC method next to the function that runs it.

    @rpc_method(
        category="blockchain",
        params=(Param("height", ParamType.NUM, "Height of the block"),),
        result="hex string: hash of the block",
        help="Returns the hash of the block at a height of the active chain.",
        examples=(cli_example("getblockhash", "1000"),),
    )
    def getblockhash(node: NodeContext, args: Args) -> Json:
        return hash_to_hex(node.chain.hash_at(args.int("height")))

The result is an `RpcMethod`; `RpcMethod.bind` joins it with the context object of its room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcCommand, RpcError, RpcHandler, RpcMode, RpcRequest
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.params import Args, Param, ParamType, positional

Ctx = TypeVar("Ctx")

_STRINGS = (ParamType.STR, ParamType.HEX)


@dataclass(frozen=True, slots=True)
class RpcMethod(Generic[Ctx]):
    """An RPC method of a room whose context object has type `Ctx`.

    Attributes:
        name: name of the method.
        category: heading in the list of methods, in lower case; ``hidden`` keeps it out of the list.
        params: parameters in positional order.
        help: what the method does.
        result: what it returns.
        examples: lines of examples.
        run: the function that runs it.
    """

    name: str
    category: str
    params: tuple[Param, ...]
    help: str
    result: str
    examples: tuple[str, ...]
    run: Callable[[Ctx, Args], Json]

    def bind(self, context: Ctx) -> RpcCommand:
        """Returns the method with its context, ready for a table."""
        return RpcCommand(
            category=self.category,
            name=self.name,
            arg_names=tuple("|".join(param.names) for param in self.params),
            handler=_BoundMethod(self, context),
        )

    def call(self, context: Ctx, request: RpcRequest) -> Json:
        """Runs, or describes, the method as the request's mode says.

        Raises:
            RpcError: -1 with the help text for a wrong number of parameters, -3 for wrong types, -8 for wrong names,
                and whatever the method raises.
        """
        if request.mode is RpcMode.GET_ARGS:
            return self.argument_map()
        if request.mode is RpcMode.GET_HELP:
            return self.help_text()
        values = positional(self.params, request)
        if not self.required_count <= len(values) <= len(self.params):
            raise RpcError(RpcErrorCode.MISC_ERROR, self.help_text())
        self._check_types(values)
        return self.run(context, Args(self.params, values, request))

    @property
    def required_count(self) -> int:
        """How many values must be given at least."""
        return max((number for number, param in enumerate(self.params, 1) if not param.is_optional), default=0)

    def help_text(self) -> str:
        """Returns the full description; its first line is the synopsis."""
        from moneyrocket.rpc.help import method_help

        return method_help(self.name, self.params, self.help, self.result, self.examples)

    def argument_map(self) -> Json:
        """Returns for every parameter name ``[method, position, name, is a string]``."""
        rows: list[Json] = []
        for number, param in enumerate(self.params):
            for name in param.names:
                rows.append([self.name, number, name, param.type in _STRINGS])
                if param.type is ParamType.OPTIONS:
                    rows.extend(
                        [self.name, number, member_name, member.type in _STRINGS]
                        for member in param.inner
                        for member_name in member.names
                    )
        return rows

    def _check_types(self, values: list[Json]) -> None:
        wrong: dict[str, Json] = {}
        for number, param in enumerate(self.params):
            problem = param.mismatch(values[number] if number < len(values) else None)
            if problem:
                wrong[f"Position {number + 1} ({'|'.join(param.names)})"] = problem
        if wrong:
            from moneyrocket.rpc import json

            raise RpcError(RpcErrorCode.TYPE_ERROR, f"Wrong type passed:\n{json.dumps(wrong, indent=4)}")


class _BoundMethod(RpcHandler, Generic[Ctx]):
    __slots__ = ("_context", "_method")

    def __init__(self, method: RpcMethod[Ctx], context: Ctx) -> None:
        self._method = method
        self._context = context

    def call(self, request: RpcRequest) -> Json:
        return self._method.call(self._context, request)


def rpc_method(
    *,
    category: str,
    help: str,  # noqa: A002
    params: tuple[Param, ...] = (),
    result: str = "null",
    examples: tuple[str, ...] = (),
    name: str = "",
) -> Callable[[Callable[[Ctx, Args], Json]], RpcMethod[Ctx]]:
    """Makes an `RpcMethod` of the function below it.

    Args:
        category: heading in the list of methods (``blockchain``, ``control``, …, ``hidden``).
        help: what the method does, in sentences.
        params: parameters in positional order.
        result: what it returns: type and meaning; empty for a method that only fails.
        examples: lines made with `cli_example` and `http_example`.
        name: the method's name when it is not the function's.
    """

    def wrap(run: Callable[[Ctx, Args], Json]) -> RpcMethod[Ctx]:
        return RpcMethod(name or run.__name__, category, params, help, result, examples, run)

    return wrap


def cli_example(method: str, arguments: str = "") -> str:
    """Returns the line that calls a method through moneyrocket-cli."""
    return f"> moneyrocket-cli {method} {arguments}".rstrip()


def http_example(method: str, arguments: str = "") -> str:
    """Returns the line that calls a method through curl; `arguments` are JSON values joined by commas."""
    return (
        '> curl --user myusername --data-binary \'{"jsonrpc": "2.0", "id": "curltest", '
        f'"method": "{method}", "params": [{arguments}]}}\' -H \'content-type: application/json\' http://127.0.0.1:8332/'
    )
