"""State of version-bits deployments (BIP9)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from moneyrocket.consensus.block_tree import BlockTreeEntry
    from moneyrocket.consensus.params import Bip9Deployment, ChainParams

VERSIONBITS_TOP_BITS: Final = 0x20000000
VERSIONBITS_TOP_MASK: Final = 0xE0000000
VERSIONBITS_NUM_BITS: Final = 29
ALWAYS_ACTIVE: Final = -1
"""As start time: active from the genesis block on."""
NEVER_ACTIVE: Final = -2
"""As start time: can not be activated."""
NO_TIMEOUT: Final = (1 << 63) - 1


class DeploymentState(StrEnum):
    """All blocks of a period share one state."""

    DEFINED = "defined"
    STARTED = "started"
    LOCKED_IN = "locked_in"
    ACTIVE = "active"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SignalStats:
    """Signalling in the current period.

    Attributes:
        period: blocks in a period.
        threshold: signalling blocks needed, 0 once locked in.
        elapsed: blocks of the period so far.
        count: how many of them signal.
        possible: whether the threshold can still be reached.
    """

    period: int
    threshold: int
    elapsed: int
    count: int
    possible: bool


@dataclass(frozen=True, slots=True)
class DeploymentInfo:
    """State of one deployment as seen from a block.

    Attributes:
        state: state of the block itself.
        next_state: state of the block after it.
        since: height from which the state holds.
        stats: signalling, only while it counts.
        signalling: for each block of the period so far whether it signals; empty unless it counts.
        active_since: height from which it is active, None if that is not known yet.
    """

    state: DeploymentState
    next_state: DeploymentState
    since: int
    stats: SignalStats | None
    signalling: tuple[bool, ...]
    active_since: int | None


def signals(version: int, bit: int) -> bool:
    """Whether a block version signals for ``bit``."""
    return version & VERSIONBITS_TOP_MASK == VERSIONBITS_TOP_BITS and bool(version >> bit & 1)


class VersionBits:
    """Works out states and remembers them by the last block of each period."""

    def __init__(self, params: ChainParams) -> None:
        self._params = params
        self._caches: dict[str, dict[BlockTreeEntry | None, DeploymentState]] = {
            deployment.name: {} for deployment in params.deployments
        }
        self._warning_caches: list[dict[BlockTreeEntry | None, DeploymentState]] = [
            {} for _ in range(VERSIONBITS_NUM_BITS)
        ]
        self._lock = threading.Lock()

    def state_after(self, prev: BlockTreeEntry | None, deployment: Bip9Deployment) -> DeploymentState:
        """State of a block upon ``prev``."""
        with self._lock:
            return self._state_after(prev, deployment)

    def is_active_after(self, prev: BlockTreeEntry | None, deployment: Bip9Deployment) -> bool:
        """Whether the deployment is active in a block upon ``prev``."""
        return self.state_after(prev, deployment) is DeploymentState.ACTIVE

    def block_version(self, prev: BlockTreeEntry | None) -> int:
        """Version of a new block upon ``prev``, which signals for all that is started or locked in."""
        with self._lock:
            return self._block_version(prev)

    def info(self, index: BlockTreeEntry, deployment: Bip9Deployment) -> DeploymentInfo:
        """All there is to tell of a deployment at ``index``."""
        with self._lock:
            state = self._state_after(index.prev, deployment)
            next_state = self._state_after(index, deployment)
            since = self._since_height(index.prev, deployment)
        stats = None
        signalling: tuple[bool, ...] = ()
        if state in (DeploymentState.STARTED, DeploymentState.LOCKED_IN):
            stats, signalling = _statistics(index, deployment, locked_in=state is DeploymentState.LOCKED_IN)
        active_since = None
        if state is DeploymentState.ACTIVE:
            active_since = since
        elif next_state is DeploymentState.ACTIVE:
            active_since = index.height + 1
        return DeploymentInfo(state, next_state, since, stats, signalling, active_since)

    def unknown_activations(self, index: BlockTreeEntry) -> list[tuple[int, bool]]:
        """Bits that are locked in or active though we know no deployment for them; True for active."""
        result = []
        with self._lock:
            for bit in range(VERSIONBITS_NUM_BITS):
                state = self._warning_state(index, bit)
                if state in (DeploymentState.ACTIVE, DeploymentState.LOCKED_IN):
                    result.append((bit, state is DeploymentState.ACTIVE))
        return result

    def _block_version(self, prev: BlockTreeEntry | None) -> int:
        version = VERSIONBITS_TOP_BITS
        for deployment in self._params.deployments:
            if self._state_after(prev, deployment) in (DeploymentState.STARTED, DeploymentState.LOCKED_IN):
                version |= 1 << deployment.bit
        return version

    def _state_after(self, prev: BlockTreeEntry | None, deployment: Bip9Deployment) -> DeploymentState:
        if deployment.start_time == ALWAYS_ACTIVE:
            return DeploymentState.ACTIVE
        if deployment.start_time == NEVER_ACTIVE:
            return DeploymentState.FAILED
        period = deployment.period
        cache = self._caches[deployment.name]
        last = _period_end(prev, period)
        open_periods = []
        while last not in cache:
            if last is None or last.median_time_past < deployment.start_time:
                cache[last] = DeploymentState.DEFINED
                break
            open_periods.append(last)
            last = last.ancestor(last.height - period)
        state = cache[last]
        for entry in reversed(open_periods):
            state = _next_state(state, entry, deployment)
            cache[entry] = state
        return state

    def _since_height(self, prev: BlockTreeEntry | None, deployment: Bip9Deployment) -> int:
        if deployment.start_time in (ALWAYS_ACTIVE, NEVER_ACTIVE):
            return 0
        state = self._state_after(prev, deployment)
        if state is DeploymentState.DEFINED:
            return 0
        end = _period_end(prev, deployment.period)
        assert end is not None
        before = end.ancestor(end.height - deployment.period)
        while before is not None and self._state_after(before, deployment) is state:
            end = before
            before = end.ancestor(end.height - deployment.period)
        return end.height + 1

    def _warning_state(self, index: BlockTreeEntry, bit: int) -> DeploymentState:
        params = self._params
        period = params.difficulty_adjustment_interval if params.is_test_chain else 2016
        threshold = period * 3 // 4 if params.is_test_chain else 1815
        cache = self._warning_caches[bit]
        last = _period_end(index, period)
        open_periods = []
        while last not in cache:
            if last is None:
                cache[last] = DeploymentState.DEFINED
                break
            open_periods.append(last)
            last = last.ancestor(last.height - period)
        state = cache[last]
        for entry in reversed(open_periods):
            if state is DeploymentState.DEFINED:
                state = DeploymentState.STARTED
            elif state is DeploymentState.LOCKED_IN:
                state = DeploymentState.ACTIVE
            elif state is DeploymentState.STARTED and self._count_unknown(entry, bit, period) >= threshold:
                state = DeploymentState.LOCKED_IN
            cache[entry] = state
        return state

    def _count_unknown(self, last: BlockTreeEntry, bit: int, period: int) -> int:
        count = 0
        walk: BlockTreeEntry | None = last
        for _ in range(period):
            if walk is None:
                break
            if (
                walk.height >= self._params.min_bip9_warning_height
                and signals(walk.version, bit)
                and not self._block_version(walk.prev) >> bit & 1
            ):
                count += 1
            walk = walk.prev
        return count


def _period_end(prev: BlockTreeEntry | None, period: int) -> BlockTreeEntry | None:
    """Last block of the period before the one that a block upon ``prev`` is in."""
    return None if prev is None else prev.ancestor(prev.height - (prev.height + 1) % period)


def _next_state(state: DeploymentState, last: BlockTreeEntry, deployment: Bip9Deployment) -> DeploymentState:
    """State of the period after the one that ends in ``last`` and has ``state``."""
    if state is DeploymentState.DEFINED and last.median_time_past >= deployment.start_time:
        return DeploymentState.STARTED
    if state is DeploymentState.STARTED:
        if _count_signals(last, deployment.bit, deployment.period) >= deployment.threshold:
            return DeploymentState.LOCKED_IN
        if last.median_time_past >= deployment.timeout:
            return DeploymentState.FAILED
    elif state is DeploymentState.LOCKED_IN and last.height + 1 >= deployment.min_activation_height:
        return DeploymentState.ACTIVE
    return state


def _count_signals(last: BlockTreeEntry, bit: int, blocks: int) -> int:
    count = 0
    walk: BlockTreeEntry | None = last
    for _ in range(blocks):
        if walk is None:
            break
        count += signals(walk.version, bit)
        walk = walk.prev
    return count


def _statistics(
    index: BlockTreeEntry, deployment: Bip9Deployment, *, locked_in: bool
) -> tuple[SignalStats, tuple[bool, ...]]:
    elapsed = 1 + index.height % deployment.period
    flags = []
    walk: BlockTreeEntry | None = index
    for _ in range(elapsed):
        assert walk is not None
        flags.append(signals(walk.version, deployment.bit))
        walk = walk.prev
    flags.reverse()
    count = sum(flags)
    possible = deployment.period - deployment.threshold >= elapsed - count
    stats = SignalStats(
        deployment.period, 0 if locked_in else deployment.threshold, elapsed, count, possible and not locked_in
    )
    return stats, tuple(flags)
