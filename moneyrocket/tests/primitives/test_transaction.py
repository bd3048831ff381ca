import pytest

from moneyrocket.primitives.hashes import hash_from_hex, hash_to_hex
from moneyrocket.primitives.serialize import DeserializeError
from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut

# The signed P2WPKH example of BIP143, published there as data.
BIP143_P2WPKH = (
    "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9"
    "cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618e"
    "f3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb20600000000"
    "1976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa81"
    "5988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f9030"
    "0e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000"
)


def test_a_witness_transaction_survives_a_round_trip() -> None:
    tx = Transaction.deserialize(bytes.fromhex(BIP143_P2WPKH))

    rebuilt = Transaction(tx.version, tx.inputs, tx.outputs, tx.lock_time)

    assert rebuilt.serialize().hex() == BIP143_P2WPKH
    assert rebuilt == tx
    assert tx.weight == len(tx.serialize()) + 3 * len(tx.serialize(witness=False))


def test_txid_ignores_the_witness_and_wtxid_does_not() -> None:
    plain = Transaction(2, (TxIn(OutPoint(b"\x01" * 32, 0)),), (TxOut(1, b"\x51"),))
    signed = Transaction(2, (TxIn(OutPoint(b"\x01" * 32, 0), witness=(b"sig",)),), plain.outputs)

    assert signed.txid == plain.txid
    assert signed.wtxid != plain.wtxid
    assert signed.without_witness() == plain


def test_a_coinbase_is_known_by_its_null_outpoint() -> None:
    coinbase = Transaction(2, (TxIn(NULL_OUTPOINT, b"\x51\x00"),), (TxOut(50, b""),))

    assert coinbase.is_coinbase


@pytest.mark.parametrize("cut", [1, 5, 40, 100])
def test_cut_bytes_are_refused(cut: int) -> None:
    with pytest.raises(DeserializeError, match="end of data"):
        Transaction.deserialize(bytes.fromhex(BIP143_P2WPKH)[:-cut])


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(DeserializeError, match="1 bytes too many"):
        Transaction.deserialize(bytes.fromhex(BIP143_P2WPKH) + b"\x00")


def test_hash_spellings_are_inverse() -> None:
    text = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"

    assert hash_to_hex(hash_from_hex(text)) == text
