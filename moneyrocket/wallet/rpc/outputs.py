"""Reads payments and fee choices from RPC parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from moneyrocket.interfaces.chain import Chain
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.rpc.errors import RpcErrorCode
from moneyrocket.rpc.transaction_args import parse_outputs
from moneyrocket.rpc.values import amount_from_json, as_int, as_list, as_str, type_name
from moneyrocket.wallet.coin_control import CoinControl
from moneyrocket.wallet.rpc.util import invalid
from moneyrocket.wallet.spend import Recipient
from moneyrocket.wallet.wallet import Wallet

_MODES = ("unset", "economical", "conservative")


def output_names(outputs: Json) -> list[str]:
    """The addresses (or ``data``) of outputs given as an object, or as an array of objects with one key each."""
    members = outputs if isinstance(outputs, list) else [outputs]
    return [name for member in members if isinstance(member, dict) for name in member]


def parse_recipients(wallet: Wallet, outputs: Json, payers: set[int]) -> list[Recipient]:
    """Turn addresses and amounts into payments.

    Args:
        wallet: the wallet.
        outputs: amount in BTC by address; ``data`` has hex for an output without value.
        payers: positions whose recipients pay the fee.

    Raises:
        RpcError: -5 for a text that is no address, -8 for an address given twice, -3 for a bad amount.
    """
    parsed = parse_outputs(outputs, wallet.params)
    return [Recipient(script, amount, number in payers) for number, (script, amount) in enumerate(parsed)]


def fee_payers(value: Json, names: Sequence[str]) -> set[int]:
    """Read which outputs the fee comes out of, given by position or by address.

    Raises:
        RpcError: -8 for one that is not among the outputs, or given twice.
    """
    prefix = "Invalid parameter 'subtract fee from output', "
    result: set[int] = set()
    for entry in [] if value is None else as_list(value):
        if isinstance(entry, str):
            if entry not in names:
                raise invalid(f"{prefix}destination {entry} not found in tx outputs")
            position = names.index(entry)
        elif type_name(entry) == "number":
            position = as_int(entry)
        else:
            raise invalid(f"{prefix}invalid value type: {type_name(entry)}")
        if position in result:
            raise invalid(f"{prefix}duplicated position: {position}")
        if position < 0:
            raise invalid(f"{prefix}negative position: {position}")
        if position >= len(names):
            raise invalid(f"{prefix}position too large: {position}")
        result.add(position)
    return result


def with_fee_choice(
    control: CoinControl,
    chain: Chain,
    *,
    conf_target: Json,
    estimate_mode: Json,
    fee_rate: Json,
    override_min_fee: bool = False,
) -> CoinControl:
    """Add the caller's choice of a fee rate (sat/vB), or of a confirmation target and estimate mode.

    Raises:
        RpcError: -8 for contradictory or unknown choices.
    """
    if fee_rate is not None:
        if conf_target is not None:
            raise invalid(
                "Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks "
                "for automatic fee estimation, or an explicit fee rate."
            )
        if estimate_mode is not None and as_str(estimate_mode) != "unset":
            raise invalid("Cannot specify both estimate_mode and fee_rate")
        # Three decimals of sat/vB make an integer of sat/kvB.
        rate = amount_from_json(fee_rate, decimals=3)
        signal = True if control.signal_rbf is None else control.signal_rbf
        return replace(control, fee_rate=rate, override_fee_rate=override_min_fee, signal_rbf=signal)
    if estimate_mode is not None:
        mode = as_str(estimate_mode).lower()
        if mode not in _MODES:
            listed = '", "'.join(_MODES)
            raise invalid(f'Invalid estimate_mode parameter, must be one of: "{listed}"')
        control = replace(control, conservative=None if mode == "unset" else mode == "conservative")
    if conf_target is not None:
        most = chain.estimate_max_blocks()
        target = as_int(conf_target)
        if not 1 <= target <= most:
            raise invalid(f"Invalid conf_target, must be between 1 and {most}")
        control = replace(control, confirm_target=target)
    return control


def spend_refused(message: str, code: RpcErrorCode = RpcErrorCode.WALLET_INSUFFICIENT_FUNDS) -> RpcError:
    """The error for a transaction that cannot be made."""
    return RpcError(code, message)
