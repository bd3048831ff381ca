"""Makes payments in two steps: a transaction to look at, which is then stored and sent."""

from __future__ import annotations

import random
from collections.abc import Sequence

from moneyrocket.interfaces.wallet_values import (
    FeeChoice,
    FeeRateInfo,
    Payment,
    PreparedPayment,
    WalletFailure,
    WalletRequestError,
)
from moneyrocket.primitives.amount import money_range
from moneyrocket.primitives.transaction import Transaction
from moneyrocket.script.address import AddressError
from moneyrocket.wallet.balance import is_change
from moneyrocket.wallet.coin_control import CoinControl
from moneyrocket.wallet.desktop.errors import require_keys
from moneyrocket.wallet.fees import FeeReason, choose_fee_rate, required_fee_rate
from moneyrocket.wallet.flags import WalletFlag
from moneyrocket.wallet.spend import Recipient, create_transaction
from moneyrocket.wallet.transaction import WalletTx
from moneyrocket.wallet.wallet import Wallet


def fee_rate(wallet: Wallet, fee: FeeChoice) -> FeeRateInfo:
    """See `moneyrocket.interfaces.wallet.Wallet.fee_rate`."""
    choice = choose_fee_rate(wallet.chain, wallet.settings, _control(wallet, fee))
    required = required_fee_rate(wallet.chain, wallet.settings)
    return FeeRateInfo(choice.rate, choice.reason.value, choice.reason is FeeReason.FALLBACK, required)


def prepare(wallet: Wallet, payments: Sequence[Payment], fee: FeeChoice, *, sign: bool) -> PreparedPayment:
    """See `moneyrocket.interfaces.wallet.Wallet.prepare_payment`. Call under the wallet's lock.

    Raises:
        WalletError: it cannot be made.
        WalletRequestError: an address or amount is none, or the wallet cannot sign.
    """
    if sign:
        require_keys(wallet)
    recipients = [_recipient(wallet, payment) for payment in payments]
    # Their order must not tell in which order the user typed them.
    random.SystemRandom().shuffle(recipients)
    created = create_transaction(wallet, recipients, _control(wallet, fee), sign=sign, keep_change=False)
    position = created.change_position
    change = created.tx.outputs[position].value if position is not None else 0
    return PreparedPayment(
        tx=created.tx,
        signed=sign,
        fee=created.fee,
        fee_rate=-(-created.fee * 1000 // created.vsize),
        vsize=created.vsize,
        amount=created.tx.value_out - change,
        change=change,
        inputs=len(created.tx.inputs),
        reason=created.fee_reason.value,
    )


def store(wallet: Wallet, tx: Transaction, payments: Sequence[Payment]) -> WalletTx:
    """Sign a prepared transaction if need be, and store it with labels. Call under the wallet's lock.

    Raises:
        WalletRequestError: it cannot be signed, or coins that it spends are spent.
    """
    ledger = wallet.ledger
    known = ledger.txs.get(tx.txid)
    if known is not None:
        # Told twice, because an answer got lost perhaps.
        return known
    outpoints = [txin.prevout for txin in tx.inputs]
    coins = {outpoint: out for outpoint in outpoints if (out := ledger.coin(outpoint)) is not None}
    if len(coins) < len(outpoints) or any(ledger.is_spent(outpoint) for outpoint in outpoints):
        message = "Coins of this payment were spent meanwhile. Look at it again before it is sent."
        raise WalletRequestError(WalletFailure.COINS_CHANGED, message)
    if not all(txin.script_sig or txin.witness for txin in tx.inputs):
        require_keys(wallet)
        tx, complete = wallet.keyring.sign(tx, coins)
        if not complete:
            raise WalletRequestError(WalletFailure.NO_KEYS, "Signing transaction failed")
    # One commit: the change address and the transaction that pays to it.
    with wallet.database.transaction():
        for out in tx.outputs:
            if is_change(wallet, out.script_pubkey):
                wallet.keyring.mark_used(out.script_pubkey)
        wtx = wallet.store_transaction(tx)
    for payment in payments:
        if payment.label is not None:
            wallet.set_label(wallet.script_of(payment.address), payment.label)
    return wtx


def _control(wallet: Wallet, fee: FeeChoice) -> CoinControl:
    avoid_reuse = WalletFlag.AVOID_REUSE in wallet.flags
    return CoinControl(
        fee_rate=fee.fee_rate,
        confirm_target=fee.conf_target,
        conservative=fee.conservative,
        signal_rbf=fee.replaceable,
        avoid_reuse=avoid_reuse,
        avoid_partial_spends=avoid_reuse,
    )


def _recipient(wallet: Wallet, payment: Payment) -> Recipient:
    try:
        script = wallet.script_of(payment.address)
    except AddressError as error:
        message = f"{payment.address} is not an address: {error}"
        raise WalletRequestError(WalletFailure.BAD_ADDRESS, message) from error
    if payment.amount <= 0 or not money_range(payment.amount):
        raise WalletRequestError(WalletFailure.BAD_AMOUNT, "The amount to pay must be larger than 0.")
    return Recipient(script, payment.amount, payment.subtract_fee)
