"""The RPC methods send, sendall and fundrawtransaction."""

from __future__ import annotations

import secrets
from dataclasses import replace
from random import Random
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.method import cli_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.rpc.transaction_json import decode_transaction_hex
from moneyrocket.rpc.values import amount_json, as_bool, as_int, as_str
from moneyrocket.wallet.available import CoinFilter, available_coins
from moneyrocket.wallet.coin_control import CoinControl, Preset
from moneyrocket.wallet.coins import fee_for
from moneyrocket.wallet.errors import SpendError
from moneyrocket.wallet.fees import FeeReason, choose_fee_rate, dust_threshold, format_rate
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.fund_options import (
    SEND_OPTIONS,
    read_inputs,
    read_options,
    reject_old_names,
    with_positional_fee,
)
from moneyrocket.wallet.rpc.outputs import fee_payers, output_names, parse_recipients, with_fee_choice
from moneyrocket.wallet.rpc.spend import CONF_TARGET, ESTIMATE_MODE, FEE_RATE
from moneyrocket.wallet.rpc.util import invalid, synced_wallet_of, wallet_error, wallet_of
from moneyrocket.wallet.spend import (
    MAX_STANDARD_WEIGHT,
    SEQUENCE_FINAL_BUT_ONE,
    SEQUENCE_REPLACEABLE,
    CreatedTransaction,
    Recipient,
    anti_fee_sniping_lock_time,
    create_transaction,
    signed_size,
)
from moneyrocket.wallet.wallet import Wallet

_PSBT_MISSING: Final = "PSBT is not built yet"
_RESULT: Final = 'object: "complete", "txid", and "hex" when the transaction is not added to the wallet'
_VERSION: Final = Param("version", ParamType.NUM, "Version of the transaction", default=2)


def _lock_time_from(options: dict[str, Json]) -> int | None:
    value = options.get("locktime")
    if value is None:
        return None
    lock_time = as_int(value, bits=64)
    if not 0 <= lock_time <= 0xFFFFFFFF:
        raise invalid("Invalid parameter, locktime out of range")
    return lock_time


def _checked_version(version: int) -> int:
    if not 1 <= version <= 3:
        raise invalid("Invalid parameter, version out of range(1~3)")
    return version


def _with_foreign_outputs(wallet: Wallet, inputs: dict[OutPoint, Preset]) -> dict[OutPoint, Preset]:
    foreign = [outpoint for outpoint in inputs if wallet.ledger.coin(outpoint) is None]
    found = wallet.chain.find_coins(foreign) if foreign else []
    result = dict(inputs)
    for outpoint, coin in zip(foreign, found, strict=True):
        if coin is None:
            raise wallet_error("Unable to find UTXO for external input")
        result[outpoint] = replace(inputs[outpoint], out=coin.out)
    return result


def _fund(
    wallet: Wallet,
    recipients: list[Recipient],
    control: CoinControl,
    options: dict[str, Json],
    *,
    override_min_fee: bool,
) -> CreatedTransaction:
    if not recipients:
        raise invalid("TX must have at least one output")
    choice = read_options(wallet, control, options, len(recipients), override_min_fee=override_min_fee)
    control = replace(choice.control, inputs=_with_foreign_outputs(wallet, choice.control.inputs))
    try:
        created = create_transaction(wallet, recipients, control, change_position=choice.change_position, sign=False)
    except SpendError as error:
        raise wallet_error(str(error)) from error
    if choice.lock:
        for txin in created.tx.inputs:
            wallet.ledger.lock(txin.prevout, persistent=False)
    return created


def _finish(wallet: Wallet, tx: Transaction, options: dict[str, Json]) -> Json:
    """Sign, and unless the caller wants otherwise store and send, a transaction."""
    if options.get("locktime") is None and all(
        txin.sequence in (SEQUENCE_REPLACEABLE, SEQUENCE_FINAL_BUT_ONE) for txin in tx.inputs
    ):
        rng = Random(secrets.randbits(256))
        tx = Transaction(tx.version, tx.inputs, tx.outputs, anti_fee_sniping_lock_time(wallet, rng))
    outpoints = [txin.prevout for txin in tx.inputs]
    coins: dict[OutPoint, TxOut] = {}
    for outpoint, known in zip(outpoints, wallet.chain.find_coins(outpoints), strict=True):
        out = wallet.ledger.coin(outpoint) or (known.out if known is not None else None)
        if out is not None:
            coins[outpoint] = out
    signed, complete = wallet.keyring.sign(tx, coins)
    if not complete or as_bool(options.get("psbt") or False):
        raise wallet_error(_PSBT_MISSING)
    result: dict[str, Json] = {"txid": hash_to_hex(signed.txid)}
    if as_bool(options.get("add_to_wallet", True)):
        wallet.broadcast(wallet.store_transaction(signed))
    else:
        result["hex"] = signed.serialize().hex()
    result["complete"] = True
    return result


