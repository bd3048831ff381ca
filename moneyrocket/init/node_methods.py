"""All RPC methods of the node."""

from __future__ import annotations

from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc import (
    blockchain,
    chain_control,
    chain_info,
    chain_wait,
    control,
    node_util,
    txoutset,
)
from moneyrocket.rpc.method import RpcMethod


def node_methods() -> tuple[RpcMethod[NodeContext], ...]:
    """Returns every method that the node itself offers."""
    modules = (blockchain, chain_control, chain_info, chain_wait, control, node_util, txoutset)
    return tuple(method for module in modules for method in module.METHODS)
