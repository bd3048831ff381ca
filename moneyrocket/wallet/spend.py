"""Makes transactions: chooses coins, adds change, pays the right fee, and signs."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from moneyrocket.common import clock
from moneyrocket.common.logging import log
from moneyrocket.primitives.amount import format_money
from moneyrocket.primitives.serialize import compact_size
from moneyrocket.primitives.transaction import WITNESS_SCALE_FACTOR, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.wallet.available import available_coins, unconfirmed_ancestors
from moneyrocket.wallet.coin_control import CoinControl, Preset
from moneyrocket.wallet.coin_selection import Selection, SelectionParams, change_target, evaluate, select
from moneyrocket.wallet.coins import MAX_GROUP_SIZE, CoinGroup, Eligibility, SpendableCoin, fee_for, group_by_script
from moneyrocket.wallet.errors import AmountError, FeeError, InsufficientFundsError, SpendError, WalletError
from moneyrocket.wallet.fees import (
    FeeRateChoice,
    FeeReason,
    choose_fee_rate,
    discard_fee_rate,
    dust_threshold,
    format_rate,
)
from moneyrocket.wallet.settings import OutputType
from moneyrocket.wallet.wallet import Wallet

MAX_STANDARD_WEIGHT: Final = 400_000
MIN_STANDARD_WEIGHT: Final = 65 * WITNESS_SCALE_FACTOR
SEQUENCE_FINAL_BUT_ONE: Final = 0xFFFFFFFE
"""Lock time counts, replaceability is not signalled."""
SEQUENCE_REPLACEABLE: Final = 0xFFFFFFFD

_MAX_CHAIN: Final = 25
"""Unconfirmed ancestors that other nodes allow, the transaction itself included."""
_UNKNOWN_SPEND_SIZE: Final = 91
"""vB of an input whose script the wallet cannot solve: as if it were a nested witness key hash."""
_OVERHEAD: Final = 10
"""Version, lock time, input count and witness marker, vB."""
_TIP_AGE_LIMIT: Final = 8 * 60 * 60

_MAX_FEE_EXCEEDED: Final = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A payment: an output script, its amount in sat, and whether the fee comes out of it."""

    script: bytes
    amount: int
    subtract_fee: bool = False


@dataclass(frozen=True, slots=True)
class CreatedTransaction:
    """A transaction that was made.

    Attributes:
        tx: the transaction.
        fee: what it pays, sat.
        change_position: index of the change output, None without change.
        fee_reason: where its fee rate came from.
        vsize: vB of it once it is signed, with the largest signatures if it is not.
    """

    tx: Transaction
    fee: int
    change_position: int | None
    fee_reason: FeeReason
    vsize: int


def create_transaction(
    wallet: Wallet,
    recipients: Sequence[Recipient],
    control: CoinControl,
    *,
    change_position: int | None = None,
    sign: bool = True,
    keep_change: bool = True,
) -> CreatedTransaction:
    """Make a transaction. Nothing is stored but the change address. Call under the wallet's lock.

    Args:
        wallet: the wallet that pays.
        recipients: at least one.
        control: the user's choices.
        change_position: index for the change output, None for a random one.
        sign: sign it.
        keep_change: use the change address up; otherwise the next transaction may have the same.

    Raises:
        SpendError: it cannot be made; the text says why.
    """
    if not recipients:
        raise SpendError("Transaction must have at least one recipient")
    if any(recipient.amount < 0 for recipient in recipients):
        raise AmountError("Transaction amounts must not be negative")
    if wallet.settings.avoid_partial_spends:
        control = replace(control, avoid_partial_spends=True)
    maker = _Maker(wallet, recipients, control, change_position)
    plain = maker.make()
    chosen = plain
    max_extra = wallet.settings.max_aps_fee
    if plain.fee > 0 and max_extra > -1 and not control.avoid_partial_spends and maker.shares_scripts:
        # Not splitting coins on one address is better for privacy; take it when it costs no more than allowed.
        try:
            grouped = maker.make(avoid_partial_spends=True)
        except SpendError:
            pass
        else:
            use = grouped.fee <= plain.fee + max_extra
            log.info(
                "[%s] Fee non-grouped = %d, grouped = %d, using %s",
                wallet.display_name,
                plain.fee,
                grouped.fee,
                "grouped" if use else "non-grouped",
            )
            chosen = grouped if use else plain
    return maker.finish(chosen, sign=sign, keep_change=keep_change)


