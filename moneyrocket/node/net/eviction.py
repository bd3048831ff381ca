"""Which inbound peer has to go when all places are taken."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from moneyrocket.node.net.netaddress import Network

_UNKNOWN_PING = 1 << 62


@dataclass(frozen=True, slots=True)
class EvictionCandidate:
    """What the choice depends on.

    Attributes:
        id: connection number.
        connected: when it connected, microseconds.
        min_ping: shortest ping seen, microseconds; None before the first.
        last_block_time: when it last brought a new block, unix seconds.
        last_tx_time: when it last brought a new transaction, unix seconds.
        relevant_services: whether it offers all we want.
        relays_txs: whether it takes transaction announcements.
        group: network group, in an order that an attacker cannot know.
        prefer_evict: whether its address misbehaved before.
        is_local: whether it runs on this machine.
        network: network it came by.
    """

    id: int
    connected: int
    min_ping: int | None
    last_block_time: int
    last_tx_time: int
    relevant_services: bool
    relays_txs: bool
    group: int
    prefer_evict: bool
    is_local: bool
    network: Network


def select_eviction(candidates: Sequence[EvictionCandidate]) -> int | None:
    """Choose the inbound peer to disconnect.

    Peers that are hard to imitate in some respect (network group, latency, useful relay, age) are spared; of the
    rest the youngest of the largest network group goes. Inbound peers with the noban permission must not be passed.

    Returns:
        The connection number, None if everybody is spared.
    """
    left = list(candidates)
    _protect(left, 4, key=lambda c: c.group)
    _protect(left, 8, key=lambda c: -(c.min_ping if c.min_ping is not None else _UNKNOWN_PING))
    _protect(left, 4, key=lambda c: (c.last_tx_time, c.relays_txs, -c.connected))
    _protect(
        left,
        8,
        key=lambda c: (c.last_block_time, c.relevant_services, -c.connected),
        only=lambda c: not c.relays_txs and c.relevant_services,
    )
    _protect(left, 4, key=lambda c: (c.last_block_time, c.relevant_services, -c.connected))
    _protect_by_age(left)
    if not left:
        return None
    if any(candidate.prefer_evict for candidate in left):
        left = [candidate for candidate in left if candidate.prefer_evict]
    groups: dict[int, list[EvictionCandidate]] = defaultdict(list)
    for candidate in left:
        groups[candidate.group].append(candidate)
    largest = max(groups.values(), key=lambda group: (len(group), max(c.connected for c in group)))
    return max(largest, key=lambda c: c.connected).id


def _protect(
    left: list[EvictionCandidate],
    count: int,
    *,
    key: Callable[[EvictionCandidate], object],
    only: Callable[[EvictionCandidate], bool] = lambda c: True,
) -> None:
    """Take the ``count`` candidates with the highest keys out, those of them that ``only`` admits."""
    ordered = sorted(left, key=key)  # type: ignore[arg-type]  # keys of one call compare with one another
    for candidate in ordered[-count:] if count else []:
        if only(candidate):
            left.remove(candidate)


def _protect_by_age(left: list[EvictionCandidate]) -> None:
    """Take half of the candidates out, the oldest; half of these places go to overlay networks and localhost first."""
    total = len(left) // 2
    reserved = total // 2
    kinds: tuple[Callable[[EvictionCandidate], bool], ...] = (
        lambda c: c.network is Network.CJDNS,
        lambda c: c.network is Network.I2P,
        lambda c: c.is_local,
        lambda c: c.network is Network.ONION,
    )
    present = [kind for kind in kinds if any(kind(c) for c in left)]
    used = 0
    while present and used < reserved:
        share = max(1, (reserved - used) // len(present))
        for kind in list(present):
            chosen = sorted((c for c in left if kind(c)), key=lambda c: c.connected)[: min(share, reserved - used)]
            for candidate in chosen:
                left.remove(candidate)
            used += len(chosen)
            if not chosen or not any(kind(c) for c in left):
                present.remove(kind)
    for candidate in sorted(left, key=lambda c: c.connected)[: total - used]:
        left.remove(candidate)
