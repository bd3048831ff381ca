"""RPC methods for tests (clock, scheduler, echo) and getindexinfo."""

from __future__ import annotations

from moneyrocket.common import clock
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.node.context import NodeContext
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType

_MAX_TIME = 0xFFFFFFFF
_MAX_FORWARD = 3600
_ECHO_PARAMS = tuple(
    Param(f"arg{number}", ParamType.STR, "A value", required=False, skip_type_check=True) for number in range(10)
)


def _require_test_chain(node: NodeContext, name: str) -> None:
    if node.args.chain_name != "regtest":
        raise RpcError(RpcErrorCode.MISC_ERROR, f"{name} is for regression testing (-regtest mode) only")


@rpc_method(
    category="hidden",
    help="Sets the clock of the node (regtest only).",
    params=(Param("timestamp", ParamType.NUM, "UNIX time in seconds, 0 for the real time"),),
)
def setmocktime(node: NodeContext, args: Args) -> Json:
    _require_test_chain(node, "setmocktime")
    seconds = args.int("timestamp", bits=64)
    if not 0 <= seconds <= _MAX_TIME:
        raise RpcError(
            RpcErrorCode.INVALID_PARAMETER, f"Mocktime must be in the range [0, {_MAX_TIME}], not {seconds}."
        )
    # Time must not jump while a block or transaction is being checked.
    with node.chainman.lock:
        clock.set_mock_time(seconds)
    node.wallet_router.tell_all(lambda loader: loader.set_mock_time(seconds))
    return None


@rpc_method(
    category="hidden",
    help="Lets scheduled jobs happen as if time had passed (regtest only).",
    params=(Param("delta_time", ParamType.NUM, "Seconds, 1 to 3600"),),
)
def mockscheduler(node: NodeContext, args: Args) -> Json:
    _require_test_chain(node, "mockscheduler")
    seconds = args.int("delta_time", bits=64)
    if not 0 < seconds <= _MAX_FORWARD:
        raise RpcError(RpcErrorCode.MISC_ERROR, "delta_time must be between 1 and 3600 seconds (1 hr)")
    node.scheduler.mock_forward(seconds)
    node.signals.sync()
    node.wallet_router.tell_all(lambda loader: loader.scheduler_mock_forward(seconds))
    return None


def _echo(node: NodeContext, args: Args) -> Json:
    return [args.given(f"arg{number}") for number in range(len(args))]


echo = rpc_method(
    category="hidden",
    help="Returns its parameters, for tests. moneyrocket-cli passes those of echojson as JSON.",
    params=_ECHO_PARAMS,
    result="The parameters as an array",
    name="echo",
)(_echo)

echojson = rpc_method(
    category="hidden",
    help="Returns its parameters, for tests. moneyrocket-cli passes those of echojson as JSON.",
    params=_ECHO_PARAMS,
    result="The parameters as an array",
    name="echojson",
)(_echo)


@rpc_method(
    category="hidden",
    help="Returns its parameter, in the multiprocess shape by way of another process, for tests.",
    params=(Param("arg", ParamType.STR, "A text"),),
    result='"str"    (string) The text',
    examples=(cli_example("echoipc", '"Hello world"'), http_example("echoipc", '"Hello world"')),
)
def echoipc(node: NodeContext, args: Args) -> Json:
    return node.init.make_echo().echo(args.str("arg"))


@rpc_method(
    category="util",
    help="Returns the state of the optional indexes that are switched on.",
    params=(Param("index_name", ParamType.STR, "Return this index only", required=False),),
    result="{}    (json object) Name, whether it is synchronised, and its height, of each index",
    examples=(cli_example("getindexinfo"), http_example("getindexinfo")),
)
def getindexinfo(node: NodeContext, args: Args) -> Json:
    wanted = args.opt_str("index_name")
    return {
        index.name: {"synced": index.synced, "best_block_height": index.best_height}
        for index in node.indexes
        if not wanted or index.name == wanted
    }


METHODS = (setmocktime, mockscheduler, echo, echojson, echoipc, getindexinfo)
