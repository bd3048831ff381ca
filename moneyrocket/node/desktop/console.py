"""RPC methods and options, as a console and a settings page need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moneyrocket.interfaces.node_values import RpcArgument, RpcMethodInfo, SettingState
from moneyrocket.interfaces.rpc import RpcCommand, RpcMode, RpcRequest

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager
    from moneyrocket.common.settings import Settings
    from moneyrocket.interfaces.json import Json
    from moneyrocket.rpc.table import RpcTable


def rpc_methods(table: RpcTable) -> list[RpcMethodInfo]:
    """See `moneyrocket.interfaces.node.Node.rpc_methods`."""
    return [RpcMethodInfo(command.name, command.category, _arguments(command)) for command in table.commands()]


def _arguments(command: RpcCommand) -> tuple[RpcArgument, ...]:
    request = RpcRequest(command.name, [], mode=RpcMode.GET_ARGS)
    try:
        rows = command.handler.call(request)
    except ConnectionError:
        return ()
    is_text: dict[int, bool] = {}
    for row in rows if isinstance(rows, list) else ():
        # A row is method, position, name, whether it is a text. Members of options come after the options themselves.
        if isinstance(row, list) and isinstance(row[1], int):
            is_text.setdefault(row[1], bool(row[3]))
    return tuple(RpcArgument(name, not is_text.get(position, True)) for position, name in enumerate(command.arg_names))


def setting_state(args: ArgsManager, at_start: Settings, name: str) -> SettingState:
    """See `moneyrocket.interfaces.node.Node.setting`.

    Args:
        args: the settings now.
        at_start: those that the node began with.
        name: the option without dash.
    """
    settings = args.settings
    stored = settings.rw.get(name)
    value = _value(args, settings, name)
    others = (settings.command_line, *settings.config.values())
    return SettingState(value, stored, any(name in given for given in others), value != _value(args, at_start, name))


def _value(args: ArgsManager, settings: Settings, name: str) -> Json:
    skip = args.skips_default_section(f"-{name}")
    several = settings.values(name, skip_default_section=skip)
    return several if len(several) > 1 else settings.value(name, skip_default_section=skip)
