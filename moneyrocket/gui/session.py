"""The one place that holds the node: gets it, starts it, notices when it hangs or dies, and gets it back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QTimer, Signal

from moneyrocket.gui.events import NodeEvents, SourceEvents
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.workers import Poll, Worker
from moneyrocket.interfaces.handler import Handler
from moneyrocket.interfaces.node import Node, NodeAbsentError, NodeSource, NodeStartError
from moneyrocket.interfaces.wallet import Wallet, Wallets
from moneyrocket.interfaces.wallet_values import WalletRequestError

PING_INTERVAL_MS = 2000
PING_TIMEOUT = 3.0
FIRST_RETRY_MS = 500
LAST_RETRY_MS = 30_000
LAST_LOOK_MS = 5_000
"""The longest wait for a node that somebody else starts: looking costs nothing, starting does."""


class State(Enum):
    """Where the node stands."""

    CONNECTING = "connecting"
    STARTING = "starting"
    READY = "ready"
    LOST = "lost"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class _Found:
    """The wallets of a node.

    Attributes:
        wallets: what makes and loads them, None without a wallet process.
        loaded: the loaded ones with their names.
        handler: of the subscription to further ones.
        gone: those whose process has gone, or that are not loaded any more.
    """

    wallets: Wallets | None
    loaded: list[tuple[str, Wallet]]
    handler: Handler | None
    gone: list[WalletSession]


class Session(QObject):
    """A node and its wallets, over losses and new starts.

    Args:
        source: Where the node comes from.
        parent: Qt parent.

    Attributes:
        events: What the node tells, as signals.
        node: The node, or None before there is one and after a loss.
        wallets: The wallet component, or None.
        open_wallets: The loaded wallets in the order of loading.
        state: See `State`.
        problem: Why the state is LOST or FAILED; kept while a node that was away is looked for.
        node_answers: False while the node's process lives but does not answer.
        wallets_alive: False from the loss of the wallet process until it is back.

    Signals:
        state_changed: See `state`.
        answering_changed: See `node_answers`.
        wallets_alive_changed: See `wallets_alive`.
        wallet_opened: A `WalletSession` is new.
        wallet_closed: A `WalletSession` is over.
        wallets_changed: After either, and when there is a wallet component at last.
        quit_wanted: The program was asked to end.
        failed: An action failed that nobody else reports; an exception.
    """

    state_changed = Signal()
    answering_changed = Signal(bool)
    wallets_alive_changed = Signal(bool)
    wallet_opened = Signal(object)
    wallet_closed = Signal(object)
    wallets_changed = Signal()
    quit_wanted = Signal()
    failed = Signal(object)

    def __init__(self, source: NodeSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source = source
        self.events = NodeEvents(self)
        self.node: Node | None = None
        self.wallets: Wallets | None = None
        self.open_wallets: list[WalletSession] = []
        self.state = State.CONNECTING
        self.problem = ""
        self.node_answers = True
        self.wallets_alive = True
        # One for what takes long, one for what pages show, one for commands, one that watches the others' process.
        self.control = Worker("control", self)
        self.worker = Worker("node", self)
        self.console = Worker("console", self)
        self.monitor = Worker("monitor", self)
        for worker in (self.control, self.worker, self.console):
            worker.failed.connect(self._report)
        self._handler: Handler | None = None
        self._wallets_handler: Handler | None = None
        self._retry_ms = FIRST_RETRY_MS
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self.begin)
        self._source_events = SourceEvents(self)
        self._source_events.lost.connect(self._lost)
        self._source_events.quit_requested.connect(self.quit_wanted)
        self._source_events.wallet_loaded.connect(self.wallet_loaded)
        if not source.attached_to:
            self.events.shutdown_requested.connect(self.quit_wanted)
        self.events.wallets_ready.connect(self.find_wallets)
        self.events.wallets_lost.connect(self._wallets_lost)
        self._ping = Poll(self.monitor, lambda: source.ping(PING_TIMEOUT), self._pinged, PING_INTERVAL_MS, self)

    # Life

    def begin(self) -> None:
        """Get a node and start it; from here on everything happens by itself."""
        self._retry.stop()
        waiting = self.state is State.LOST and self.source.attached_to
        self._set_state(State.CONNECTING, self.problem if waiting else "")
        self.control.call(self._connect, self._connected, self._start_failed, patient=True, context=self)

    def _connect(self) -> tuple[Node, Handler]:
        node = self.source.connect(self._source_events.receiver)
        return node, node.handle_notifications(self.events.receiver)

    def _connected(self, found: tuple[Node, Handler]) -> None:
        self.node, self._handler = found
        self._set_state(State.STARTING)
        self._ping.start()
        self.control.call(self.node.start, self._started, self._start_failed, patient=True, context=self)

    def _started(self, _: None) -> None:
        if self.state is not State.STARTING:
            return
        self._retry_ms = FIRST_RETRY_MS
        self._set_state(State.READY)
        self.find_wallets()

    def _start_failed(self, error: Exception) -> None:
        if self.state in (State.STOPPING, State.STOPPED):
            return
        if isinstance(error, NodeStartError) and not isinstance(error, NodeAbsentError):
            self.node = None
            self._set_state(State.FAILED, str(error))
        else:
            # The process went away while it started, or there is none yet.
            self._lost(str(error))

    def _lost(self, message: str) -> None:
        if self.state in (State.STOPPING, State.STOPPED, State.LOST):
            return
        self._ping.stop()
        self._pinged(True)
        self.node = None
        self.wallets = None
        self._handler = self._wallets_handler = None
        for wallet in list(self.open_wallets):
            self._close(wallet)
        if not self.wallets_alive:
            # The next node begins with wallets of its own.
            self.wallets_alive = True
            self.wallets_alive_changed.emit(True)
        self._set_state(State.LOST, message)
        if self.source.can_reconnect:
            self._retry.start(self._retry_ms)
            self._retry_ms = min(LAST_LOOK_MS if self.source.attached_to else LAST_RETRY_MS, self._retry_ms * 2)

    def retry(self) -> None:
        """Try again now, after a loss or a failed start."""
        if self.state in (State.LOST, State.FAILED):
            self.begin()

    def restart_node(self) -> None:
        """End a node that hangs, by force if need be, and start it anew. One that is not ours is connected to anew."""
        if not self.source.can_reconnect or self.state is State.STOPPING:
            return
        # The control thread itself may be waiting for the hanging node.
        self.monitor.call(self.source.close, lambda _: self._lost(""), patient=True, context=self)

    def stop_node(self) -> None:
        """Stop a node that runs on its own. This program stays, and waits for it to come back."""
        if self.node is not None:
            self.worker.call(self.node.request_shutdown, context=self)

    def stop(self) -> None:
        """Stop everything that is ours; `state` is STOPPED when it is done. Repeating it does nothing."""
        if self.state in (State.STOPPING, State.STOPPED):
            return
        self._retry.stop()
        self._ping.stop()
        node = self.node
        self._set_state(State.STOPPING)

        def over(_: object) -> None:
            self._set_state(State.STOPPED)

        if self.source.attached_to:
            # The control thread itself may be waiting for the node, which is not to be waited for.
            self.monitor.call(self.source.close, over, over, patient=True, context=self)
            return
        if node is not None:
            # A start that is under way ends early only when it is asked from another thread.
            self.worker.call(node.request_shutdown, None, lambda _: None)

        def stop() -> None:
            try:
                if node is not None:
                    node.stop()
            finally:
                self.source.close()

        self.control.call(stop, over, over, patient=True, context=self)

    def _pinged(self, answers: bool) -> None:
        if answers != self.node_answers:
            self.node_answers = answers
            self.answering_changed.emit(answers)

    def _set_state(self, state: State, problem: str = "") -> None:
        self.state = state
        self.problem = problem
        self.state_changed.emit()

    def _report(self, error: Exception) -> None:
        # A lost connection is shown as a state, and need not be told once more for every question under way.
        if not isinstance(error, ConnectionError):
            self.failed.emit(error)

    # Wallets

    def find_wallets(self) -> None:
        """Ask for the wallet component and its wallets."""
        node = self.node
        if node is None:
            return

        sessions = list(self.open_wallets)

        def ask() -> _Found:
            gone = [session for session in sessions if not _answers(session.wallet)]
            wallets = node.wallets()
            if wallets is None:
                return _Found(None, [], None, sessions)
            handler = wallets.handle_loaded(self._source_events.receiver.wallet_loaded)
            loaded = [(wallet.name(), wallet) for wallet in wallets.loaded()]
            names = {name for name, _ in loaded}
            gone += [session for session in sessions if session.name not in names]
            return _Found(wallets, loaded, handler, gone)

        def take(found: _Found) -> None:
            if self.node is node:
                self._found_wallets(found)

        self.worker.call(ask, take, key="wallets", context=self, patient=True)

    def _found_wallets(self, found: _Found) -> None:
        for session in found.gone:
            self._close(session)
        self.wallets = found.wallets
        # Kept, since a subscription ends with the object that stands for it.
        old, self._wallets_handler = self._wallets_handler, found.handler
        if old is not None:
            self.worker.call(old.disconnect, None, lambda _: None)
        if found.wallets is not None and not self.wallets_alive:
            self.wallets_alive = True
            self.wallets_alive_changed.emit(True)
        for name, wallet in found.loaded:
            self._open(name, wallet)
        self.wallets_changed.emit()

    def wallet_loaded(self, wallet: Wallet) -> None:
        """Take in a wallet that was loaded by whomever."""
        self.worker.call(lambda: (wallet.name(), wallet), lambda named: self._open(*named), context=self)

    def _open(self, name: str, wallet: Wallet) -> None:
        if self.find(name) is not None:
            return
        session = WalletSession(name, wallet, self)
        session.closed.connect(lambda: self._close(session))
        session.worker.failed.connect(self._report)
        self.open_wallets.append(session)
        self.wallet_opened.emit(session)
        self.wallets_changed.emit()
        session.begin()

    def _close(self, session: WalletSession) -> None:
        if session not in self.open_wallets:
            return
        self.open_wallets.remove(session)
        session.end()
        self.wallet_closed.emit(session)
        self.wallets_changed.emit()
        session.deleteLater()

    def find(self, name: str) -> WalletSession | None:
        """Returns the loaded wallet of that name."""
        return next((session for session in self.open_wallets if session.name == name), None)

    def _wallets_lost(self) -> None:
        self.wallets = self._wallets_handler = None
        for session in list(self.open_wallets):
            self._close(session)
        self.wallets_alive = False
        self.wallets_alive_changed.emit(False)
        self.restart_wallets()

    def restart_wallets(self) -> None:
        """Start the wallet process anew."""
        if self.node is not None:
            self.control.call(self.node.restart_wallets, self._wallets_back, context=self, patient=True, key="restart")

    def _wallets_back(self, _: None) -> None:
        self.find_wallets()


def _answers(wallet: Wallet) -> bool:
    """Whether the wallet is still loaded, and its process there."""
    try:
        wallet.name()
    except (ConnectionError, WalletRequestError):
        return False
    return True
