"""The node's latest numbers, asked for once and shown in several places."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from moneyrocket.gui.session import Session, State
from moneyrocket.gui.sync import SyncEstimator, SyncState, judge
from moneyrocket.gui.workers import Poll
from moneyrocket.interfaces.node_values import BlockTip, ChainState, HeaderTip, NetworkState

INTERVAL_MS = 1000


class NodeMonitor(QObject):
    """Chain and network once a second while there is a node.

    Args:
        session: The node.
        parent: Qt parent.

    Attributes:
        chain: Where the chain stands, None before the first answer.
        network: Connections and traffic, None before.
        sync: Judgement of ``chain``, None before.
        warnings: What the node warns of.

    Signals:
        sync_changed, network_changed, warnings_changed: See the attributes.
    """

    sync_changed = Signal()
    network_changed = Signal()
    warnings_changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._estimator = SyncEstimator()
        self.chain: ChainState | None = None
        self.network: NetworkState | None = None
        self.sync: SyncState | None = None
        self.warnings: list[str] = []
        self._poll = Poll(session.worker, self._ask, self._take, INTERVAL_MS, self)
        session.state_changed.connect(self._state_changed)
        session.events.block_tip.connect(self._tip)
        session.events.header_tip.connect(self._header)
        session.events.warnings_changed.connect(self._ask_warnings)

    def _ask(self) -> tuple[ChainState, NetworkState] | None:
        node = self._session.node
        return (node.chain_state(), node.network_state()) if node is not None else None

    def _take(self, answer: tuple[ChainState, NetworkState] | None) -> None:
        if answer is None or self._session.node is None:
            return
        chain, network = answer
        self._show_chain(chain)
        if network != self.network:
            self.network = network
        self.network_changed.emit()

    def _show_chain(self, chain: ChainState) -> None:
        self.chain = chain
        now = int(time.time())
        state = judge(
            chain.height,
            chain.header_height,
            chain.header_time,
            chain.tip_time,
            chain.verification_progress,
            chain.initial_download,
            now,
        )
        if not state.synced:
            rate, left = self._estimator.add(chain.verification_progress)
            state = replace(state, rate=rate, seconds_left=left)
        if state != self.sync:
            self.sync = state
            self.sync_changed.emit()

    def _tip(self, tip: BlockTip) -> None:
        if self.chain is not None:
            self._show_chain(
                replace(
                    self.chain,
                    height=tip.height,
                    tip_hash=tip.hash,
                    tip_time=tip.time,
                    header_height=max(self.chain.header_height, tip.height),
                    verification_progress=tip.verification_progress,
                    initial_download=tip.initial_download,
                )
            )

    def _header(self, tip: HeaderTip) -> None:
        if self.chain is not None and not tip.presync:
            self._show_chain(replace(self.chain, header_height=tip.height, header_time=tip.time))

    def _state_changed(self) -> None:
        state = self._session.state
        if state in (State.STARTING, State.READY):
            self._poll.start()
            if state is State.READY:
                self._ask_warnings()
            return
        self._poll.stop()
        if state in (State.LOST, State.FAILED, State.CONNECTING):
            self._estimator.clear()
            self.chain = self.network = self.sync = None
            self.sync_changed.emit()
            self.network_changed.emit()

    def _ask_warnings(self) -> None:
        node = self._session.node
        if node is not None:
            self._session.worker.call(node.warnings, self._take_warnings, lambda _: None, key="warnings", context=self)

    def _take_warnings(self, warnings: list[str]) -> None:
        self.warnings = warnings
        self.warnings_changed.emit()
