"""Chain parameters: what differs between the main chain and the test chains."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from moneyrocket.primitives.amount import COIN
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import NULL_OUTPOINT, Transaction, TxIn, TxOut
from moneyrocket.script.script import push_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moneyrocket.consensus.block_tree import BlockTreeEntry


class Deployment(StrEnum):
    """Rules that are active from a fixed height on."""

    HEIGHTINCB = "bip34"
    DERSIG = "bip66"
    CLTV = "bip65"
    CSV = "csv"
    SEGWIT = "segwit"


@dataclass(frozen=True, slots=True)
class Bip9Deployment:
    """A rule that miners activate by signalling (BIP9).

    Attributes:
        name: as in RPC results.
        bit: bit of the block version.
        start_time: median time past from which signals count, unix seconds; or `ALWAYS_ACTIVE`, `NEVER_ACTIVE`.
        timeout: median time past at which it fails, unix seconds; or `NO_TIMEOUT`.
        min_activation_height: it is not active before.
        threshold: signalling blocks needed in a period.
        period: blocks in a period.
        gbt_optional_rule: whether users of getblocktemplate may ignore it.
    """

    name: str
    bit: int
    start_time: int
    timeout: int
    min_activation_height: int
    threshold: int
    period: int
    gbt_optional_rule: bool = True


@dataclass(frozen=True, slots=True)
class ChainTxData:
    """A known point of the chain's growth, for estimates of progress.

    Attributes:
        time: unix seconds.
        tx_count: transactions up to then.
        tx_rate: transactions a second since then.
    """

    time: int
    tx_count: int
    tx_rate: float


@dataclass(frozen=True, slots=True)
class AssumeUtxo:
    """A state of the coins that a snapshot may be loaded for. Hashes in internal byte order."""

    height: int
    hash_serialized: bytes
    chain_tx_count: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class HeadersSyncParams:
    """How headers of an unknown peer are remembered before they have enough work.

    Attributes:
        commitment_period: headers for each bit that is kept.
        redownload_buffer_size: headers held back in the second download.
    """

    commitment_period: int
    redownload_buffer_size: int


@dataclass(frozen=True)
class ChainParams:
    """One chain. Hashes in internal byte order, times in seconds.

    Attributes:
        name: as in -chain: main, test, testnet4, signet, regtest.
        magic: first four bytes of each P2P message, and mark in block files.
        default_port: of P2P.
        dns_seeds: hosts that know addresses of peers.
        genesis: the first block.
        subsidy_halving_interval: blocks between two halvings of the subsidy.
        bip34_height: from here on coinbases begin with the height.
        bip34_hash: hash of the block at that height, zero where it is not known.
        pow_limit: highest target.
        pow_target_timespan: time that one difficulty period should take.
        pow_target_spacing: time that one block should take.
        script_flag_exceptions: verification flags of single blocks that break rules made later.
        min_bip9_warning_height: signals for unknown rules count from here on.
        deployments: BIP9 deployments.
        minimum_chain_work: no chain with less work is believed to be the best.
        assume_valid: the scripts up to this block are known to be valid, None for none.
        signet_challenge: script that blocks must satisfy (BIP325), None elsewhere.
        pubkey_prefix: base58 version byte of pay-to-pubkey-hash addresses.
        script_prefix: base58 version byte of pay-to-script-hash addresses.
        secret_prefix: base58 version byte of private keys (WIF).
        ext_public_prefix: four base58 version bytes of extended public keys (BIP32).
        ext_secret_prefix: four base58 version bytes of extended private keys (BIP32).
        bech32_hrp: human-readable part of segwit addresses.
        prune_after_height: nothing is pruned below.
        assumed_blockchain_size: estimate in GB.
        assumed_chain_state_size: estimate in GB.
        mine_blocks_on_demand: blocks are made at will, by generatetoaddress.
        is_mockable: times may be set by tests.
        is_test_chain: coins are worth nothing.
    """

    name: str
    magic: bytes
    default_port: int
    dns_seeds: tuple[str, ...]
    genesis: Block
    subsidy_halving_interval: int
    bip34_height: int
    bip34_hash: bytes
    bip65_height: int
    bip66_height: int
    csv_height: int
    segwit_height: int
    min_bip9_warning_height: int
    pow_limit: int
    pow_target_timespan: int
    pow_allow_min_difficulty_blocks: bool
    pow_no_retargeting: bool
    enforce_bip94: bool
    deployments: tuple[Bip9Deployment, ...]
    minimum_chain_work: int
    assume_valid: bytes | None
    pubkey_prefix: int
    script_prefix: int
    secret_prefix: int
    ext_public_prefix: bytes
    ext_secret_prefix: bytes
    bech32_hrp: str
    prune_after_height: int
    assumed_blockchain_size: int
    assumed_chain_state_size: int
    chain_tx_data: ChainTxData
    headers_sync: HeadersSyncParams
    assume_utxo: tuple[AssumeUtxo, ...] = ()
    pow_target_spacing: int = 600
    script_flag_exceptions: Mapping[bytes, int] = field(default_factory=dict)
    signet_challenge: bytes | None = None
    mine_blocks_on_demand: bool = False
    is_mockable: bool = False
    is_test_chain: bool = True

    @property
    def difficulty_adjustment_interval(self) -> int:
        """Blocks in one difficulty period."""
        return self.pow_target_timespan // self.pow_target_spacing

    @property
    def genesis_hash(self) -> bytes:
        """Hash of the first block, internal byte order."""
        return self.genesis.hash

    @cached_property
    def activation_heights(self) -> Mapping[Deployment, int]:
        """Height from which each fixed rule is active."""
        return {
            Deployment.HEIGHTINCB: self.bip34_height,
            Deployment.DERSIG: self.bip66_height,
            Deployment.CLTV: self.bip65_height,
            Deployment.CSV: self.csv_height,
            Deployment.SEGWIT: self.segwit_height,
        }

    def is_active_at(self, deployment: Deployment, index: BlockTreeEntry) -> bool:
        """Whether a rule is active in the block ``index``."""
        return index.height >= self.activation_heights[deployment]

    def is_active_after(self, deployment: Deployment, prev: BlockTreeEntry | None) -> bool:
        """Whether a rule is active in a block upon ``prev``."""
        return (0 if prev is None else prev.height + 1) >= self.activation_heights[deployment]


@dataclass(frozen=True, slots=True)
class VersionBitsOverride:
    """Other times for a BIP9 deployment (-vbparams)."""

    name: str
    start_time: int
    timeout: int
    min_activation_height: int = 0


@dataclass(frozen=True, slots=True)
class ChainOverrides:
    """What the user may change about a chain.

    Attributes:
        activation_heights: of fixed rules (-testactivationheight).
        version_bits: of BIP9 deployments (-vbparams).
        signet_challenge: another signet (-signetchallenge).
        signet_seeds: hosts that know peers of that signet (-signetseednode).
        enforce_bip94: rule against time warps (-test=bip94).
        fast_prune: small files, pruned early (-fastprune).
    """

    activation_heights: Mapping[Deployment, int] = field(default_factory=dict)
    version_bits: tuple[VersionBitsOverride, ...] = ()
    signet_challenge: bytes | None = None
    signet_seeds: tuple[str, ...] | None = None
    enforce_bip94: bool = False
    fast_prune: bool = False


_HEIGHT_FIELDS = {
    Deployment.HEIGHTINCB: "bip34_height",
    Deployment.DERSIG: "bip66_height",
    Deployment.CLTV: "bip65_height",
    Deployment.CSV: "csv_height",
    Deployment.SEGWIT: "segwit_height",
}


def chain_params(name: str, overrides: ChainOverrides | None = None) -> ChainParams:
    """Parameters of the chain called ``name``.

    Args:
        name: main, test, testnet4, signet or regtest.
        overrides: changes by the user; those that a chain does not know are ignored.

    Raises:
        ValueError: if there is no such chain.
    """
    from moneyrocket.consensus.chains import make_chain

    overrides = overrides if overrides is not None else ChainOverrides()
    params = make_chain(name, overrides)
    heights = {_HEIGHT_FIELDS[deployment]: height for deployment, height in overrides.activation_heights.items()}
    changes = {change.name: change for change in overrides.version_bits}
    deployments = tuple(
        replace(
            deployment,
            start_time=change.start_time,
            timeout=change.timeout,
            min_activation_height=change.min_activation_height,
        )
        if (change := changes.get(deployment.name)) is not None
        else deployment
        for deployment in params.deployments
    )
    return replace(params, deployments=deployments, **heights)  # type: ignore[arg-type]


def make_genesis(message: str, script_pubkey: bytes, *, time: int, nonce: int, bits: int) -> Block:
    """A first block, with ``message`` in its coinbase and 50 BTC that nobody can spend."""
    script_sig = push_data((0x1D00FFFF).to_bytes(4, "little")) + push_data(b"\x04") + push_data(message.encode())
    coinbase = Transaction(1, (TxIn(NULL_OUTPOINT, script_sig),), (TxOut(50 * COIN, script_pubkey),), 0)
    return Block(BlockHeader(1, bytes(32), coinbase.txid, time, bits, nonce), (coinbase,))
