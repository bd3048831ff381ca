"""All RPC methods of the node."""

from __future__ import annotations

from moneyrocket.node.context import NodeContext
from moneyrocket.node.rpc import (
    block_template,
    blockchain,
    chain_control,
    chain_info,
    chain_wait,
    fees,
    generate,
    mempool,
    mining,
    network,
    node_util,
    output_script,
    rawtransaction,
    rawtransaction_submit,
    scan,
    signmessage,
    txoutproof,
    txoutset,
)
from moneyrocket.rpc import control
from moneyrocket.rpc.method import RpcMethod

_MODULES = (
    control,
    block_template,
    blockchain,
    chain_control,
    chain_info,
    chain_wait,
    fees,
    generate,
    mempool,
    mining,
    network,
    node_util,
    output_script,
    rawtransaction,
    rawtransaction_submit,
    scan,
    signmessage,
    txoutproof,
    txoutset,
)


def node_methods() -> tuple[RpcMethod[NodeContext], ...]:
    """Returns every method that the node itself offers."""
    return tuple(method for module in _MODULES for method in module.METHODS)
