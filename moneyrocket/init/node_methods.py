"""All RPC methods of the node."""

from __future__ import annotations

from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc import control, node_util
from moneyrocket.rpc.method import RpcMethod


def node_methods() -> tuple[RpcMethod[NodeContext], ...]:
    """Returns every method that the node itself offers."""
    return (*control.METHODS, *node_util.METHODS)
