"""RPC methods that pay."""

from __future__ import annotations

import random
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.primitives.hashes import hash_to_hex
from moneyrocket.rpc.method import cli_example, http_example, rpc_method
from moneyrocket.rpc.params import Args, Param, ParamType
from moneyrocket.wallet.coin_control import CoinControl
from moneyrocket.wallet.errors import SpendError
from moneyrocket.wallet.manager import WalletManager
from moneyrocket.wallet.rpc.outputs import fee_payers, parse_recipients, spend_refused, with_fee_choice
from moneyrocket.wallet.rpc.util import avoid_reuse_from, ensure_unlocked, invalid, synced_wallet_of, wallet_error
from moneyrocket.wallet.spend import Recipient, create_transaction
from moneyrocket.wallet.wallet import Wallet

CONF_TARGET: Final = Param(
    "conf_target", ParamType.NUM, "Blocks within which it should confirm", default_hint="wallet -txconfirmtarget"
)
ESTIMATE_MODE: Final = Param(
    "estimate_mode",
    ParamType.STR,
    'How to estimate the fee: "unset", "economical" or "conservative"; unset is economical for a transaction that '
    "can be replaced",
    default="unset",
)
REPLACEABLE: Final = Param(
    "replaceable", ParamType.BOOL, "Signal that it may be replaced (BIP125)", default_hint="wallet default"
)
FEE_RATE: Final = Param(
    "fee_rate", ParamType.AMOUNT, "Fee rate in sat/vB", default_hint="not set, fall back to wallet fee estimation"
)
_VERBOSE: Final = Param("verbose", ParamType.BOOL, "Return an object that says where the fee came from", default=False)
_RESULT: Final = 'string: id of the transaction; with "verbose" an object with "txid" and "fee_reason"'


def _send(
    wallet: Wallet,
    recipients: list[Recipient],
    control: CoinControl,
    *,
    comment: str | None,
    comment_to: str | None,
    verbose: bool,
) -> Json:
    ensure_unlocked(wallet)
    if not wallet.has_private_keys:
        raise wallet_error("Error: Private keys are disabled for this wallet")
    random.SystemRandom().shuffle(recipients)
    # One commit: the change address and the transaction that pays to it.
    with wallet.database.transaction():
        try:
            created = create_transaction(wallet, recipients, control)
        except SpendError as error:
            raise spend_refused(str(error)) from error
        wtx = wallet.store_transaction(created.tx, comment=comment or None, comment_to=comment_to or None)
    wallet.broadcast(wtx)
    txid = hash_to_hex(created.tx.txid)
    return {"txid": txid, "fee_reason": created.fee_reason.value} if verbose else txid


@rpc_method(
    category="wallet",
    help="Pays an amount to an address.",
    params=(
        Param("address", ParamType.STR, "The address"),
        Param("amount", ParamType.AMOUNT, "The amount in BTC, for example 0.1"),
        Param("comment", ParamType.STR, "What the payment is for; kept in the wallet only", required=False),
        Param("comment_to", ParamType.STR, "Who is paid; kept in the wallet only", required=False),
        Param("subtractfeefromamount", ParamType.BOOL, "The fee comes out of the amount", default=False),
        REPLACEABLE,
        CONF_TARGET,
        ESTIMATE_MODE,
        Param(
            "avoid_reuse",
            ParamType.BOOL,
            "Leave coins alone that lie on addresses that were spent from (only for wallets that avoid reuse)",
            default_hint="true",
        ),
        FEE_RATE,
        _VERBOSE,
    ),
    result=_RESULT,
    examples=(cli_example("sendtoaddress", '"bcrt1q…" 0.1'), http_example("sendtoaddress", '"bcrt1q…", 0.1')),
)
def sendtoaddress(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        avoid_reuse = avoid_reuse_from(wallet, args.opt_bool("avoid_reuse"))
        control = with_fee_choice(
            CoinControl(
                signal_rbf=args.opt_bool("replaceable"), avoid_reuse=avoid_reuse, avoid_partial_spends=avoid_reuse
            ),
            wallet.chain,
            conf_target=args.given("conf_target"),
            estimate_mode=args.given("estimate_mode"),
            fee_rate=args.given("fee_rate"),
        )
        ensure_unlocked(wallet)
        payers = {0} if args.bool("subtractfeefromamount") else set[int]()
        recipients = parse_recipients(wallet, {args.str("address"): args.raw("amount")}, payers)
        return _send(
            wallet,
            recipients,
            control,
            comment=args.opt_str("comment"),
            comment_to=args.opt_str("comment_to"),
            verbose=args.bool("verbose"),
        )


@rpc_method(
    category="wallet",
    help="Pays several amounts with one transaction.",
    params=(
        Param("dummy", ParamType.STR, 'Left from older versions; must be ""', default="", oneline='""'),
        Param(
            "amounts",
            ParamType.USER_KEYS,
            "The payments",
            inner=(Param("address", ParamType.AMOUNT, "An address as key and its amount in BTC as value"),),
        ),
        Param("minconf", ParamType.NUM, "No longer used", required=False),
        Param("comment", ParamType.STR, "What the payments are for; kept in the wallet only", required=False),
        Param(
            "subtractfeefrom",
            ParamType.ARR,
            "Addresses whose amounts pay the fee, in equal shares",
            required=False,
            inner=(Param("address", ParamType.STR, required=False),),
        ),
        REPLACEABLE,
        CONF_TARGET,
        ESTIMATE_MODE,
        FEE_RATE,
        _VERBOSE,
    ),
    result=_RESULT,
    examples=(cli_example("sendmany", '"" \'{"bcrt1q…":0.01,"bcrt1p…":0.02}\''),),
)
def sendmany(manager: WalletManager, args: Args) -> Json:
    wallet = synced_wallet_of(manager, args)
    with wallet.lock:
        if args.str("dummy"):
            raise invalid('Dummy value must be set to ""')
        amounts = args.obj("amounts")
        control = with_fee_choice(
            CoinControl(signal_rbf=args.opt_bool("replaceable")),
            wallet.chain,
            conf_target=args.given("conf_target"),
            estimate_mode=args.given("estimate_mode"),
            fee_rate=args.given("fee_rate"),
        )
        recipients = parse_recipients(wallet, amounts, fee_payers(args.given("subtractfeefrom"), list(amounts)))
        return _send(
            wallet,
            recipients,
            control,
            comment=args.opt_str("comment"),
            comment_to=None,
            verbose=args.bool("verbose"),
        )


METHODS = (sendtoaddress, sendmany)
