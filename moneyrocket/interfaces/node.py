"""The node as a desktop program sees it, and where such a program gets one from.

Every method may wait: for a lock, for the disk, for another process. None may be called on the thread that paints.
All are safe to call from several threads. Once the process on the other side is gone they raise `ConnectionError`.
Questions may be asked from the start: parts of the node that are not there yet answer with zeros.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from moneyrocket.interfaces.chain import FeeEstimate
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node_values import (
    BanEntry,
    BlockTip,
    ChainState,
    FeeBand,
    HeaderTip,
    MempoolState,
    MessageKind,
    NetworkState,
    NodeInfo,
    PeerInfo,
    RpcMethodInfo,
    SettingState,
)
from moneyrocket.interfaces.process import ProcessStats
from moneyrocket.interfaces.wallet import Wallets


class NodeStartError(Exception):
    """The node cannot start; the text is for the user. Empty if messages have told already."""


class NodeAbsentError(NodeStartError):
    """Nobody is there to attach to now; trying again later makes sense."""


class NodeNotifications:
    """What the node tells a subscriber; override what matters.

    Calls come one at a time, on a thread of their own, in the order of events. Of tips and counts that follow one
    another quickly only the last is told. A subscriber that is slow or hangs delays nothing but its own next call.
    """

    def init_message(self, message: str) -> None:
        """A step of start-up or of loading a wallet begins."""

    def message(self, kind: MessageKind, text: str) -> None:
        """The user should read this."""

    def progress(self, title: str, percent: int, resume_possible: bool) -> None:
        """A long operation is at 0 to 100 percent; 100 ends it."""

    def block_tip(self, tip: BlockTip) -> None:
        """The active chain has a new tip."""

    def header_tip(self, tip: HeaderTip) -> None:
        """There is a new best header."""

    def connections(self, inbound: int, outbound: int) -> None:
        """The number of connections changed."""

    def network_active(self, active: bool) -> None:
        """Networking was turned on or off."""

    def banned_list_changed(self) -> None:
        """See `Node.banned`."""

    def warnings_changed(self) -> None:
        """See `Node.warnings`."""

    def wallets_ready(self) -> None:
        """`Node.wallets` has others than before: those of start-up are loaded, or a wallet process has come or gone."""

    def wallets_lost(self) -> None:
        """The node's own wallet process ended: its objects raise `ConnectionError`. See `Node.restart_wallets`."""

    def shutdown_requested(self) -> None:
        """The node shall stop (RPC ``stop``, a signal, a fatal error): leave, calling `Node.stop` on the way."""


class LogSink(ABC):
    """Takes log lines."""

    @abstractmethod
    def lines(self, lines: list[str]) -> None:
        """Some lines, oldest first, without time and line end. Comes at most a few times a second."""


