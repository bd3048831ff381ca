"""Fee rates that the wallet uses. All rates in sat/kvB, all fees in sat."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from moneyrocket.interfaces.chain import Chain
from moneyrocket.primitives.transaction import TxOut
from moneyrocket.wallet.coin_control import CoinControl
from moneyrocket.wallet.coins import fee_for
from moneyrocket.wallet.settings import WalletSettings

_OP_RETURN: Final = 0x6A
_MAX_SCRIPT_SIZE: Final = 10_000
_SPEND_SIZE: Final = 32 + 4 + 1 + 107 + 4
"""Bytes of an input that spends a key hash, as the dust rule counts them."""
_SPEND_SIZE_WITNESS: Final = 32 + 4 + 1 + 107 // 4 + 4


class FeeReason(Enum):
    """Where a fee rate came from; the values are shown to users."""

    ESTIMATE = "Fee Rate Estimator"
    MEMPOOL_MIN = "Mempool Min Fee"
    USER = "User Specified Fee"
    FALLBACK = "Fallback fee"
    REQUIRED = "Minimum Required Fee"


@dataclass(frozen=True, slots=True)
class FeeRateChoice:
    """A fee rate and why it was chosen."""

    rate: int
    reason: FeeReason


def required_fee_rate(chain: Chain, settings: WalletSettings) -> int:
    """The lowest rate that the wallet may use."""
    return max(settings.min_fee_rate, chain.relay_min_fee())


def choose_fee_rate(chain: Chain, settings: WalletSettings, control: CoinControl) -> FeeRateChoice:
    """The rate for a transaction: the user's, or an estimate, or the fallback, raised to what is required."""
    required = required_fee_rate(chain, settings)
    if control.fee_rate is not None:
        if control.override_fee_rate or control.fee_rate >= required:
            return FeeRateChoice(control.fee_rate, FeeReason.USER)
        return FeeRateChoice(required, FeeReason.REQUIRED)
    signal_rbf = settings.signal_rbf if control.signal_rbf is None else control.signal_rbf
    # One that may be replaced can start low.
    conservative = not signal_rbf if control.conservative is None else control.conservative
    estimate = chain.estimate_smart_fee(control.confirm_target or settings.confirm_target, conservative)
    choice = FeeRateChoice(estimate.fee_rate or 0, FeeReason.ESTIMATE)
    if not choice.rate:
        choice = FeeRateChoice(settings.fallback_fee_rate, FeeReason.FALLBACK)
        if not choice.rate:
            return choice
    mempool_min = chain.mempool_min_fee()
    if choice.rate < mempool_min:
        choice = FeeRateChoice(mempool_min, FeeReason.MEMPOOL_MIN)
    return choice if choice.rate >= required else FeeRateChoice(required, FeeReason.REQUIRED)


def discard_fee_rate(chain: Chain, settings: WalletSettings) -> int:
    """The rate at which change must not be dust, or it goes to the fee."""
    estimate = chain.estimate_smart_fee(chain.estimate_max_blocks(), conservative=False).fee_rate
    rate = min(estimate, settings.discard_fee_rate) if estimate else settings.discard_fee_rate
    return max(rate, chain.relay_dust_fee())


def is_witness_program(script: bytes) -> bool:
    """Whether a script is a version opcode and a push of 2 to 40 bytes (BIP141)."""
    return 4 <= len(script) <= 42 and (script[0] == 0 or 0x51 <= script[0] <= 0x60) and script[1] == len(script) - 2


def dust_threshold(script: bytes, rate: int) -> int:
    """The smallest value of an output with a script that is not dust at a rate (the node's own rule)."""
    if (script and script[0] == _OP_RETURN) or len(script) > _MAX_SCRIPT_SIZE:
        return 0
    size = len(TxOut(0, script).serialize())
    return fee_for(rate, size + (_SPEND_SIZE_WITNESS if is_witness_program(script) else _SPEND_SIZE))


def format_rate(rate: int) -> str:
    """Spell a rate in sat/vB with three decimals."""
    return f"{rate // 1000}.{rate % 1000:03d} sat/vB"
