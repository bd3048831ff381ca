"""Estimates the fee rate that gets a transaction mined within some number of blocks.

The estimator looks at the transactions that this node saw unconfirmed before they were mined: how much each paid and
how many blocks it waited. An estimate is the lowest fee rate above which nearly all of them were mined in time. With
too few of them there is no estimate, and it says so.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from moneyrocket.interfaces.chain import FeeEstimate
from moneyrocket.node.feerate import rate_of
from moneyrocket.node.mempool_entry import MempoolEntry

MAX_TARGET: Final = 1008
"""Largest confirmation target in blocks."""
_MIN_TARGET: Final = 2
_KEPT_BLOCKS: Final = 4 * 144
_MIN_SAMPLES: Final = 20
_MIN_BLOCKS: Final = 6
_SUCCESS: Final = 0.85
_CONSERVATIVE_SUCCESS: Final = 0.95
_NO_DATA: Final = "Insufficient data or no feerate found"


@dataclass(frozen=True, slots=True)
class _Sample:
    rate: int
    waited: int


class FeeEstimator:
    """Learns from mined transactions.

    Attributes:
        best_height: height of the last block seen.
    """

    def __init__(self) -> None:
        self.best_height = 0
        self._blocks: deque[tuple[_Sample, ...]] = deque(maxlen=_KEPT_BLOCKS)

    def block_connected(self, height: int, mined: Iterable[MempoolEntry]) -> None:
        """Learn from the mempool's transactions that a block mined.

        Transactions that depended on others in the same mempool say little about their own fee rate and are left out.

        Args:
            height: the block's height. Blocks that come again after a reorganisation are ignored.
            mined: their entries.
        """
        if height <= self.best_height:
            return
        self.best_height = height
        samples = tuple(
            _Sample(rate_of(entry.fee, entry.vsize), height - entry.height)
            for entry in mined
            if entry.sequence and not entry.parents and entry.height < height
        )
        if samples or self._blocks:
            self._blocks.append(samples)

    def max_target(self) -> int:
        """Largest target in blocks for which data can suffice, at least 1."""
        return max(1, min(len(self._blocks) // 2, MAX_TARGET))

    def estimate(self, target: int, *, conservative: bool, waiting: Iterable[MempoolEntry] = ()) -> FeeEstimate:
        """Estimate the fee rate that gets mined within ``target`` blocks.

        Args:
            target: number of blocks; 1 is taken as 2.
            conservative: ask for more certainty.
            waiting: the transactions that are still unconfirmed.
        """
        target = max(_MIN_TARGET, target)
        usable = min(target, max(self.max_target(), _MIN_TARGET))
        mined = [sample for block in self._blocks for sample in block]
        if len(mined) < _MIN_SAMPLES or len(self._blocks) < _MIN_BLOCKS:
            return FeeEstimate(None, usable, [_NO_DATA])
        late = [
            _Sample(rate_of(entry.fee, entry.vsize), usable + 1)
            for entry in waiting
            if self.best_height - entry.height >= usable
        ]
        needed = _CONSERVATIVE_SUCCESS if conservative else _SUCCESS
        rate = _lowest_successful(mined + late, usable, needed)
        return FeeEstimate(rate, usable, [] if rate is not None else [_NO_DATA])


def _lowest_successful(samples: list[_Sample], target: int, needed: float) -> int | None:
    """The lowest rate down to which samples of similar rates were mined within ``target`` blocks.

    Samples are looked at from the highest rate down, in groups large enough to tell, until a group fails.
    """
    best: int | None = None
    group = in_time = 0
    ordered = sorted(samples, key=lambda sample: sample.rate, reverse=True)
    for sample, following in zip_longest(ordered, ordered[1:]):
        group += 1
        in_time += sample.waited <= target
        if group < _MIN_SAMPLES or (following is not None and following.rate == sample.rate):
            continue
        if in_time < needed * group:
            break
        best = sample.rate
        group = in_time = 0
    return best