class Node(ABC):
    """A node. Heights count from 0; units are those of `moneyrocket.interfaces.node_values`."""

    # Life

    @abstractmethod
    def start(self) -> None:
        """Start everything; returns when the node is up, and early when it shall stop already.

        Takes seconds to minutes; subscribe before, to show `NodeNotifications.init_message`.

        Raises:
            NodeStartError: it cannot start. Call `stop` all the same.
        """

    @abstractmethod
    def request_shutdown(self) -> None:
        """Let the node stop soon. Returns at once; a running `start` ends early."""

    @abstractmethod
    def shutdown_requested(self) -> bool:
        """Whether the node shall stop."""

    @abstractmethod
    def stop(self) -> None:
        """Stop everything in order; returns when chain and wallets are written and closed. Harmless if repeated."""

    @abstractmethod
    def handle_notifications(self, notifications: NodeNotifications) -> Handler:
        """Subscribe until the handler is disconnected or the subscriber's process is gone."""

    # State

    @abstractmethod
    def info(self) -> NodeInfo:
        """What does not change while the node runs."""

    @abstractmethod
    def warnings(self) -> list[str]:
        """What the user should know as long as it lasts."""

    @abstractmethod
    def chain_state(self) -> ChainState:
        """Where the chain stands."""

    @abstractmethod
    def mempool_state(self) -> MempoolState:
        """The mempool in numbers."""

    @abstractmethod
    def mempool_bands(self, fee_rates: list[int]) -> list[FeeBand]:
        """The mempool by fee rate.

        Args:
            fee_rates: lower bounds of the bands, sat/kvB, rising. What is below the first is in no band.
        """

    @abstractmethod
    def estimate_smart_fee(self, conf_target: int, conservative: bool) -> FeeEstimate:
        """Estimate the fee rate that confirms within ``conf_target`` blocks; wallets use `Wallet.fee_rate`."""

    # Network

    @abstractmethod
    def network_state(self) -> NetworkState:
        """Connections and traffic in numbers."""

    @abstractmethod
    def set_network_active(self, active: bool) -> None:
        """Turn networking on or off; off disconnects everybody."""

    @abstractmethod
    def peers(self) -> list[PeerInfo]:
        """The connected peers, oldest connection first."""

    @abstractmethod
    def disconnect_peer(self, peer_id: int) -> bool:
        """Disconnect a peer; False if it is not connected."""

    @abstractmethod
    def ban(self, address: str, seconds: int) -> bool:
        """Ban and disconnect an address (with or without a port) or subnet; False if the text is neither.

        Args:
            address: for example `PeerInfo.address`, or ``10.0.0.0/8``.
            seconds: for how long; 0 for the default (-bantime).
        """

    @abstractmethod
    def unban(self, subnet: str) -> bool:
        """Lift a ban, spelled as in `BanEntry.subnet`; False if there is none."""

    @abstractmethod
    def banned(self) -> list[BanEntry]:
        """The bans in force."""

    # Console

    @abstractmethod
    def execute_rpc(self, method: str, params: Json, uri: str) -> Json:
        """Run an RPC method. Numbers with a point come as `decimal.Decimal`.

        Args:
            method: its name.
            params: list or dict.
            uri: ``/``, or ``/wallet/<name>`` with the name percent-encoded to choose a wallet.

        Raises:
            RpcError: with code and message for the user.
        """

    @abstractmethod
    def rpc_methods(self) -> list[RpcMethodInfo]:
        """The methods there are now, sorted by name. Wallets' methods come and go with the wallet component."""

    # Settings

    @abstractmethod
    def setting(self, name: str) -> SettingState:
        """An option, by its name without dash."""

    @abstractmethod
    def update_setting(self, name: str, value: Json) -> bool:
        """Store an option in settings.json, or with None remove it; it counts from the next start on.

        Returns:
            False if the file could not be written.
        """

    # Wallets

    @abstractmethod
    def wallets(self) -> Wallets | None:
        """The wallets of all wallet processes; None without any, before start-up has made one, and while it is gone."""

    @abstractmethod
    def restart_wallets(self) -> None:
        """Start the wallet component anew after `NodeNotifications.wallets_lost`, and load what was loaded.

        Raises:
            NodeStartError: it cannot be started, or it has not ended.
        """

    @abstractmethod
    def allow_wallet_file(self, path: str, write: bool) -> Handler:
        """Let the wallets' process have a file that the user has chosen, although its sandbox keeps it from that.

        Args:
            path: the file, absolute.
            write: it is written anew, rather than read.

        Returns:
            What holds as long as the file is needed.
        """

    # Processes

    @abstractmethod
    def process_stats(self) -> list[ProcessStats]:
        """The node's process, and those of wallets if they are others."""

    @abstractmethod
    def handle_log(self, category: str, sink: LogSink) -> Handler:
        """Pass debug lines of a category (``ipc``, ``net`` …) on, from now on, whatever -debug says.

        Those of the node's process, and for ``ipc`` without the calls that carry them. Nothing comes for ``ipc`` in one
        process.
        """


class NodeSourceEvents:
    """What a `NodeSource` tells; override what matters. Calls come on threads of their own."""

    def lost(self, message: str) -> None:
        """The node's process ended unasked. `NodeSource.connect` makes a new one."""

    def quit_requested(self) -> None:
        """This program shall end (SIGTERM, SIGINT)."""


class NodeSource(ABC):
    """Where a desktop program gets its node from: made in this process or in one of its own, or attached to."""

    @property
    @abstractmethod
    def chain(self) -> str:
        """Name of the chain: main, test, testnet4, signet or regtest. Known before there is a node."""

    @property
    @abstractmethod
    def attached_to(self) -> str:
        """Address of a node that runs on its own and stays when this program leaves; empty for a node of its own."""

    @property
    @abstractmethod
    def can_reconnect(self) -> bool:
        """Whether `connect` works again after the node was lost or stopped. False in one process."""

    @abstractmethod
    def connect(self, events: NodeSourceEvents) -> Node:
        """Get a node that is not started yet; waits for its process. May be called again after `lost` or `close`.

        Raises:
            NodeAbsentError: there is no node at `attached_to` now.
            NodeStartError: its process cannot be started, or the node there cannot be used.
        """

    @abstractmethod
    def ping(self, timeout: float) -> bool:
        """Whether the node's process answers within ``timeout`` seconds; it may hang although it lives."""

    @abstractmethod
    def process_stats(self) -> list[ProcessStats]:
        """This process, and those of node and wallet if they are others; for a lost one with ``alive`` False."""

    @abstractmethod
    def close(self) -> None:
        """Stop the node in order if it runs, end its process and wait; one that hangs is killed after a while.

        Of a node that runs on its own it only hangs up.
        """
