import csv

import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.primitives.transaction import Transaction, TxOut
from moneyrocket.script.keys import InvalidKeyError, PrivateKey
from moneyrocket.script.message import MessageResult, sign_message, verify_message
from moneyrocket.script.secp256k1 import public_key, schnorr_sign, schnorr_verify
from moneyrocket.script.sighash import TransactionHasher
from moneyrocket.script.taproot import tweak_public_key
from moneyrocket.tests.script.vectors import load, load_object, path

REGTEST = chain_params("regtest")


def test_schnorr_vectors_of_bip340() -> None:
    with path("bip340_test_vectors.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if len(row["message"]) == 64]

    for row in rows:
        x_only, message, signature = (bytes.fromhex(row[key]) for key in ("public key", "message", "signature"))
        assert schnorr_verify(x_only, message, signature) is (row["verification result"] == "TRUE"), row["index"]
        if row["secret key"]:
            secret = bytes.fromhex(row["secret key"])
            assert public_key(secret)[1:] == x_only
            assert schnorr_sign(secret, message, bytes.fromhex(row["aux_rand"])) == signature


def test_legacy_signature_hashes() -> None:
    for raw, script, index, hash_type, expected in load("sighash.json"):
        hasher = TransactionHasher(Transaction.deserialize(bytes.fromhex(raw)))

        assert hasher.legacy(index, bytes.fromhex(script), hash_type)[::-1].hex() == expected


def test_taproot_output_keys_of_bip341() -> None:
    for case in load_object("bip341_wallet_vectors.json")["scriptPubKey"]:
        root = bytes.fromhex(case["intermediary"]["merkleRoot"] or "")

        output_key, _ = tweak_public_key(bytes.fromhex(case["given"]["internalPubkey"]), root)

        assert output_key.hex() == case["intermediary"]["tweakedPubkey"]


def test_taproot_key_path_signatures_of_bip341() -> None:
    for case in load_object("bip341_wallet_vectors.json")["keyPathSpending"]:
        given = case["given"]
        spent = [TxOut(out["amountSats"], bytes.fromhex(out["scriptPubKey"])) for out in given["utxosSpent"]]
        hasher = TransactionHasher(Transaction.deserialize(bytes.fromhex(given["rawUnsignedTx"])), spent)
        for signing in case["inputSpending"]:
            key = PrivateKey.from_bytes(bytes.fromhex(signing["given"]["internalPrivkey"]))
            hash_type = signing["given"]["hashType"]

            digest = hasher.taproot(signing["given"]["txinIndex"], hash_type)
            signature = key.sign_schnorr(digest, bytes.fromhex(signing["given"]["merkleRoot"] or ""))

            assert digest.hex() == signing["intermediary"]["sigHash"]
            assert (signature + bytes((hash_type,)) * bool(hash_type)).hex() == signing["expected"]["witness"][0]


def test_signatures_have_low_r_and_are_valid() -> None:
    key = PrivateKey.from_bytes(bytes(31) + b"\x07")

    for number in range(1, 21):
        digest = bytes([number]) * 32
        signature = key.sign(digest)
        assert len(signature) <= 70
        assert key.public_key.verify(digest, signature)
        assert not key.public_key.verify(bytes(32), signature)


def test_wif_of_another_chain_is_refused() -> None:
    text = PrivateKey.from_bytes(b"\x01" * 32).to_wif(chain_params("main"))

    with pytest.raises(InvalidKeyError):
        PrivateKey.from_wif(text, REGTEST)


def test_a_signed_message_names_its_key() -> None:
    # A signature that Bitcoin Core made for this key, published in its functional tests.
    key = PrivateKey.from_wif("cUeKHd5orzT3mz8P9pxyREHfsWtVfgsfDjiZZBcjUBAaGk1BTj7N", REGTEST)
    signature = "INbVnW4e6PeRmsv2Qgu8NuopvrVjkcxob+sX8OcZG0SALhWybUjzMLPdAsXI46YZGb0KQTRii+wWIQzRpG/U+S0="

    assert sign_message(key, "This is just a test message") == signature
    address = "mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB"
    assert verify_message(address, signature, "This is just a test message", REGTEST) is MessageResult.OK
    assert verify_message(address, signature, "Another one", REGTEST) is MessageResult.NOT_SIGNED
    assert verify_message(address, "not base64", "", REGTEST) is MessageResult.MALFORMED_SIGNATURE
    assert verify_message("mpLQ", signature, "", REGTEST) is MessageResult.INVALID_ADDRESS
