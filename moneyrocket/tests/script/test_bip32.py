import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.script.bip32 import HARDENED, Bip32Error, ExtendedKey

# Test vectors 1 of BIP32, published there as data.
SEED = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
MASTER_XPUB = (
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
)
CHILD_0H_1_XPRV = (
    "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs"
)

MAIN = chain_params("main")


def test_the_master_key_of_a_seed() -> None:
    assert ExtendedKey.from_seed(SEED).to_xpub(MAIN) == MASTER_XPUB


def test_private_derivation_hardened_and_not() -> None:
    child = ExtendedKey.from_seed(SEED).derive((0 | HARDENED, 1))

    assert child.to_xprv(MAIN) == CHILD_0H_1_XPRV


def test_public_derivation_leads_to_the_same_key() -> None:
    parent = ExtendedKey.from_seed(SEED).child(0 | HARDENED)

    assert parent.neutered().child(1) == parent.child(1).neutered()


def test_a_hardened_child_of_a_public_key_is_refused() -> None:
    with pytest.raises(Bip32Error, match="needs the private key"):
        ExtendedKey.parse(MASTER_XPUB, MAIN).child(HARDENED)


def test_spelling_and_reading_are_inverse() -> None:
    assert ExtendedKey.parse(CHILD_0H_1_XPRV, MAIN).to_xprv(MAIN) == CHILD_0H_1_XPRV


@pytest.mark.parametrize("text", ["", "xpub", MASTER_XPUB[:-1] + "9", MASTER_XPUB.replace("xpub", "tpub")])
def test_what_is_no_extended_key_is_refused(text: str) -> None:
    with pytest.raises(Bip32Error):
        ExtendedKey.parse(text, MAIN)


def test_a_key_of_another_chain_is_refused() -> None:
    with pytest.raises(Bip32Error, match="not an extended key of this chain"):
        ExtendedKey.parse(MASTER_XPUB, chain_params("regtest"))
