"""The node as a desktop program sees it, but for starting and stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from moneyrocket.common.in_time import InTime
from moneyrocket.common.settings import Settings
from moneyrocket.common.settings_file import SettingsFileError, update_setting
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.interfaces.chain import FeeEstimate
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node import LogSink, Node, NodeNotifications
from moneyrocket.interfaces.node_values import (
    BanEntry,
    ChainState,
    FeeBand,
    MempoolState,
    NetworkState,
    NodeInfo,
    PeerInfo,
    RpcMethodInfo,
    SettingState,
)
from moneyrocket.interfaces.process import ProcessRole, ProcessStats
from moneyrocket.interfaces.rpc import RpcError, RpcRequest
from moneyrocket.interfaces.wallet import WalletLoader, Wallets
from moneyrocket.node.announcer import Announcer
from moneyrocket.node.desktop import console, peers, state
from moneyrocket.node.desktop.all_wallets import stats_of, wallets_of
from moneyrocket.node.desktop.log_tail import LogTail
from moneyrocket.node.desktop.wallet_files import WalletFile
from moneyrocket.rpc.errors import RpcErrorCode

if TYPE_CHECKING:
    from moneyrocket.node.context import NodeContext

_WALLET_PATIENCE: Final = 0.5
"""Seconds to wait for the wallet process's numbers before it counts as hanging."""


class DesktopNode(Node):
    """Answers from the parts of a node, once there are any.

    Attributes:
        announcer: tells what happens; also before there are parts.

    Args:
        announcer: the node's, if it has one already.
    """

    def __init__(self, announcer: Announcer | None = None) -> None:
        self.announcer = announcer or Announcer()
        self._context: NodeContext | None = None
        self._settings_at_start = Settings()
        self._wallet_stats = InTime("walletstats", lambda: stats_of(self._loaders()))
        self._last: list[ProcessStats] = []

    def attach(self, context: NodeContext, settings_at_start: Settings) -> None:
        """Answer from these parts, which began with these settings, from now on."""
        self._settings_at_start = settings_at_start
        self._context = context

    @property
    def context(self) -> NodeContext | None:
        """The parts, None before there are any."""
        return self._context

    def handle_notifications(self, notifications: NodeNotifications) -> Handler:
        """See `Node`."""
        return self.announcer.watch(notifications)

    # State

    def info(self) -> NodeInfo:
        """See `Node`."""
        if self._context is None:
            return NodeInfo(CLIENT_NAME, VERSION_TEXT, "", "", "", "", "", 0, 0, False, False, False)
        return state.node_info(self._context)

    def warnings(self) -> list[str]:
        """See `Node`."""
        return self._context.warnings.messages() if self._context is not None else []

    def chain_state(self) -> ChainState:
        """See `Node`."""
        return state.chain_state(self._context) if self._context is not None else state.NO_CHAIN

    def mempool_state(self) -> MempoolState:
        """See `Node`."""
        return state.mempool_state(self._context) if self._context is not None else state.NO_MEMPOOL

    def mempool_bands(self, fee_rates: list[int]) -> list[FeeBand]:
        """See `Node`."""
        if self._context is None:
            return [FeeBand(rate, 0, 0, 0) for rate in fee_rates]
        return state.mempool_bands(self._context, fee_rates)

    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        """See `Node`."""
        if self._context is None:
            return FeeEstimate(None, 0, ["The node is starting"])
        return state.estimate_fee(self._context, conf_target, conservative)

    # Network

    def network_state(self) -> NetworkState:
        """See `Node`."""
        return state.network_state(self._context) if self._context is not None else state.NO_NETWORK

    def set_network_active(self, active: bool) -> None:
        """See `Node`."""
        if self._has("connman"):
            self._parts().connman.set_network_active(active)

    def peers(self) -> list[PeerInfo]:
        """See `Node`."""
        return peers.peers(self._context) if self._context is not None else []

    def disconnect_peer(self, peer_id: int) -> bool:
        """See `Node`."""
        return self._has("connman") and self._parts().connman.disconnect_by_id(peer_id)

    def ban(self, address: str, seconds: int) -> bool:
        """See `Node`."""
        return self._has("connman") and peers.ban(self._parts(), address, seconds)

    def unban(self, subnet: str) -> bool:
        """See `Node`."""
        return self._has("banman") and peers.unban(self._parts(), subnet)

    def banned(self) -> list[BanEntry]:
        """See `Node`."""
        return peers.banned(self._context) if self._context is not None else []

    # Console and settings

    def execute_rpc(self, method: str, params: Json, uri: str) -> Json:
        """See `Node`."""
        if self._context is None:
            raise RpcError(RpcErrorCode.IN_WARMUP, "The node is starting")
        return self._context.rpc_table.execute(RpcRequest(method, params, uri))

    def rpc_methods(self) -> list[RpcMethodInfo]:
        """See `Node`."""
        return console.rpc_methods(self._context.rpc_table) if self._context is not None else []

    def setting(self, name: str) -> SettingState:
        """See `Node`."""
        if self._context is None:
            return SettingState(None, None, False, False)
        return console.setting_state(self._context.args, self._settings_at_start, name)

    def update_setting(self, name: str, value: Json) -> bool:
        """See `Node`."""
        if self._context is None:
            return False
        try:
            update_setting(self._context.args, name, value)
        except SettingsFileError:
            return False
        return True

    # Wallets and processes

    def wallets(self) -> Wallets | None:
        """See `Node`."""
        return wallets_of(self._loaders())

    def allow_wallet_file(self, path: str, write: bool) -> Handler:
        """See `Node`."""
        return WalletFile(path, write)

    def process_stats(self) -> list[ProcessStats]:
        """See `Node`."""
        own = ProcessStats.measure(ProcessRole.NODE)
        answer = self._wallet_stats.answer(_WALLET_PATIENCE)
        if answer is None:
            silent = (ProcessStats(last.role, last.name, last.pid, alive=False, time=own.time) for last in self._last)
            return [own, *silent]
        self._last = [stats for stats in answer if stats.pid != own.pid]
        return [own, *self._last]

    def handle_log(self, category: str, sink: LogSink) -> Handler:
        """See `Node`."""
        return LogTail(category, sink)

    def _loaders(self) -> list[WalletLoader]:
        return self._context.wallet_router.loaders() if self._context is not None else []

    def _parts(self) -> NodeContext:
        assert self._context is not None
        return self._context

    def _has(self, part: str) -> bool:
        return self._context is not None and hasattr(self._context, part)