@rpc_method(
    category="wallet",
    help="Makes, signs and sends a transaction.",
    params=(
        Param(
            "outputs",
            ParamType.ARR,
            "Addresses and amounts in BTC, or hex data, as objects with one key each",
            skip_type_check=True,
        ),
        CONF_TARGET,
        ESTIMATE_MODE,
        FEE_RATE,
        Param("options", ParamType.OPTIONS, required=False, inner=SEND_OPTIONS),
        _VERSION,
    ),
    result=_RESULT,
    examples=(cli_example("send", "'{\"bcrt1q…\": 0.1}' 6 economical"),),
)
def send(manager: WalletManager, args: Args) -> Json:
    wallet = wallet_of(manager, args)
    options = with_positional_fee(
        args.obj("options"),
        conf_target=args.given("conf_target"),
        estimate_mode=args.given("estimate_mode"),
        fee_rate=args.given("fee_rate"),
    )
    reject_old_names(options)
    if "input_weights" in options:
        raise invalid("Input weights should be specified in inputs rather than in options.")
    replaceable = as_bool(options.get("replaceable", wallet.settings.signal_rbf))
    outputs = args.raw("outputs")
    with wallet.lock:
        payers = fee_payers(options.get("subtract_fee_from_outputs"), output_names(outputs))
        recipients = parse_recipients(wallet, outputs, payers)
        lock_time = _lock_time_from(options)
        inputs = read_inputs(options.get("inputs"), replaceable=replaceable, lock_time=lock_time or 0)
        control = CoinControl(
            version=_checked_version(args.int("version")),
            inputs=inputs,
            other_inputs=not inputs,
            lock_time=lock_time or 0,
        )
        with wallet.database.transaction():
            created = _fund(wallet, recipients, control, options, override_min_fee=False)
        return _finish(wallet, created.tx, options)


