"""All RPC methods of the node."""

from __future__ import annotations

from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc import (
    block_template,
    blockchain,
    chain_control,
    chain_info,
    chain_wait,
    control,
    generate,
    mining,
    network,
    node_util,
    scan,
    txoutset,
)
from moneyrocket.rpc.method import RpcMethod


def node_methods() -> tuple[RpcMethod[NodeContext], ...]:
    """Returns every method that the node itself offers."""
    modules = (
        block_template, blockchain, chain_control, chain_info, chain_wait, control, generate, mining, network, node_util,
        scan, txoutset,
    )  # fmt: skip
    return tuple(method for module in modules for method in module.METHODS)
