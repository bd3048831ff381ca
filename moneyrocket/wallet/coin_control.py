"""What the user decides about a transaction instead of leaving it to the wallet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moneyrocket.primitives.transaction import OutPoint, TxOut
from moneyrocket.wallet.settings import OutputType

MAX_DEPTH: Final = 9_999_999


@dataclass(frozen=True, slots=True)
class Preset:
    """An input that the user chose.

    Attributes:
        out: the output it spends, when the wallet does not have it.
        sequence: its sequence number, None for the wallet's.
        weight: weight units of the signed input, None to estimate it.
    """

    out: TxOut | None = None
    sequence: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class CoinControl:
    """Choices for one transaction. None leaves a choice to the wallet.

    Attributes:
        change_script: where change goes.
        change_type: address type of the change.
        fee_rate: sat/kvB.
        override_fee_rate: take ``fee_rate`` even when it is below the minimum.
        confirm_target: blocks within which it should confirm.
        conservative: kind of fee estimate.
        signal_rbf: signal that it may be replaced.
        avoid_partial_spends: spend all coins on an address together.
        avoid_reuse: leave coins alone that lie on addresses that were spent from.
        include_unsafe: unconfirmed payments of others may be spent.
        min_depth: confirmations that coins need.
        max_depth: confirmations that coins may have.
        inputs: chosen inputs, in order.
        other_inputs: the wallet may add inputs.
        lock_time: the transaction's lock time.
        version: the transaction's version.
        max_weight: weight units of the signed transaction.
    """

    change_script: bytes | None = None
    change_type: OutputType | None = None
    fee_rate: int | None = None
    override_fee_rate: bool = False
    confirm_target: int | None = None
    conservative: bool | None = None
    signal_rbf: bool | None = None
    avoid_partial_spends: bool = False
    avoid_reuse: bool = False
    include_unsafe: bool = False
    min_depth: int = 0
    max_depth: int = MAX_DEPTH
    inputs: dict[OutPoint, Preset] = field(default_factory=dict)
    other_inputs: bool = True
    lock_time: int | None = None
    version: int = 2
    max_weight: int | None = None
