from dataclasses import replace

import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxIn, TxOut
from moneyrocket.script.bip32 import HARDENED, Bip32Error, ExtendedKey
from moneyrocket.script.descriptors import DescriptorError, infer_descriptor, parse_descriptor, parse_descriptors
from moneyrocket.script.descriptors.checksum import with_checksum
from moneyrocket.script.signing import sign_transaction
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.verify import verify_transaction_scripts

MAIN = chain_params("main")
REGTEST = chain_params("regtest")
XPRV = "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK"
KEY = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"

SIGNABLE = [
    f"pk({XPRV}/0)",
    f"pkh({XPRV}/44h/1h/0h/0/*)",
    f"sh(wpkh({XPRV}/49h/1h/0h/0/*))",
    f"wpkh({XPRV}/84h/1h/0h/0/*)",
    f"sh(multi(2,{XPRV}/1,{XPRV}/2,{KEY}))",
    f"wsh(sortedmulti(1,{XPRV}/1,{XPRV}/2))",
    f"sh(wsh(multi(1,{XPRV}/1,{XPRV}/2)))",
    f"tr({XPRV}/86h/1h/0h/0/*)",
    f"tr({KEY},{{pk({XPRV}/1),multi_a(2,{XPRV}/2,{XPRV}/3,{KEY})}})",
    f"rawtr({XPRV}/5)",
    f"combo({XPRV}/5)",
]


@pytest.mark.parametrize("text", SIGNABLE)
def test_its_own_keys_can_spend_every_script(text: str) -> None:
    expansion = parse_descriptor(text, REGTEST).expand(7, private=True)
    outpoints = [OutPoint(bytes([n]) * 32, n) for n in range(len(expansion.scripts))]
    spent = [TxOut(100_000 + n, script) for n, script in enumerate(expansion.scripts)]
    tx = Transaction(2, tuple(map(TxIn, outpoints)), (TxOut(1000, b"\x51"),))

    result = sign_transaction(tx, dict(zip(outpoints, spent, strict=True)), expansion.provider)

    assert result.complete, result.errors
    verify_transaction_scripts(result.tx, spent)


@pytest.mark.parametrize("text", SIGNABLE)
def test_its_text_survives_a_round_trip(text: str) -> None:
    descriptor = parse_descriptor(text, REGTEST)

    private = descriptor.to_string(REGTEST, private=True)
    public = descriptor.to_string(REGTEST)

    assert private == with_checksum(text)
    assert "tprv" not in public
    assert parse_descriptor(private, REGTEST, require_checksum=True).to_string(REGTEST) == public


def test_normalized_text_derives_the_same_scripts_without_secrets() -> None:
    descriptor = parse_descriptor(f"wpkh({XPRV}/84h/1h/0h/0/*)", REGTEST)

    normalized = parse_descriptor(descriptor.to_string(REGTEST, normalized=True), REGTEST)

    assert not normalized.has_private_keys
    assert normalized.expand(3).scripts == descriptor.expand(3).scripts
    assert normalized.expand(3).provider.origins == descriptor.expand(3).provider.origins


