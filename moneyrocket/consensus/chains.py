"""The known chains. All constants are Bitcoin's; `params` describes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from moneyrocket.consensus.deployments import NEVER_ACTIVE, NO_TIMEOUT
from moneyrocket.consensus.params import (
    AssumeUtxo,
    Bip9Deployment,
    ChainParams,
    ChainTxData,
    HeadersSyncParams,
    make_genesis,
)
from moneyrocket.primitives.hashes import hash256, hash_from_hex
from moneyrocket.primitives.serialize import var_bytes
from moneyrocket.script.flags import VERIFY_NONE, VERIFY_P2SH, VERIFY_WITNESS
from moneyrocket.script.opcodes import OP_CHECKSIG
from moneyrocket.script.script import build_script

if TYPE_CHECKING:
    from moneyrocket.consensus.params import ChainOverrides

_TWO_WEEKS: Final = 14 * 24 * 60 * 60
_ONE_DAY: Final = 24 * 60 * 60
_POW_LIMIT: Final = (1 << 224) - 1
_GENESIS_MESSAGE: Final = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
_GENESIS_KEY: Final = bytes.fromhex(
    "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb6"
    "49f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
)
_GENESIS_SCRIPT: Final = build_script(_GENESIS_KEY, OP_CHECKSIG)
_SIGNET_CHALLENGE: Final = bytes.fromhex(
    "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430"
    "210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae"
)


def make_chain(name: str, overrides: ChainOverrides) -> ChainParams:
    """The chain called ``name``, with the changes that concern that chain alone.

    Raises:
        ValueError: if there is no such chain.
    """
    if name == "regtest":
        return _regtest(overrides)
    if name == "signet":
        return _signet(overrides)
    maker = {"main": _main, "test": _testnet3, "testnet4": _testnet4}.get(name)
    if maker is None:
        raise ValueError(f"Unknown chain {name}.")
    return maker()


def _testdummy(threshold: int, period: int, start_time: int = NEVER_ACTIVE) -> tuple[Bip9Deployment, ...]:
    return (Bip9Deployment("testdummy", 28, start_time, NO_TIMEOUT, 0, threshold, period),)


def _assume_utxo(height: int, hash_serialized: str, chain_tx_count: int, block_hash: str) -> AssumeUtxo:
    return AssumeUtxo(height, hash_from_hex(hash_serialized), chain_tx_count, hash_from_hex(block_hash))


def _main() -> ChainParams:
    return ChainParams(
        name="main",
        magic=bytes.fromhex("f9beb4d9"),
        default_port=8333,
        dns_seeds=(
            "dnsseed.bluematt.me.",
            "seed.bitcoin.jonasschnelli.ch.",
            "seed.btc.petertodd.net.",
            "seed.bitcoin.sprovoost.nl.",
            "dnsseed.emzy.de.",
            "seed.bitcoin.wiz.biz.",
            "seed.mainnet.achownodes.xyz.",
        ),
        genesis=make_genesis(_GENESIS_MESSAGE, _GENESIS_SCRIPT, time=1231006505, nonce=2083236893, bits=0x1D00FFFF),
        subsidy_halving_interval=210_000,
        bip34_height=227_931,
        bip34_hash=hash_from_hex("000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8"),
        bip65_height=388_381,
        bip66_height=363_725,
        csv_height=419_328,
        segwit_height=481_824,
        min_bip9_warning_height=711_648,
        pow_limit=_POW_LIMIT,
        pow_target_timespan=_TWO_WEEKS,
        pow_allow_min_difficulty_blocks=False,
        pow_no_retargeting=False,
        enforce_bip94=False,
        deployments=_testdummy(1815, 2016),
        minimum_chain_work=0x1128750F82F4C366153A3A030,
        assume_valid=hash_from_hex("00000000000000000000ccebd6d74d9194d8dcdc1d177c478e094bfad51ba5ac"),
        pubkey_prefix=0,
        script_prefix=5,
        secret_prefix=128,
        ext_public_prefix=bytes.fromhex("0488b21e"),
        ext_secret_prefix=bytes.fromhex("0488ade4"),
        bech32_hrp="bc",
        prune_after_height=100_000,
        assumed_blockchain_size=856,
        assumed_chain_state_size=14,
        chain_tx_data=ChainTxData(1772055173, 1_315_805_869, 5.40111006496122),
        headers_sync=HeadersSyncParams(641, 15218),
        assume_utxo=(
            _assume_utxo(
                840_000,
                "a2a5521b1b5ab65f67818e5e8eccabb7171a517f9e2382208f77687310768f96",
                991_032_194,
                "0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5",
            ),
            _assume_utxo(
                880_000,
                "dbd190983eaf433ef7c15f78a278ae42c00ef52e0fd2a54953782175fbadcea9",
                1_145_604_538,
                "000000000000000000010b17283c3c400507969a9c2afd1dcf2082ec5cca2880",
            ),
            _assume_utxo(
                910_000,
                "4daf8a17b4902498c5787966a2b51c613acdab5df5db73f196fa59a4da2f1568",
                1_226_586_151,
                "0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821",
            ),
            _assume_utxo(
                935_000,
                "e4b90ef9eae834f56c4b64d2d50143cee10ad87994c614d7d04125e2a6025050",
                1_305_397_408,
                "0000000000000000000147034958af1652b2b91bba607beacc5e72a56f0fb5ee",
            ),
        ),
        script_flag_exceptions={
            # Spends what only looks like P2SH.
            hash_from_hex("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22"): VERIFY_NONE,
            # Spends a taproot output by rules older than taproot.
            hash_from_hex("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"): (
                VERIFY_P2SH | VERIFY_WITNESS
            ),
        },
        is_test_chain=False,
    )


def _testnet3() -> ChainParams:
    return ChainParams(
        name="test",
        magic=bytes.fromhex("0b110907"),
        default_port=18333,
        dns_seeds=(
            "testnet-seed.bitcoin.jonasschnelli.ch.",
            "seed.tbtc.petertodd.net.",
            "testnet-seed.bluematt.me.",
            "seed.testnet.achownodes.xyz.",
        ),
        genesis=make_genesis(_GENESIS_MESSAGE, _GENESIS_SCRIPT, time=1296688602, nonce=414098458, bits=0x1D00FFFF),
        subsidy_halving_interval=210_000,
        bip34_height=21_111,
        bip34_hash=hash_from_hex("0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8"),
        bip65_height=581_885,
        bip66_height=330_776,
        csv_height=770_112,
        segwit_height=834_624,
        min_bip9_warning_height=2_013_984,
        pow_limit=_POW_LIMIT,
        pow_target_timespan=_TWO_WEEKS,
        pow_allow_min_difficulty_blocks=True,
        pow_no_retargeting=False,
        enforce_bip94=False,
        deployments=_testdummy(1512, 2016),
        minimum_chain_work=0x17DDE1C649F3708D14B6,
        assume_valid=hash_from_hex("000000007a61e4230b28ac5cb6b5e5a0130de37ac1faf2f8987d2fa6505b67f4"),
        pubkey_prefix=111,
        script_prefix=196,
        secret_prefix=239,
        ext_public_prefix=bytes.fromhex("043587cf"),
        ext_secret_prefix=bytes.fromhex("04358394"),
        bech32_hrp="tb",
        prune_after_height=1000,
        assumed_blockchain_size=245,
        assumed_chain_state_size=19,
        chain_tx_data=ChainTxData(1772051651, 536_108_416, 0.02691479016257117),
        headers_sync=HeadersSyncParams(673, 14460),
        assume_utxo=(
            _assume_utxo(
                2_500_000,
                "f841584909f68e47897952345234e37fcd9128cd818f41ee6c3ca68db8071be7",
                66_484_552,
                "0000000000000093bcb68c03a9a168ae252572d348a2eaeba2cdf9231d73206f",
            ),
            _assume_utxo(
                4_840_000,
                "ce6bb677bb2ee9789c4a1c9d73e6683c53fc20e8fdbedbdaaf468982a0c8db2a",
                536_078_574,
                "00000000000000f4971a7fb37fbdff89315b69a2e1920c467654a382f0d64786",
            ),
        ),
        script_flag_exceptions={
            hash_from_hex("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105"): VERIFY_NONE,
        },
    )


def _testnet4() -> ChainParams:
    return replace(
        _testnet3(),
        name="testnet4",
        magic=bytes.fromhex("1c163f28"),
        default_port=48333,
        dns_seeds=("seed.testnet4.bitcoin.sprovoost.nl.", "seed.testnet4.wiz.biz."),
        genesis=make_genesis(
            "03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e",
            build_script(bytes(33), OP_CHECKSIG),
            time=1714777860,
            nonce=393743547,
            bits=0x1D00FFFF,
        ),
        bip34_height=1,
        bip34_hash=bytes(32),
        bip65_height=1,
        bip66_height=1,
        csv_height=1,
        segwit_height=1,
        min_bip9_warning_height=0,
        enforce_bip94=True,
        minimum_chain_work=0x9A0FE15D0177D086304,
        assume_valid=hash_from_hex("0000000002368b1e4ee27e2e85676ae6f9f9e69579b29093e9a82c170bf7cf8a"),
        assumed_blockchain_size=31,
        assumed_chain_state_size=2,
        chain_tx_data=ChainTxData(1772013387, 14_191_421, 0.01848579579528412),
        headers_sync=HeadersSyncParams(606, 16092),
        assume_utxo=(
            _assume_utxo(
                90_000,
                "784fb5e98241de66fdd429f4392155c9e7db5c017148e66e8fdbc95746f8b9b5",
                11_347_043,
                "0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b",
            ),
            _assume_utxo(
                120_000,
                "10b05d05ad468d0971162e1b222a4aa66caca89da2bb2a93f8f37fb29c4794b0",
                14_141_057,
                "000000000bd2317e51b3c5794981c35ba894ce27d3e772d5c39ecd9cbce01dc8",
            ),
        ),
        script_flag_exceptions={},
    )


def _signet(overrides: ChainOverrides) -> ChainParams:
    challenge = overrides.signet_challenge if overrides.signet_challenge is not None else _SIGNET_CHALLENGE
    seeds: tuple[str, ...] = ("seed.signet.bitcoin.sprovoost.nl.", "seed.signet.achownodes.xyz.")
    params = replace(
        _testnet4(),
        name="signet",
        magic=hash256(var_bytes(challenge))[:4],
        default_port=38333,
        dns_seeds=seeds,
        genesis=make_genesis(_GENESIS_MESSAGE, _GENESIS_SCRIPT, time=1598918400, nonce=52613770, bits=0x1E0377AE),
        pow_limit=0x377AE << 216,
        pow_allow_min_difficulty_blocks=False,
        enforce_bip94=False,
        deployments=_testdummy(1815, 2016),
        minimum_chain_work=0xB463EA0A4B8,
        assume_valid=hash_from_hex("00000008414aab61092ef93f1aacc54cf9e9f16af29ddad493b908a01ff5c329"),
        assumed_blockchain_size=24,
        assumed_chain_state_size=4,
        chain_tx_data=ChainTxData(1772055248, 28_676_833, 0.06736623436338929),
        headers_sync=HeadersSyncParams(620, 15724),
        assume_utxo=(
            _assume_utxo(
                160_000,
                "fe0a44309b74d6b5883d246cb419c6221bcccf0b308c9b59b7d70783dbdf928a",
                2_289_496,
                "0000003ca3c99aff040f2563c2ad8f8ec88bd0fd6b8f0895cfaf1ef90353a62c",
            ),
            _assume_utxo(
                290_000,
                "97267e000b4b876800167e71b9123f1529d13b14308abec2888bbd2160d14545",
                28_547_497,
                "0000000577f2741bb30cd9d39d6d71b023afbeb9764f6260786a97969d5c9ac0",
            ),
        ),
        signet_challenge=challenge,
    )
    if overrides.signet_challenge is not None:
        params = replace(
            params,
            dns_seeds=(),
            minimum_chain_work=0,
            assume_valid=None,
            assumed_blockchain_size=0,
            assumed_chain_state_size=0,
            chain_tx_data=ChainTxData(0, 0, 0.0),
        )
    if overrides.signet_seeds is not None:
        params = replace(params, dns_seeds=overrides.signet_seeds)
    return params


def _regtest(overrides: ChainOverrides) -> ChainParams:
    return replace(
        _testnet4(),
        name="regtest",
        magic=bytes.fromhex("fabfb5da"),
        default_port=18444,
        dns_seeds=("dummySeed.invalid.",),
        genesis=make_genesis(_GENESIS_MESSAGE, _GENESIS_SCRIPT, time=1296688602, nonce=2, bits=0x207FFFFF),
        subsidy_halving_interval=150,
        segwit_height=0,
        pow_limit=(1 << 255) - 1,
        pow_target_timespan=_ONE_DAY,
        pow_no_retargeting=True,
        enforce_bip94=overrides.enforce_bip94,
        deployments=_testdummy(108, 144, start_time=0),
        minimum_chain_work=0,
        assume_valid=None,
        bech32_hrp="bcrt",
        prune_after_height=100 if overrides.fast_prune else 1000,
        assumed_blockchain_size=0,
        assumed_chain_state_size=0,
        chain_tx_data=ChainTxData(0, 0, 0.001),
        headers_sync=HeadersSyncParams(275, 7017),
        assume_utxo=(
            _assume_utxo(
                110,
                "86e9a1205b418b16dde3a18a78c730e30137e28466bda5dbf6b33ab8fc05447c",
                111,
                "135eec25a6fb277884e5824e7aa7d052c4868161c99a5122170b5266f86c273d",
            ),
            _assume_utxo(
                200,
                "17dcc016d188d16068907cdeb38b75691a118d43053b8cd6a25969419381d13a",
                201,
                "385901ccbd69dff6bbd00065d01fb8a9e464dede7cfe0372443884f9b1dcf6b9",
            ),
            _assume_utxo(
                299,
                "106b2c56233e378a824cf0d5ff2be42ed32c72f1605c9be288d00942908a40ac",
                334,
                "0c552ced4721c249a389eb9b08cb8da261cd46f0e7b5f9d064d48f3113406853",
            ),
        ),
        mine_blocks_on_demand=True,
        is_mockable=True,
    )
