"""A wallet's options, read from the command line and the configuration file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from moneyrocket.common.args import ArgsManager
from moneyrocket.interfaces.chain import Chain, NodeAwayError
from moneyrocket.primitives.amount import COIN, format_money, money_range
from moneyrocket.wallet.errors import WalletError

HIGH_TX_FEE_RATE: Final = COIN // 100
"""Fee rates above this earn a warning, sat/kvB."""
HIGH_MAX_TX_FEE: Final = 100 * HIGH_TX_FEE_RATE
HIGH_APS_FEE: Final = COIN // 10_000

DEFAULT_KEYPOOL_SIZE: Final = 1000
DEFAULT_MAX_TX_FEE: Final = COIN // 10


class OutputType(Enum):
    """Kinds of addresses that a wallet hands out."""

    LEGACY = "legacy"
    P2SH_SEGWIT = "p2sh-segwit"
    BECH32 = "bech32"
    BECH32M = "bech32m"


def parse_output_type(text: str) -> OutputType | None:
    """Read the name of an address type; None if there is no such type."""
    return next((kind for kind in OutputType if kind.value == text), None)


@dataclass(frozen=True, slots=True)
class WalletSettings:
    """Options that all wallets of a process share. Fees in sat, fee rates in sat/kvB.

    Attributes:
        address_type: type of new addresses.
        change_type: type of change addresses, None to choose by the payment.
        min_fee_rate: lower rates are never used.
        fallback_fee_rate: used without an estimate; 0 for never.
        discard_fee_rate: change that is dust at this rate goes to the fee.
        consolidate_fee_rate: the long-term fee rate: below it, more inputs than needed are welcome.
        max_tx_fee: largest fee of one transaction.
        max_aps_fee: extra fee allowed for not splitting coins on one address; negative for none.
        confirm_target: blocks within which transactions should confirm.
        spend_zero_conf_change: unconfirmed change may be spent.
        signal_rbf: transactions signal that they may be replaced.
        keypool_size: addresses watched ahead.
        broadcast: transactions are given to the node.
        reject_long_chains: no transaction that the mempool's chain limits forbid.
        avoid_partial_spends: always spend all coins on an address together.
        unsafe_sync: do not wait for the disk.
        allow_other_chain: wallets of another chain may be loaded.
        show_replaceable: results tell whether a transaction signals replaceability (-deprecatedrpc=bip125).
    """

    address_type: OutputType = OutputType.BECH32
    change_type: OutputType | None = None
    min_fee_rate: int = 1000
    fallback_fee_rate: int = 0
    discard_fee_rate: int = 10_000
    consolidate_fee_rate: int = 10_000
    max_tx_fee: int = DEFAULT_MAX_TX_FEE
    max_aps_fee: int = 0
    confirm_target: int = 6
    spend_zero_conf_change: bool = True
    signal_rbf: bool = True
    keypool_size: int = DEFAULT_KEYPOOL_SIZE
    broadcast: bool = True
    reject_long_chains: bool = True
    avoid_partial_spends: bool = False
    unsafe_sync: bool = False
    allow_other_chain: bool = False
    show_replaceable: bool = False


def parse_money(text: str) -> int | None:
    """Read an amount of BTC as satoshi; None when it is malformed, negative or out of range."""
    whole, dot, rest = text.strip().partition(".")
    if not (whole + rest).isascii() or not (whole + rest).isdigit() or len(rest) > 8 or len(whole) > 10:
        return None
    if (dot and not whole and not rest) or (not dot and not whole):
        return None
    amount = int(whole or "0") * COIN + int((rest or "0").ljust(8, "0"))
    return amount if money_range(amount) else None


def read_settings(args: ArgsManager, chain: Chain) -> tuple[WalletSettings, list[str]]:
    """Read the options.

    Returns:
        The settings, and warnings for the user.

    Raises:
        WalletError: an option has no usable value.
    """
    warnings: list[str] = []

    def amount(name: str, default: int, *, high: int, why: str = "") -> int:
        text = args.get_opt(name)
        if text is None:
            return default
        value = parse_money(text)
        if value is None:
            raise WalletError(f"Invalid amount for {name}=<amount>: '{text}'")
        if value > high:
            warnings.append(f"{name} is set very high!" + (f" {why}" if why else ""))
        return value

    def output_type(name: str, what: str) -> OutputType | None:
        text = args.get(name)
        if not text:
            return None
        kind = parse_output_type(text)
        if kind is None:
            raise WalletError(f"Unknown {what} type '{text}'")
        return kind

    address_type = output_type("-addresstype", "address")
    change_type = output_type("-changetype", "change")
    min_fee_rate = amount(
        "-mintxfee",
        1000,
        high=HIGH_TX_FEE_RATE,
        why="This is the minimum transaction fee you pay on every transaction.",
    )
    max_aps_fee = -1
    if args.get("-maxapsfee") != "-1":
        why = (
            "This is the maximum transaction fee you pay (in addition to the normal fee) to prioritize partial spend "
            "avoidance over regular coin selection."
        )
        max_aps_fee = amount("-maxapsfee", 0, high=HIGH_APS_FEE, why=why)
    fallback_fee_rate = amount(
        "-fallbackfee",
        0,
        high=HIGH_TX_FEE_RATE,
        why="This is the transaction fee you may pay when fee estimates are not available.",
    )
    discard_fee_rate = amount(
        "-discardfee",
        10_000,
        high=HIGH_TX_FEE_RATE,
        why="This is the transaction fee you may discard if change is smaller than dust at this level",
    )
    max_tx_fee = amount(
        "-maxtxfee",
        DEFAULT_MAX_TX_FEE,
        high=HIGH_MAX_TX_FEE,
        why="Fees this large could be paid on a single transaction.",
    )
    relay_min_fee = _relay_min_fee(chain)
    if args.is_set("-maxtxfee") and max_tx_fee < relay_min_fee:
        raise WalletError(
            f"Invalid amount for -maxtxfee=<amount>: '{args.get('-maxtxfee')}' (must be at least the minrelay fee of "
            f"{format_money(relay_min_fee)} BTC/kvB to prevent stuck transactions)"
        )
    consolidate_fee_rate = amount("-consolidatefeerate", 10_000, high=21_000_000 * COIN)
    if relay_min_fee > HIGH_TX_FEE_RATE:
        warnings.append(
            "-minrelaytxfee is set very high! The wallet will avoid paying less than the minimum relay fee."
        )
    if args.is_set("-walletrbf"):
        warnings.append("-walletrbf is deprecated and will be fully removed in the next release.")
    settings = WalletSettings(
        address_type=address_type or OutputType.BECH32,
        change_type=change_type,
        min_fee_rate=min_fee_rate,
        fallback_fee_rate=fallback_fee_rate,
        discard_fee_rate=discard_fee_rate,
        consolidate_fee_rate=consolidate_fee_rate,
        max_tx_fee=max_tx_fee,
        max_aps_fee=max_aps_fee,
        confirm_target=args.get_int("-txconfirmtarget", 6),
        spend_zero_conf_change=args.get_bool("-spendzeroconfchange", True),
        signal_rbf=args.get_bool("-walletrbf", True),
        keypool_size=max(args.get_int("-keypool", DEFAULT_KEYPOOL_SIZE), 1),
        broadcast=args.get_bool("-walletbroadcast", True),
        reject_long_chains=args.get_bool("-walletrejectlongchains", True),
        avoid_partial_spends=args.get_bool("-avoidpartialspends", False),
        unsafe_sync=args.get_bool("-unsafesqlitesync", False),
        allow_other_chain=args.get_bool("-walletcrosschain", False),
        show_replaceable=chain.rpc_enable_deprecated("bip125"),
    )
    return settings, warnings


def _relay_min_fee(chain: Chain) -> int:
    """The node's lowest fee rate, 0 while it is away: every payment asks for it again."""
    try:
        return chain.relay_min_fee()
    except NodeAwayError:
        return 0