@dataclass(frozen=True, slots=True)
class _Draft:
    tx: Transaction
    selection: Selection
    fee: int
    change_position: int | None
    size: int


class _Maker:
    """One transaction in the making: what does not depend on the coins chosen is worked out once."""

    def __init__(
        self, wallet: Wallet, recipients: Sequence[Recipient], control: CoinControl, change_position: int | None
    ) -> None:
        self.wallet = wallet
        self.recipients = recipients
        self.control = control
        self.rng = random.Random(secrets.randbits(256))
        self.max_weight = MAX_STANDARD_WEIGHT if control.max_weight is None else control.max_weight
        if not MIN_STANDARD_WEIGHT <= self.max_weight <= MAX_STANDARD_WEIGHT:
            raise SpendError(
                f"Maximum transaction weight must be between {MIN_STANDARD_WEIGHT} and {MAX_STANDARD_WEIGHT}"
            )
        chain = wallet.chain
        self.dust_rate = chain.relay_dust_fee()
        self.paid = sum(recipient.amount for recipient in recipients)
        self.subtract_fee = any(recipient.subtract_fee for recipient in recipients)
        self.fixed_size = _OVERHEAD + len(compact_size(len(recipients)))
        for recipient in recipients:
            if recipient.amount < dust_threshold(recipient.script, self.dust_rate):
                raise AmountError("Transaction amount too small")
            self.fixed_size += len(TxOut(recipient.amount, recipient.script).serialize())
        self.change_position = change_position
        self._choose_change_script()
        change_size = len(TxOut(0, self.change_script).serialize())
        change_spend_size = wallet.keyring.input_size(self.change_script)
        if change_spend_size < 0:
            change_spend_size = _UNKNOWN_SPEND_SIZE
        discard_rate = discard_fee_rate(chain, wallet.settings)
        self.fee_rate = self._choose_fee_rate()
        change_fee = fee_for(self.fee_rate.rate, change_size)
        change_spend_fee = fee_for(discard_rate, change_spend_size)
        target = self.paid + (0 if self.subtract_fee else fee_for(self.fee_rate.rate, self.fixed_size))
        if target == 0 and not control.inputs:
            raise SpendError(
                "Transaction requires one destination of non-zero value, a non-zero feerate, or a pre-selected input"
            )
        self.params = SelectionParams(
            target=target,
            change_fee=change_fee,
            cost_of_change=change_spend_fee + change_fee,
            min_viable_change=max(change_spend_fee + 1, dust_threshold(self.change_script, discard_rate)),
            change_target=change_target(self.paid // len(recipients), change_fee, self.rng),
            max_weight=self.max_weight - self.fixed_size * WITNESS_SCALE_FACTOR,
            change_weight=change_size * WITNESS_SCALE_FACTOR,
            subtract_fee=self.subtract_fee,
        )
        self.preset = self._preset_coins()
        self.available = self._available() if control.other_inputs else []
        scripts = [coin.out.script_pubkey for coin in self.available]
        self.shares_scripts = len(set(scripts)) != len(scripts)

    # What is worked out once

    def _choose_change_script(self) -> None:
        self.change_error = ""
        self.change_type: OutputType | None = None
        self.change_script = b""
        if self.control.change_script is not None:
            self.change_script = self.control.change_script
            return
        self.change_type = change_output_type(self.wallet, self.control, self.recipients)
        try:
            self.change_script = self.wallet.keyring.peek_script(self.change_type, internal=True)
        except WalletError as error:
            self.change_error = f"Transaction needs a change address, but we can't generate it. {error}"

    def _choose_fee_rate(self) -> FeeRateChoice:
        chain, settings, control = self.wallet.chain, self.wallet.settings, self.control
        choice = choose_fee_rate(chain, settings, control)
        if control.fee_rate is not None and choice.rate > control.fee_rate:
            message = (
                f"Fee rate ({format_rate(control.fee_rate)}) is lower than the minimum fee rate setting "
                f"({format_rate(choice.rate)})."
            )
            if choice.reason is FeeReason.REQUIRED:
                message += (
                    f"\nConsider modifying -mintxfee ({format_rate(settings.min_fee_rate)}) "
                    f"or -minrelaytxfee ({format_rate(chain.relay_min_fee())})."
                )
            raise FeeError(message)
        if choice.reason is FeeReason.FALLBACK and not settings.fallback_fee_rate:
            raise FeeError("Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable -fallbackfee.")
        return choice

    def _priced(self, coin: SpendableCoin) -> SpendableCoin:
        return coin.at_fee_rates(self.fee_rate.rate, self.wallet.settings.consolidate_fee_rate)

    def _available(self) -> list[SpendableCoin]:
        return [self._priced(coin) for coin in available_coins(self.wallet, self.control)]

    def _preset_coins(self) -> list[SpendableCoin]:
        coins: list[SpendableCoin] = []
        for outpoint, preset in self.control.inputs.items():
            out = self.wallet.ledger.coin(outpoint) or preset.out
            if out is None:
                raise SpendError(f"Not found pre-selected input {_outpoint_text(outpoint)}")
            self._check_version(outpoint)
            if preset.weight is not None:
                size = -(-preset.weight // WITNESS_SCALE_FACTOR)
            else:
                size = self.wallet.keyring.input_size(out.script_pubkey)
            if size < 0:
                raise SpendError(f"Not solvable pre-selected input {_outpoint_text(outpoint)}")
            coins.append(self._priced(SpendableCoin(outpoint, out, depth=0, input_size=size, from_me=False)))
        return coins

    def _check_version(self, outpoint: OutPoint) -> None:
        parent = self.wallet.ledger.txs.get(outpoint.txid)
        if parent is None or self.wallet.ledger.depth(parent) != 0:
            return
        theirs, ours = parent.tx.version, self.control.version
        if theirs == 3 and ours != 3:
            raise SpendError(f"Can't spend unconfirmed version 3 pre-selected input with a version {ours} tx")
        if ours == 3 and theirs != 3:
            raise SpendError(f"Can't spend unconfirmed version {theirs} pre-selected input with a version 3 tx")

    # One attempt

    def make(self, *, avoid_partial_spends: bool = False) -> _Draft:
        """Choose coins and build the unsigned transaction."""
        selection = self._select(avoid_partial_spends or self.control.avoid_partial_spends)
        outputs = [TxOut(recipient.amount, recipient.script) for recipient in self.recipients]
        position: int | None = None
        if selection.change:
            position = self.rng.randrange(len(outputs) + 1) if self.change_position is None else self.change_position
            if position > len(outputs):
                raise SpendError("Transaction change output index out of range")
            outputs.insert(position, TxOut(selection.change, self.change_script))
        inputs, own_sequences = self._inputs(selection)
        lock_time = self.control.lock_time
        if lock_time is None:
            lock_time = anti_fee_sniping_lock_time(self.wallet, self.rng) if not own_sequences else 0
        size = self._signed_size(selection, outputs)
        needed = fee_for(self.fee_rate.rate, size)
        fee = selection.value - sum(out.value for out in outputs)
        if position is not None and fee > needed:
            change = outputs[position]
            outputs[position] = replace(change, value=change.value + fee - needed)
            fee = needed
        if self.subtract_fee:
            self._subtract(outputs, position, needed - fee)
            fee = needed
        if fee < needed or fee < 0:
            raise SpendError(f"Internal bug: fee needed is {needed}, fee paid is {fee}")
        if not self.change_script and position is not None:
            raise SpendError(self.change_error)
        tx = Transaction(self.control.version, tuple(inputs), tuple(outputs), lock_time)
        log.info(
            "[%s] Fee Calculation: Fee:%d Bytes:%d, Source: %s",
            self.wallet.display_name,
            fee,
            size,
            self.fee_rate.reason.value,
        )
        return _Draft(tx, selection, fee, position, size)

    def finish(self, draft: _Draft, *, sign: bool, keep_change: bool) -> CreatedTransaction:
        """Sign, check against limits, and use the change address up."""
        wallet, tx = self.wallet, draft.tx
        weight = draft.selection.input_weight + tx.weight
        if sign:
            coins = {coin.outpoint: coin.out for coin in draft.selection.coins}
            tx, complete = wallet.keyring.sign(tx, coins)
            if not complete:
                raise SpendError("Signing transaction failed")
            weight = tx.weight
        if weight > MAX_STANDARD_WEIGHT:
            raise SpendError("Transaction too large")
        if draft.fee > wallet.settings.max_tx_fee:
            raise FeeError(_MAX_FEE_EXCEEDED)
        if wallet.settings.reject_long_chains and any(not coin.depth for coin in draft.selection.coins):
            problem = wallet.chain.check_chain_limits(tx)
            if problem is not None:
                raise SpendError(problem)
        if keep_change and draft.change_position is not None and self.change_type is not None:
            wallet.keyring.new_script(self.change_type, internal=True)
        log.info(
            "[%s] Coin Selection: Algorithm:%s, Waste Metric Score:%d",
            wallet.display_name,
            draft.selection.algorithm,
            draft.selection.waste,
        )
        vsize = tx.vsize if sign else draft.size
        return CreatedTransaction(tx, draft.fee, draft.change_position, self.fee_rate.reason, vsize)

    def _inputs(self, selection: Selection) -> tuple[list[TxIn], bool]:
        signal = self.control.signal_rbf
        replaceable = self.wallet.settings.signal_rbf if signal is None else signal
        sequence = SEQUENCE_REPLACEABLE if replaceable else SEQUENCE_FINAL_BUT_ONE
        order = {outpoint: number for number, outpoint in enumerate(self.control.inputs)}
        coins = list(selection.coins)
        self.rng.shuffle(coins)
        coins.sort(key=lambda coin: order.get(coin.outpoint, len(order)))
        inputs: list[TxIn] = []
        own_sequences = False
        for coin in coins:
            wanted = self.control.inputs.get(coin.outpoint, Preset()).sequence
            own_sequences |= wanted is not None
            inputs.append(TxIn(coin.outpoint, sequence=sequence if wanted is None else wanted))
        return inputs, own_sequences

    def _signed_size(self, selection: Selection, outputs: Sequence[TxOut]) -> int:
        """vB of the signed transaction, with the largest signatures."""
        return signed_size(self.wallet, [(coin.out, self._weight_of(coin)) for coin in selection.coins], outputs)

    def _weight_of(self, coin: SpendableCoin) -> int | None:
        preset = self.control.inputs.get(coin.outpoint)
        return preset.weight if preset is not None else None

    def _subtract(self, outputs: list[TxOut], change_position: int | None, amount: int) -> None:
        payers = [number for number, recipient in enumerate(self.recipients) if recipient.subtract_fee]
        share, rest = divmod(amount, len(payers))
        for number in payers:
            index = number + (change_position is not None and number >= change_position)
            value = outputs[index].value - share - (rest if number == payers[0] else 0)
            outputs[index] = replace(outputs[index], value=value)
            if value < dust_threshold(outputs[index].script_pubkey, self.dust_rate):
                if value < 0:
                    raise AmountError("The transaction amount is too small to pay the fee")
                raise AmountError("The transaction amount is too small to send after the fee has been deducted")

    # Selection

    def _value(self, coins: Sequence[SpendableCoin]) -> int:
        return sum(coin.value if self.subtract_fee else coin.effective_value for coin in coins)

    def _select(self, avoid_partial_spends: bool) -> Selection:
        params = replace(self.params, target=self.params.target - self._value(self.preset))
        if params.target > 0 and not self.control.other_inputs:
            raise SpendError(
                "The preselected coins total amount does not cover the transaction target. "
                "Please allow other inputs to be automatically selected or include more coins manually"
            )
        if params.target <= 0 and self.preset:
            return evaluate(self.preset, "manual", self.params)
        if params.target > self._value(self.available):
            raise self._insufficient()
        picked = self._select_automatically(params, avoid_partial_spends)
        if not self.preset:
            return picked
        merged = evaluate([*self.preset, *picked.coins], picked.algorithm, self.params)
        if merged.input_weight > self.params.max_weight:
            raise SpendError(
                "The combination of the pre-selected inputs and the wallet automatic inputs selection exceeds the "
                "transaction maximum weight. Please try sending a smaller amount or manually consolidating your "
                "wallet's UTXOs"
            )
        return merged

    def _insufficient(self) -> SpendError:
        everything = [*self.preset, *self.available]
        fees = self.params.target - self.paid
        if sum(coin.value for coin in everything) >= self.paid and self._value(everything) < self.params.target:
            return InsufficientFundsError(
                f"The total exceeds your balance when the {format_money(fees)} transaction fee is included."
            )
        return InsufficientFundsError("Insufficient funds")

    def _eligibilities(self) -> list[Eligibility]:
        steps = [Eligibility(1, 6, 0), Eligibility(1, 1, 0)]
        if self.wallet.settings.spend_zero_conf_change:
            steps += [
                Eligibility(0, 1, 2),
                Eligibility(0, 1, min(4, _MAX_CHAIN // 3)),
                Eligibility(0, 1, _MAX_CHAIN // 2),
                Eligibility(0, 1, _MAX_CHAIN - 1, partial_groups=True),
            ]
            if self.control.include_unsafe:
                steps.append(Eligibility(0, 0, _MAX_CHAIN - 1, partial_groups=True))
            if not self.wallet.settings.reject_long_chains:
                steps.append(Eligibility(0, 1, 1 << 62, partial_groups=True))
        return steps

    def _select_automatically(self, params: SelectionParams, avoid_partial_spends: bool) -> Selection:
        pool = self._groups(avoid_partial_spends)
        steps = self._eligibilities()
        usable = [coin for group, _ in pool if any(step.admits(group) for step in steps) for coin in group.coins]
        if sum(coin.value for coin in usable) < params.target:
            too_long = [coin for group, _ in pool if group.ancestors >= _MAX_CHAIN for coin in group.coins]
            if sum(coin.value for coin in [*usable, *too_long]) > params.target:
                raise SpendError(
                    "Unconfirmed UTXOs are available, but spending them creates a chain of transactions that will be "
                    "rejected by the mempool"
                )
            raise InsufficientFundsError("Insufficient funds")
        problem: SpendError | None = None
        for number, step in enumerate(steps):
            groups = [group for group, partial in pool if step.admits(group) and (step.partial_groups or not partial)]
            try:
                # Mixing address types tells an observer more; the first step does without.
                found = self._attempt(groups, params, mix_types=number > 0)
            except SpendError as error:
                problem = problem or error
                continue
            if found is not None:
                return found
        raise problem or self._insufficient()

    def _attempt(self, groups: list[CoinGroup], params: SelectionParams, *, mix_types: bool) -> Selection | None:
        by_type: dict[str, list[CoinGroup]] = {}
        for group in groups:
            by_type.setdefault(group.coins[0].output_type, []).append(group)
        found: list[Selection] = []
        problem: SpendError | None = None
        for members in by_type.values():
            try:
                selection = self._search(members, params)
            except SpendError as error:
                problem = error
                continue
            if selection is not None:
                found.append(selection)
        if found:
            return min(found, key=lambda selection: (selection.waste, -len(selection.coins)))
        if problem is not None:
            raise problem
        return self._search(groups, params) if mix_types and len(by_type) > 1 else None

    def _search(self, groups: list[CoinGroup], params: SelectionParams) -> Selection | None:
        positive: list[CoinGroup] = []
        for group in groups:
            worth = [coin for coin in group.coins if coin.effective_value > 0]
            if len(worth) == len(group.coins):
                positive.append(group)
            elif worth:
                positive.append(CoinGroup.of(worth, subtract_fee=self.subtract_fee, ancestors=group.ancestors))
        return select(positive, groups, params, self.rng)

    def _groups(self, avoid_partial_spends: bool) -> list[tuple[CoinGroup, bool]]:
        cache: dict[bytes, int] = {}

        def group(coins: Sequence[SpendableCoin]) -> CoinGroup:
            ancestors = sum(unconfirmed_ancestors(self.wallet, coin, cache) for coin in coins)
            return CoinGroup.of(coins, subtract_fee=self.subtract_fee, ancestors=ancestors)

        if not avoid_partial_spends:
            return [(group([coin]), False) for coin in self.available]
        coins = list(self.available)
        if len(coins) > MAX_GROUP_SIZE:
            self.rng.shuffle(coins)
        return [(group(members), partial) for members, partial in group_by_script(coins)]


def signed_size(wallet: Wallet, inputs: Sequence[tuple[TxOut, int | None]], outputs: Sequence[TxOut]) -> int:
    """vB of a transaction once it is signed, with the largest signatures.

    Args:
        wallet: the wallet that signs.
        inputs: for each input the output it spends, and its weight if that is known.
        outputs: the outputs.

    Raises:
        SpendError: an input cannot be estimated.
    """
    weight = 4 * (4 + 4 + len(compact_size(len(inputs))) + len(compact_size(len(outputs))))
    weight += 4 * sum(len(out.serialize()) for out in outputs)
    has_witness = False
    estimates = []
    for out, known in inputs:
        estimate = wallet.keyring.input_weight(out.script_pubkey)
        if known is None and estimate is None:
            raise SpendError("Missing solving data for estimating transaction size")
        has_witness |= estimate is not None and estimate.has_witness
        estimates.append((known, estimate))
    for known, estimate in estimates:
        if known is not None:
            weight += known - (0 if has_witness else 1)
        elif estimate is not None:
            weight += estimate.weight + (1 if has_witness and not estimate.has_witness else 0)
    weight += 2 if has_witness else 0
    return -(-weight // WITNESS_SCALE_FACTOR)


def change_output_type(wallet: Wallet, control: CoinControl, recipients: Sequence[Recipient]) -> OutputType:
    """The address type that hides change best among the payments, if the wallet has it."""
    wanted = control.change_type or wallet.settings.change_type
    if wanted is not None:
        return wanted
    if wallet.settings.address_type is OutputType.LEGACY:
        return OutputType.LEGACY
    paid = {wallet.keyring.output_type(recipient.script) for recipient in recipients}
    preference = (OutputType.BECH32M, OutputType.BECH32, OutputType.P2SH_SEGWIT, OutputType.LEGACY)
    for kind in preference:
        if kind in paid and wallet.keyring.has_active(kind, internal=True):
            return kind
    for kind in preference[:2]:
        if wallet.keyring.has_active(kind, internal=True):
            return kind
    return wallet.settings.address_type


def anti_fee_sniping_lock_time(wallet: Wallet, rng: random.Random) -> int:
    """A lock time that makes the transaction useless in a replacement of the current tip; 0 if the tip is old."""
    ledger = wallet.ledger
    if ledger.tip_height < 0 or wallet.chain.is_initial_block_download():
        return 0
    found = wallet.chain.find_block(ledger.tip_hash)
    if found is None or found.time < clock.now() - _TIP_AGE_LIMIT:
        return 0
    if rng.randrange(10):
        return ledger.tip_height
    # Now and then further back, as if the transaction had been delayed.
    return max(0, ledger.tip_height - rng.randrange(100))


def _outpoint_text(outpoint: OutPoint) -> str:
    return f"COutPoint({outpoint.txid[::-1].hex()[:10]}, {outpoint.n})"