# The examples of BIP381, BIP383 and BIP386.
@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("pk(L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1)",
         "2103a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bdac"),
        ("pkh(5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss)",
         "76a914b5bd079c4d57cc7fc28ecf8213a6b791625b818388ac"),
        ("pkh([deadbeef/1/2'/3/4']L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1)",
         "76a9149a1c78a507689f6f54b847ad1cef1e614ee23f1e88ac"),
        ("sh(pk(L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1))",
         "a9141857af51a5e516552b3086430fd8ce55f7c1a52487"),
        ("multi(1,L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1,"
         "5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss)",
         "512103a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd4104a34b99f22c790c4e36b2b3c2c35a36db06"
         "226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea23552ae"),
        ("tr(L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1)",
         "512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"),
        ("tr(a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd,"
         "pk(669b8afcec803a0d323e9a17f3ea8e68e8abe5a278020a929adbec52421adbd0))",
         "512017cf18db381d836d8923b1bdb246cfcd818da1a9f0e6e7907f187f0b2f937754"),
    ],
)  # fmt: skip
def test_scripts_of_the_standards_examples(text: str, script: str) -> None:
    assert parse_descriptor(text, MAIN).expand().scripts[0].hex() == script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"pkh({KEY})#2345678", "Expected 8 character checksum, not 7 characters"),
        (f"pkh({KEY})#aaaaaaaa", "Provided checksum 'aaaaaaaa' does not match computed checksum"),
        ("", "'' is not a valid descriptor function"),
        ("pkh()", "pkh(): No key provided"),
        ("wpkh(04" + "ab" * 64 + ")", "wpkh(): Pubkey '04"),
        (f"sh(sh(pk({KEY})))", "Can only have sh() at top level"),
        (f"wsh(wpkh({KEY}))", "Can only have wpkh() at top level or inside sh()"),
        (
            f"multi(3,{KEY},{KEY})",
            "Multisig threshold cannot be larger than the number of keys; threshold is 3 but only 2",
        ),
        (f"pkh([aaaaaaa]{KEY})", "pkh(): Fingerprint is not 4 bytes (7 characters instead of 8 characters)"),
        (f"tr({KEY},combo({KEY}))", "Can only have combo() at top level"),
    ],
)
def test_errors_name_the_fault(text: str, message: str) -> None:
    with pytest.raises(DescriptorError) as caught:
        parse_descriptor(text, REGTEST)

    assert str(caught.value).startswith(message)


def test_multipath_stands_for_one_descriptor_each() -> None:
    receive, change = parse_descriptors(f"wpkh({XPRV}/<0;1>/*)", REGTEST)

    assert receive.to_string(REGTEST, private=True) == with_checksum(f"wpkh({XPRV}/0/*)")
    assert change.to_string(REGTEST, private=True) == with_checksum(f"wpkh({XPRV}/1/*)")


@pytest.mark.parametrize("text", [text for text in SIGNABLE if not text.startswith("combo")])
def test_inferring_finds_an_equal_script(text: str) -> None:
    expansion = parse_descriptor(text, REGTEST).expand(2)

    inferred = infer_descriptor(expansion.scripts[0], expansion.provider, REGTEST)

    assert inferred.is_solvable
    assert inferred.expand().scripts == expansion.scripts
    assert parse_descriptor(inferred.to_string(REGTEST), REGTEST).expand().scripts == expansion.scripts


def test_without_keys_inferring_falls_back_to_the_address() -> None:
    script = parse_descriptor(f"wpkh({KEY})", REGTEST).expand().scripts[0]

    assert infer_descriptor(script, SigningProvider(), REGTEST).to_string(REGTEST).startswith("addr(bcrt1")
    assert infer_descriptor(b"\x6a", SigningProvider(), REGTEST).to_string(REGTEST).startswith("raw(6a)")


def test_derivation_of_bip32_vector_1() -> None:
    master = ExtendedKey.from_seed(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
    path = (HARDENED, 1, 2 | HARDENED, 2, 1_000_000_000)

    key = master.derive(path)

    assert key.to_xprv(MAIN) == (
        "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76"
    )
    assert key.to_xpub(MAIN) == (
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy"
    )
    assert master.derive(path[:3]).neutered().derive(path[3:]).to_xpub(MAIN) == key.to_xpub(MAIN)


def test_a_public_key_has_no_hardened_children() -> None:
    key = ExtendedKey.from_seed(bytes(16)).neutered()

    with pytest.raises(Bip32Error):
        key.child(HARDENED)


def test_signatures_of_two_signers_add_up() -> None:
    first, second = (XPRV + "/1", XPRV + "/2")
    whole = parse_descriptor(f"wsh(multi(2,{first},{second}))", REGTEST)
    (script,) = whole.expand().scripts
    provider = whole.expand(private=True).provider
    one, other = (replace(provider, private_keys={key_id: key}) for key_id, key in provider.private_keys.items())
    outpoint, spent = OutPoint(b"\x01" * 32, 0), TxOut(5000, script)
    tx = Transaction(2, (TxIn(outpoint),), (TxOut(1000, b"\x51"),))

    half = sign_transaction(tx, {outpoint: spent}, one)
    full = sign_transaction(half.tx, {outpoint: spent}, other)

    assert not half.complete
    assert half.errors[0].startswith("CHECK(MULTI)SIG failing with non-zero signature")
    assert full.complete
    verify_transaction_scripts(full.tx, [spent])
