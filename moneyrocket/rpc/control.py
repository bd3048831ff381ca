"""RPC methods about the server itself: help, stop, uptime, getrpcinfo, logging, getmemoryinfo, getsandboxinfo."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from moneyrocket.common import clock, logging
from moneyrocket.common.version import CLIENT_NAME
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc import values
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.table import RpcTable

if TYPE_CHECKING:
    from moneyrocket.interfaces.process import SandboxInfo


class RpcHost(Protocol):
    """A program with an RPC server."""

    @property
    def rpc_table(self) -> RpcTable:
        """The methods on offer."""

    def request_shutdown(self) -> None:
        """Let the program stop."""

    def sandboxes(self) -> list[SandboxInfo]:
        """The sandboxes of its processes."""


@rpc_method(
    category="control",
    help="Lists all methods, or describes one.",
    params=(Param("command", ParamType.STR, "The method to describe", default_hint="all commands"),),
    result='"str"    (string) The text',
    name="help",
)
def help_(host: RpcHost, args: Args) -> Json:
    name = args.opt_str("command") or ""
    if name == "dump_all_command_conversions":
        return host.rpc_table.argument_map(args.request)
    return host.rpc_table.help(name, args.request)


@rpc_method(
    category="control",
    help=f"Stops {CLIENT_NAME} in order.",
    params=(Param("wait", ParamType.NUM, "Milliseconds to wait before the reply", required=False, hidden=True),),
    result=f"\"str\"    (string) The text '{CLIENT_NAME} stopping'",
)
def stop(host: RpcHost, args: Args) -> Json:
    host.request_shutdown()
    wait = args.opt_int("wait")
    if wait is not None:
        time.sleep(max(wait, 0) / 1000)
    return f"{CLIENT_NAME} stopping"


@rpc_method(
    category="control",
    help="Returns how long the server has been running.",
    result="n    (numeric) Seconds since it was started",
    examples=(cli_example("uptime"), http_example("uptime")),
)
def uptime(host: RpcHost, args: Args) -> Json:
    return clock.uptime()


@rpc_method(
    category="control",
    help="Returns what the RPC server is doing.",
    result=(
        "{                          (json object)\n"
        '  "active_commands" : [    (json array) Calls that are running\n'
        "    {                      (json object)\n"
        '      "method" : "str",    (string) Name of the method\n'
        '      "duration" : n       (numeric) Running time in microseconds\n'
        "    },\n"
        "    ...\n"
        "  ],\n"
        '  "logpath" : "str"        (string) Path of debug.log\n'
        "}"
    ),
    examples=(cli_example("getrpcinfo"), http_example("getrpcinfo")),
)
def getrpcinfo(host: RpcHost, args: Args) -> Json:
    current = clock.monotonic()
    return {
        "active_commands": [
            {"method": command.method, "duration": int((current - command.start) * 1_000_000)}
            for command in host.rpc_table.active_commands()
        ],
        "logpath": str(logging.log_path() or ""),
    }


@rpc_method(
    category="control",
    help=(
        "Returns which log categories are on, after turning some on and then others off.\n"
        f"Categories: {', '.join(logging.CATEGORIES)}; all of them: all or 1."
    ),
    params=(
        Param(
            "include",
            ParamType.ARR,
            "Categories to turn on",
            required=False,
            inner=(Param("include_category", ParamType.STR, "A category", required=False),),
        ),
        Param(
            "exclude",
            ParamType.ARR,
            "Categories to turn off",
            required=False,
            inner=(Param("exclude_category", ParamType.STR, "A category", required=False),),
        ),
    ),
    result=(
        "{                             (json object)\n"
        '  "category" : true|false,    (boolean) Whether it is on\n'
        "  ...\n"
        "}"
    ),
    examples=(
        cli_example("logging", '"[\\"all\\"]" "[\\"http\\"]"'),
        http_example("logging", '["all"], ["leveldb"]'),
    ),
    name="logging",
)
def logging_(host: RpcHost, args: Args) -> Json:
    for name, switch in (("include", logging.enable_category), ("exclude", logging.disable_category)):
        for value in args.opt_list(name) or ():
            category = values.as_str(value)
            if not switch(category):
                raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"unknown logging category {category}")
    return dict(logging.category_states())


@rpc_method(
    category="control",
    help="Returns how much memory the program uses.",
    params=(
        Param(
            "mode",
            ParamType.STR,
            'What to return: "stats" for the locked memory that holds secrets (the program locks none itself, so all '
            'numbers are 0), "mallocinfo" for the state of the heap, where it is known',
            default="stats",
        ),
    ),
    result=(
        "{                    (json object)\n"
        '  "locked" : {       (json object) Locked memory\n'
        '    "used" : n, "free" : n, "total" : n, "locked" : n    (numeric) Bytes\n'
        '    "chunks_used" : n, "chunks_free" : n                 (numeric) Pieces\n'
        "  }\n"
        "}"
    ),
    examples=(cli_example("getmemoryinfo"), http_example("getmemoryinfo")),
)
def getmemoryinfo(host: RpcHost, args: Args) -> Json:
    mode = args.str("mode")
    if mode == "mallocinfo":
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, "mallocinfo mode not available")
    if mode != "stats":
        raise RpcError(RpcErrorCode.INVALID_PARAMETER, f"unknown mode {mode}")
    names = ("used", "free", "total", "locked", "chunks_used", "chunks_free")
    return {"locked": dict.fromkeys(names, 0)}


@rpc_method(
    category="control",
    help="Returns what each process is kept from (-sandbox).",
    result=(
        "[                          (json array) This process, and those that hold its wallets\n"
        "  {                        (json object)\n"
        '    "role" : "str",        (string) node, wallet or all\n'
        '    "name" : "str",        (string) Name of the executable\n'
        '    "pid" : n,             (numeric) Process id\n'
        '    "enabled" : bool,      (boolean) Whether the process is in its sandbox\n'
        '    "reason" : "str",      (string) Why it is not; only if so\n'
        '    "landlock_abi" : n,    (numeric) Version of Landlock in force; these only if it is\n'
        '    "seccomp" : bool,      (boolean) Whether system calls are filtered\n'
        '    "network" : "str",     (string) unrestricted, none, or what is allowed of it\n'
        '    "read" : [ "str" ],    (json array) Files and folders that may be read\n'
        '    "write" : [ "str" ]    (json array) Files and folders that may be written, too\n'
        "  },\n"
        "  ...\n"
        "]"
    ),
    examples=(cli_example("getsandboxinfo"), http_example("getsandboxinfo")),
)
def getsandboxinfo(host: RpcHost, args: Args) -> Json:
    return [_sandbox_json(info) for info in host.sandboxes()]


def _sandbox_json(info: SandboxInfo) -> Json:
    described: dict[str, Json] = {
        "role": info.role.value,
        "name": info.name,
        "pid": info.pid,
        "enabled": info.enabled,
    }
    if not info.enabled:
        return {**described, "reason": info.reason}
    return {
        **described,
        "landlock_abi": info.landlock_abi,
        "seccomp": info.seccomp,
        "network": info.network,
        "read": list[Json](info.read),
        "write": list[Json](info.write),
    }


METHODS = (help_, stop, uptime, getrpcinfo, logging_, getmemoryinfo, getsandboxinfo)
