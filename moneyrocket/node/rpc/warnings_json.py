"""The ``warnings`` field of RPC replies."""

from __future__ import annotations

from moneyrocket.interfaces.json import Json
from moneyrocket.node.context import NodeContext


def warnings_json(node: NodeContext) -> Json:
    """All warnings; with -deprecatedrpc=warnings the latest one as a string."""
    messages = node.warnings.messages()
    if "warnings" in node.args.get_list("-deprecatedrpc"):
        return messages[-1] if messages else ""
    return list[Json](messages)
