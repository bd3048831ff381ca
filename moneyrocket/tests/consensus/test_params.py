import pytest

from moneyrocket.consensus.block_checks import check_block, check_block_context
from moneyrocket.consensus.params import (
    ChainOverrides,
    Deployment,
    VersionBitsOverride,
    chain_params,
)
from moneyrocket.primitives.hashes import hash_to_hex


@pytest.mark.parametrize(
    ("name", "genesis", "magic"),
    [
        ("main", "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", "f9beb4d9"),
        ("test", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", "0b110907"),
        ("testnet4", "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043", "1c163f28"),
        ("signet", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", "0a03cf40"),
        ("regtest", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", "fabfb5da"),
    ],
)
def test_each_chain_starts_with_its_valid_genesis_block(name: str, genesis: str, magic: str) -> None:
    params = chain_params(name)

    check_block(params.genesis, params)
    check_block_context(params.genesis, None, params)

    assert hash_to_hex(params.genesis_hash) == genesis
    assert params.magic.hex() == magic


def test_unknown_chains_are_refused() -> None:
    with pytest.raises(ValueError, match="Unknown chain"):
        chain_params("litecoin")


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    overrides = ChainOverrides(
        activation_heights={Deployment.SEGWIT: 10}, version_bits=(VersionBitsOverride("testdummy", 5, 9, 3),)
    )

    changed, usual = chain_params("regtest", overrides), chain_params("regtest")

    assert changed.segwit_height == 10
    assert changed.csv_height == usual.csv_height
    assert (changed.deployments[0].start_time, changed.deployments[0].timeout) == (5, 9)
    assert usual.deployments[0].start_time == 0


def test_a_signet_of_ones_own_has_another_magic() -> None:
    params = chain_params("signet", ChainOverrides(signet_challenge=b"\x51"))

    assert params.magic != chain_params("signet").magic
    assert params.minimum_chain_work == 0
