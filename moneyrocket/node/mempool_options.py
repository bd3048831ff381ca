"""Settings of the mempool and of relay policy."""

from dataclasses import dataclass

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import category_logger
from moneyrocket.node.feerate import format_rate
from moneyrocket.primitives.amount import COIN, MAX_MONEY

log = category_logger("")

MAX_CLUSTER_COUNT = 64
MAX_STANDARD_TX_WEIGHT = 400_000


@dataclass(frozen=True, slots=True)
class MempoolOptions:
    """What the mempool takes and keeps.

    Attributes:
        max_size: memory limit in bytes (-maxmempool).
        expiry: seconds after which a transaction is dropped (-mempoolexpiry).
        min_relay_rate: fee rate below which nothing is taken, sat/kvB (-minrelaytxfee).
        incremental_rate: fee rate that replacements and a full mempool add, sat/kvB (-incrementalrelayfee).
        dust_relay_rate: fee rate that defines dust, sat/kvB (-dustrelayfee).
        max_datacarrier_bytes: bytes of data outputs in a transaction, 0 for none (-datacarrier, -datacarriersize).
        permit_bare_multisig: whether bare multisig outputs are standard (-permitbaremultisig).
        require_standard: whether non-standard transactions are refused (-acceptnonstdtxn).
        bytes_per_sigop: weight units that a signature operation counts for at least (-bytespersigop).
        cluster_count: most transactions in a cluster (-limitclustercount).
        cluster_vsize: largest cluster, vB (-limitclustersize).
        ancestor_count: ancestors that wallets count on (-limitancestorcount).
        descendant_count: descendants that wallets count on (-limitdescendantcount).
        persist_v1: write mempool.dat in its older, unobfuscated form (-persistmempoolv1).
    """

    max_size: int = 300_000_000
    expiry: int = 336 * 3600
    min_relay_rate: int = 100
    incremental_rate: int = 100
    dust_relay_rate: int = 3000
    max_datacarrier_bytes: int = MAX_STANDARD_TX_WEIGHT // 4
    permit_bare_multisig: bool = True
    require_standard: bool = True
    bytes_per_sigop: int = 20
    cluster_count: int = MAX_CLUSTER_COUNT
    cluster_vsize: int = 101_000
    ancestor_count: int = 25
    descendant_count: int = 25
    persist_v1: bool = False


def mempool_options(args: ArgsManager, *, is_test_chain: bool, chain_name: str) -> MempoolOptions:
    """Read the options of the mempool.

    Args:
        args: the node's settings.
        is_test_chain: whether the chain's coins are worthless.
        chain_name: name of the chain, for messages.

    Raises:
        InitError: an amount cannot be read, or a value is out of range.
    """
    defaults = MempoolOptions()
    incremental = _money(args, "-incrementalrelayfee", defaults.incremental_rate)
    min_relay = _money(args, "-minrelaytxfee", defaults.min_relay_rate)
    if not args.is_set("-minrelaytxfee") and incremental > min_relay:
        min_relay = incremental
        log.info("Increasing minrelaytxfee to %s to match incrementalrelayfee", format_rate(min_relay))
    cluster_vsize = args.get_int("-limitclustersize", defaults.cluster_vsize // 1000) * 1000
    cluster_count = args.get_int("-limitclustercount", defaults.cluster_count)
    max_size = args.get_int("-maxmempool", defaults.max_size // 1_000_000) * 1_000_000
    datacarrier = args.get_bool("-datacarrier", True)
    require_standard = not args.get_bool("-acceptnonstdtxn", False)
    if not is_test_chain and not require_standard:
        raise InitError(f"acceptnonstdtxn is not currently supported for {chain_name} chain")
    if cluster_count > MAX_CLUSTER_COUNT:
        raise InitError(f"limitclustercount must be less than or equal to {MAX_CLUSTER_COUNT}")
    least = cluster_vsize * 40
    if max_size < 0 or 0 < max_size < least:
        raise InitError(f"-maxmempool must be at least {-(-least // 1_000_000)} MB")
    return MempoolOptions(
        max_size=max_size,
        expiry=args.get_int("-mempoolexpiry", defaults.expiry // 3600) * 3600,
        min_relay_rate=min_relay,
        incremental_rate=incremental,
        dust_relay_rate=_money(args, "-dustrelayfee", defaults.dust_relay_rate),
        max_datacarrier_bytes=args.get_int("-datacarriersize", defaults.max_datacarrier_bytes) if datacarrier else 0,
        permit_bare_multisig=args.get_bool("-permitbaremultisig", defaults.permit_bare_multisig),
        require_standard=require_standard,
        bytes_per_sigop=args.get_int("-bytespersigop", defaults.bytes_per_sigop),
        cluster_count=cluster_count,
        cluster_vsize=cluster_vsize,
        ancestor_count=args.get_int("-limitancestorcount", defaults.ancestor_count),
        descendant_count=args.get_int("-limitdescendantcount", defaults.descendant_count),
        persist_v1=args.get_bool("-persistmempoolv1", defaults.persist_v1),
    )


def _money(args: ArgsManager, name: str, default: int) -> int:
    """Read a fee rate given in BTC/kvB; returns sat/kvB."""
    text = args.get_opt(name)
    if text is None:
        return default
    whole, _, fraction = text.strip().partition(".")
    digits = whole + fraction
    if not digits.isascii() or not digits.isdigit() or len(fraction) > 8:
        raise InitError(f"Invalid amount for {name}=<amount>: '{text}'")
    amount = int(whole or "0") * COIN + int(fraction.ljust(8, "0"))
    if amount > MAX_MONEY:
        raise InitError(f"Invalid amount for {name}=<amount>: '{text}'")
    return amount
