"""What the parts of a node share: one object, filled by start-up and handed to RPC methods."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moneyrocket.node.announcer import Announcer
from moneyrocket.node.notifications import TipNotifications
from moneyrocket.node.scheduler import Scheduler, SerialQueue
from moneyrocket.node.signals import ValidationSignals
from moneyrocket.node.utxo_scan import UtxoScanner
from moneyrocket.node.warnings import Warnings
from moneyrocket.rpc.wallet_router import WalletRouter

if TYPE_CHECKING:
    from moneyrocket.common.args import ArgsManager
    from moneyrocket.consensus.params import ChainParams
    from moneyrocket.interfaces.chain import Chain
    from moneyrocket.interfaces.init import Init
    from moneyrocket.interfaces.process import SandboxInfo
    from moneyrocket.interfaces.rpc import Rpc
    from moneyrocket.interfaces.wallet import WalletLoader
    from moneyrocket.node.chain_manager import ChainstateManager
    from moneyrocket.node.indexes import Index, TransactionLookup
    from moneyrocket.node.mempool import Mempool
    from moneyrocket.node.miner import Miner
    from moneyrocket.node.net.addrman import AddrMan
    from moneyrocket.node.net.banman import BanMan
    from moneyrocket.node.net.connman import ConnectionManager
    from moneyrocket.node.net.peer_manager import PeerManager
    from moneyrocket.rpc.table import RpcTable


@dataclass(eq=False)
class NodeContext:
    """The parts of a running node.

    Those without a value here are set by start-up in the order in which they are declared; reading one earlier raises
    `AttributeError`.

    Attributes:
        args: the settings.
        params: the chain.
        rpc_table: the RPC methods on offer.
        rpc: the same for requests that come as text.
        scheduler: thread for background jobs.
        signals: events of chain and mempool.
        notifications: lets threads wait for a new tip.
        warnings: what the operator should know.
        announcer: tells desktop programs what happens.
        utxo_scanner: finds coins by script.
        init: makes interfaces, here or in another process.
        shutdown: set once the node shall stop.
        startup_over: set once start-up has finished, or the node shall stop.
        chainman: block storage and chain state.
        mempool: unconfirmed transactions.
        miner: makes block templates.
        addrman: addresses of peers.
        banman: banned addresses.
        connman: connections.
        peerman: what is said over them.
        chain: the node as wallets see it.
        wallet_loader: the node's own wallet component, None without one.
        wallet_router: all wallet components, those of programs that have attached among them.
        restart_wallets: makes the wallet component anew after its process ended; raises `InitError`.
        indexes: optional indexes that are switched on.
        tx_index: the one that finds transactions, None without -txindex.
        loading_finished: set once blocks are imported and the mempool is loaded.
    """

    args: ArgsManager
    params: ChainParams
    rpc_table: RpcTable
    scheduler: Scheduler = field(default_factory=Scheduler)
    notifications: TipNotifications = field(default_factory=TipNotifications)
    warnings: Warnings = field(default_factory=Warnings)
    announcer: Announcer = field(default_factory=Announcer)
    utxo_scanner: UtxoScanner = field(default_factory=UtxoScanner)
    shutdown: threading.Event = field(default_factory=threading.Event)
    startup_over: threading.Event = field(default_factory=threading.Event)
    loading_finished: threading.Event = field(default_factory=threading.Event)
    wallet_loader: WalletLoader | None = None
    indexes: list[Index] = field(default_factory=list)
    tx_index: TransactionLookup | None = None
    rpc: Rpc = field(init=False)
    wallet_router: WalletRouter = field(init=False)
    init: Init = field(init=False)
    signals: ValidationSignals = field(init=False)
    chainman: ChainstateManager = field(init=False)
    mempool: Mempool = field(init=False)
    miner: Miner = field(init=False)
    addrman: AddrMan = field(init=False)
    banman: BanMan = field(init=False)
    connman: ConnectionManager = field(init=False)
    peerman: PeerManager = field(init=False)
    chain: Chain = field(init=False)
    restart_wallets: Callable[[], None] = field(init=False)

    def __post_init__(self) -> None:
        self.wallet_router = WalletRouter(self.rpc_table, forwards=self.args.get_bool("-forwardwalletrpc", True))
        self.signals = ValidationSignals(SerialQueue(self.scheduler))
        self.warnings.on_change = self.announcer.warnings_changed

    def sandboxes(self) -> list[SandboxInfo]:
        """The sandboxes of this process, and of those that hold its wallets; one that does not answer is left out."""
        from moneyrocket.interfaces.process import ProcessRole, SandboxInfo

        own = SandboxInfo.of_this_process(ProcessRole.NODE)
        found = [own]
        for loader in self.wallet_router.loaders():
            with suppress(ConnectionError):
                found.append(loader.sandbox())
        return [own, *(info for info in found[1:] if info.pid != own.pid)]

    def request_shutdown(self) -> None:
        """Let the node stop: wakes the main thread and everyone who waits for a block."""
        self.shutdown.set()
        self.startup_over.set()
        self.notifications.interrupt()
        self.announcer.shutdown_requested()
