"""Chain, mempool and network in numbers."""

from __future__ import annotations

import os
import time
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from moneyrocket.common import clock, logging
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.interfaces.chain import FeeEstimate
from moneyrocket.interfaces.node_values import ChainState, FeeBand, MempoolState, NetworkState, NodeInfo

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext

NO_CHAIN: Final = ChainState(-1, b"", 0, -1, 0, 0.0, True, True, 0.0, 0)
NO_MEMPOOL: Final = MempoolState(False, 0, 0, 0, 0, 0, 0, 0)
NO_NETWORK: Final = NetworkState(False, 0, 0, 0, 0, 0, (), (), 0)


def node_info(node: NodeContext) -> NodeInfo:
    """See `moneyrocket.interfaces.node.Node.info`."""
    args = node.args
    return NodeInfo(
        client_name=CLIENT_NAME,
        version=VERSION_TEXT,
        chain=node.params.name,
        data_dir=str(args.datadir_net),
        blocks_dir=str(args.blocks_dir),
        log_path=str(logging.log_path() or ""),
        user_agent=node.connman.options.user_agent if hasattr(node, "connman") else "",
        started=int(time.time()) - clock.uptime(),
        pid=os.getpid(),
        rpc_server=args.get_bool("-server", False),
        pruned=args.get_int("-prune", 0) > 0,
        wallet_enabled=not args.get_bool("-disablewallet", False),
    )


def chain_state(node: NodeContext) -> ChainState:
    """See `moneyrocket.interfaces.node.Node.chain_state`."""
    from moneyrocket.node.rpc.block_json import difficulty

    chainman = getattr(node, "chainman", None)
    if chainman is None or chainman.active_chain.height < 0:
        return NO_CHAIN
    with chainman.lock:
        tip, best = chainman.tip, chainman.best_header
        return ChainState(
            height=tip.height,
            tip_hash=tip.hash,
            tip_time=tip.time,
            header_height=best.height,
            header_time=best.time,
            verification_progress=chainman.guess_progress(tip),
            initial_download=chainman.is_initial_block_download(),
            loading=not node.loading_finished.is_set(),
            difficulty=difficulty(tip.bits),
            size_on_disk=chainman.store.files.total_size,
        )


def mempool_state(node: NodeContext) -> MempoolState:
    """See `moneyrocket.interfaces.node.Node.mempool_state`."""
    mempool = getattr(node, "mempool", None)
    if mempool is None:
        return NO_MEMPOOL
    options = mempool.options
    with mempool.lock:
        return MempoolState(
            loaded=mempool.loaded,
            transactions=len(mempool),
            vsize=mempool.total_vsize,
            usage=mempool.memory_usage(),
            max_usage=options.max_size,
            total_fee=mempool.total_fee,
            min_fee_rate=max(mempool.min_fee_rate(), options.min_relay_rate),
            relay_fee_rate=options.min_relay_rate,
        )


def mempool_bands(node: NodeContext, fee_rates: list[int]) -> list[FeeBand]:
    """See `moneyrocket.interfaces.node.Node.mempool_bands`."""
    mempool = getattr(node, "mempool", None)
    counts, sizes, fees = ([0] * len(fee_rates) for _ in range(3))
    if mempool is not None:
        with mempool.lock:
            entries = [(entry.modified_fee, entry.vsize) for entry in mempool.entries.values()]
        # The lock is not needed for adding up.
        for fee, vsize in entries:
            band = bisect_right(fee_rates, fee * 1000 // vsize) - 1
            if band >= 0:
                counts[band] += 1
                sizes[band] += vsize
                fees[band] += fee
    return [FeeBand(*band) for band in zip(fee_rates, counts, sizes, fees, strict=True)]


def estimate_fee(node: NodeContext, conf_target: int, conservative: bool) -> FeeEstimate:
    """See `moneyrocket.interfaces.node.Node.estimate_smart_fee`."""
    mempool = getattr(node, "mempool", None)
    if mempool is None:
        return FeeEstimate(None, 0, ["The node is starting"])
    with mempool.lock:
        found = mempool.estimator.estimate(conf_target, conservative=conservative, waiting=mempool.entries.values())
        floor = max(mempool.min_fee_rate(), mempool.options.min_relay_rate)
    rate = None if found.fee_rate is None else max(found.fee_rate, floor)
    return FeeEstimate(rate, found.blocks, [*found.errors])


def network_state(node: NodeContext) -> NetworkState:
    """See `moneyrocket.interfaces.node.Node.network_state`."""
    from moneyrocket.node.net.protocol import PROTOCOL_VERSION, service_names

    connman = getattr(node, "connman", None)
    if connman is None:
        return NO_NETWORK
    connections = connman.connections()
    inbound = sum(connection.is_inbound for connection in connections)
    return NetworkState(
        active=connman.network_active,
        inbound=inbound,
        outbound=len(connections) - inbound,
        max_connections=connman.options.max_connections,
        bytes_received=connman.total_received,
        bytes_sent=connman.total_sent,
        local_addresses=tuple(map(str, connman.options.external)),
        services=tuple(service_names(node.peerman.services)) if hasattr(node, "peerman") else (),
        protocol_version=PROTOCOL_VERSION,
    )