@rpc_method(
    category="rawtransactions",
    help="Adds inputs, and if needed a change output, to a transaction, so that it pays what it sends.",
    params=(
        Param("hexstring", ParamType.HEX, "The transaction in hex"),
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(
                *(option for option in SEND_OPTIONS if option.name not in ("locktime", "inputs", "psbt")),
                Param("changeAddress", ParamType.STR, "Where change goes", required=False),
                Param("changePosition", ParamType.NUM, "Index of the change output", required=False),
                Param("includeWatching", ParamType.BOOL, "No longer used", required=False),
                Param("lockUnspents", ParamType.BOOL, "Lock the coins that are used", required=False),
                Param("feeRate", ParamType.AMOUNT, "Fee rate in BTC/kvB", required=False),
                Param("subtractFeeFromOutputs", ParamType.ARR, "Outputs that pay the fee", required=False),
                Param("input_weights", ParamType.ARR, "Weights of inputs", required=False),
            ),
        ),
        Param("iswitness", ParamType.BOOL, "The hex has witness data", default_hint="depends on the hex"),
    ),
    result='object: "hex", "fee" in BTC, and "changepos", the index of the change output or -1',
    examples=(cli_example("fundrawtransaction", '"myhex"'),),
)
def fundrawtransaction(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    tx = decode_transaction_hex(args.str("hexstring"), witness=args.opt_bool("iswitness"))
    if tx is None:
        raise RpcError(RpcErrorCode.DESERIALIZATION_ERROR, "TX decode failed")
    options = args.obj("options")
    with wallet.lock, wallet.database.transaction():
        payers = fee_payers(options.get("subtractFeeFromOutputs"), ["dummy"] * len(tx.outputs))
        recipients = [Recipient(out.script_pubkey, out.value, n in payers) for n, out in enumerate(tx.outputs)]
        inputs = {txin.prevout: Preset(sequence=txin.sequence) for txin in tx.inputs}
        control = CoinControl(version=tx.version, inputs=inputs, lock_time=tx.lock_time)
        created = _fund(wallet, recipients, control, options, override_min_fee=True)
    position = -1 if created.change_position is None else created.change_position
    return {"hex": created.tx.serialize().hex(), "fee": amount_json(created.fee), "changepos": position}


@rpc_method(
    category="wallet",
    help="Spends all coins of the wallet, or all chosen inputs, without change. "
    "Recipients without an amount share what is left after the fee and the amounts of the others.",
    params=(
        Param("recipients", ParamType.ARR, "Addresses, or objects with an address and its amount in BTC"),
        CONF_TARGET,
        ESTIMATE_MODE,
        FEE_RATE,
        Param(
            "options",
            ParamType.OPTIONS,
            required=False,
            inner=(
                *(
                    option
                    for option in SEND_OPTIONS
                    if option.name
                    in (
                        "add_to_wallet",
                        "fee_rate",
                        "include_watching",
                        "inputs",
                        "locktime",
                        "lock_unspents",
                        "psbt",
                        "minconf",
                        "maxconf",
                        "conf_target",
                        "estimate_mode",
                        "replaceable",
                        "solving_data",
                    )
                ),
                Param("send_max", ParamType.BOOL, "Leave out coins that cost more than they are worth", default=False),
                _VERSION,
            ),
        ),
    ),
    result=_RESULT,
    examples=(cli_example("sendall", "'[\"bcrt1q…\"]'"),),
)
def sendall(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    options = with_positional_fee(
        args.obj("options"),
        conf_target=args.given("conf_target"),
        estimate_mode=args.given("estimate_mode"),
        fee_rate=args.given("fee_rate"),
    )
    reject_old_names(options)
    without_amount: set[str] = set()
    pairs: list[Json] = []
    for recipient in args.list("recipients"):
        if isinstance(recipient, str):
            without_amount.add(recipient)
            pairs.append({recipient: 0})
        else:
            pairs.append(recipient)
    if not without_amount:
        raise invalid("Must provide at least one address without a specified amount")
    with wallet.lock:
        control = _sendall_control(wallet, options)
        rate = _sendall_rate(wallet, control)
        recipients = parse_recipients(wallet, pairs, set())
        inputs = _sendall_inputs(wallet, control, options, rate)
        fixed = [name not in without_amount for name in output_names(pairs)]
        tx = _sendall_transaction(wallet, control, rate, inputs, recipients, fixed, options)
        if as_bool(options.get("lock_unspents", False)):
            for outpoint in inputs:
                wallet.ledger.lock(outpoint, persistent=False)
        return _finish(wallet, tx, options)


def _sendall_control(wallet: Wallet, options: dict[str, Json]) -> CoinControl:
    control = with_fee_choice(
        CoinControl(version=_checked_version(as_int(options.get("version", 2)))),
        wallet.chain,
        conf_target=options.get("conf_target"),
        estimate_mode=options.get("estimate_mode"),
        fee_rate=options.get("fee_rate"),
    )
    if "minconf" in options:
        control = replace(control, min_depth=as_int(options["minconf"]))
        if control.min_depth < 0:
            raise invalid(f"Invalid minconf (minconf cannot be negative): {control.min_depth}")
    if "maxconf" in options:
        control = replace(control, max_depth=as_int(options["maxconf"]))
        if control.max_depth < control.min_depth:
            raise invalid(f"maxconf can't be lower than minconf: {control.max_depth} < {control.min_depth}")
    replaceable = as_bool(options.get("replaceable", wallet.settings.signal_rbf))
    lock_time = _lock_time_from(options) or 0
    chosen = read_inputs(options.get("inputs"), replaceable=replaceable, lock_time=lock_time)
    return replace(control, signal_rbf=replaceable, lock_time=lock_time, inputs=chosen)


def _sendall_rate(wallet: Wallet, control: CoinControl) -> int:
    choice = choose_fee_rate(wallet.chain, wallet.settings, control)
    if control.fee_rate is not None and choice.rate > control.fee_rate:
        message = (
            f"Fee rate ({format_rate(control.fee_rate)}) is lower than the minimum fee rate setting "
            f"({format_rate(choice.rate)})."
        )
        if choice.reason is FeeReason.REQUIRED:
            message += (
                f"\nConsider modifying -mintxfee ({format_rate(wallet.settings.min_fee_rate)}) "
                f"or -minrelaytxfee ({format_rate(wallet.chain.relay_min_fee())})."
            )
        raise invalid(message)
    if choice.reason is FeeReason.FALLBACK and not wallet.settings.fallback_fee_rate:
        raise wallet_error("Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable -fallbackfee.")
    return choice.rate


def _sendall_inputs(wallet: Wallet, control: CoinControl, options: dict[str, Json], rate: int) -> dict[OutPoint, TxOut]:
    if "inputs" in options:
        if "send_max" in options:
            raise invalid("Cannot combine send_max with specific inputs.")
        if "minconf" in options or "maxconf" in options:
            raise invalid("Cannot combine minconf or maxconf with specific inputs.")
        return {outpoint: _own_input(wallet, control, outpoint) for outpoint in control.inputs}
    send_max = as_bool(options.get("send_max", False))
    return {
        coin.outpoint: coin.out
        for coin in available_coins(wallet, control, CoinFilter(min_amount=0))
        if not send_max or fee_for(rate, max(coin.input_size, 0)) <= coin.value
    }


def _own_input(wallet: Wallet, control: CoinControl, outpoint: OutPoint) -> TxOut:
    spelled = f"{hash_to_hex(outpoint.txid)}:{outpoint.n}"
    if wallet.ledger.is_spent(outpoint):
        raise invalid(f"Input not available. UTXO ({spelled}) was already spent.")
    out = wallet.ledger.coin(outpoint)
    if out is None:
        raise invalid(f"Input not found. UTXO ({spelled}) is not part of wallet.")
    parent = wallet.ledger.txs[outpoint.txid]
    if wallet.ledger.depth(parent) == 0 and (parent.tx.version == 3) != (control.version == 3):
        raise invalid(
            f"Can't spend unconfirmed version {parent.tx.version} pre-selected input with a version "
            f"{control.version} tx"
        )
    return out


def _sendall_transaction(
    wallet: Wallet,
    control: CoinControl,
    rate: int,
    inputs: dict[OutPoint, TxOut],
    recipients: list[Recipient],
    fixed: list[bool],
    options: dict[str, Json],
) -> Transaction:
    send_max = as_bool(options.get("send_max", False))
    outputs = [TxOut(recipient.amount, recipient.script) for recipient in recipients]
    weights = [(out, control.inputs.get(outpoint, Preset()).weight) for outpoint, out in inputs.items()]
    try:
        size = signed_size(wallet, weights, outputs)
    except SpendError as error:
        raise wallet_error(
            "Unable to determine the size of the transaction, the wallet contains unsolvable descriptors"
        ) from error
    fee = fee_for(rate, size)
    total = sum(out.value for out in inputs.values())
    if fee > wallet.settings.max_tx_fee:
        raise wallet_error("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
    low = RpcErrorCode.WALLET_INSUFFICIENT_FUNDS
    if total - fee <= 0:
        hint = (
            ", try using lower feerate."
            if send_max
            else ". Try using lower feerate or excluding uneconomic UTXOs with 'send_max' option."
        )
        raise RpcError(low, f"Total value of UTXO pool too low to pay for transaction{hint}")
    if size * 4 > MAX_STANDARD_WEIGHT:
        raise wallet_error("Transaction too large.")
    claimed = sum(out.value for out in outputs)
    if claimed > total:
        raise RpcError(low, "Assigned more value to outputs than available funds.")
    left = total - fee - claimed
    if left < 0:
        raise RpcError(low, "Insufficient funds for fees after creating specified outputs.")
    share, rest = divmod(left, fixed.count(False))
    dust_rate = wallet.chain.relay_dust_fee()
    first_share = fixed.index(False)
    for number, out in enumerate(outputs):
        if not fixed[number]:
            outputs[number] = out = replace(out, value=share + (rest if number == first_share else 0))
        if out.value < dust_threshold(out.script_pubkey, dust_rate):
            if not fixed[number]:
                raise RpcError(low, "Dynamically assigned remainder results in dust output.")
            address = as_str(wallet.address_of(out.script_pubkey))
            raise invalid(f"Specified output amount to {address} is below dust threshold.")
    default = SEQUENCE_REPLACEABLE if control.signal_rbf else SEQUENCE_FINAL_BUT_ONE
    txins = []
    for outpoint in inputs:
        chosen = control.inputs.get(outpoint, Preset()).sequence
        txins.append(TxIn(outpoint, sequence=default if chosen is None else chosen))
    return Transaction(control.version, tuple(txins), tuple(outputs), control.lock_time or 0)


METHODS = (send, sendall, fundrawtransaction)
