from dataclasses import replace

from moneyrocket.consensus.params import ChainOverrides, chain_params
from moneyrocket.consensus.signet import check_signet_solution, signet_transactions
from moneyrocket.consensus.witness_commitment import witness_commitment_script
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.serialize import compact_size, var_bytes
from moneyrocket.primitives.transaction import NULL_OUTPOINT, Transaction, TxIn, TxOut
from moneyrocket.script.keys import PrivateKey
from moneyrocket.script.script import push_data
from moneyrocket.script.signing import sign_transaction
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.standard import p2wpkh

KEY = PrivateKey.from_bytes(b"\x07" * 32)
PARAMS = chain_params("signet", ChainOverrides(signet_challenge=p2wpkh(KEY.public_key.key_id)))


def _block() -> Block:
    coinbase = Transaction(2, (TxIn(NULL_OUTPOINT, b"\x51\x00"),), (TxOut(0, b"\x51"),))
    header = BlockHeader(0x20000000, b"\x01" * 32, coinbase.txid, 1_600_000_000, 0x1E0377AE, 0)
    block = Block(header, (coinbase,))
    commitment = TxOut(0, witness_commitment_script(block))
    return replace(block, transactions=(replace(coinbase, outputs=(*coinbase.outputs, commitment)),))


def _with_solution(block: Block, solution: bytes) -> Block:
    (coinbase,) = block.transactions
    *outputs, commitment = coinbase.outputs
    script = commitment.script_pubkey + push_data(bytes.fromhex("ecc7daa2") + solution)
    outputs.append(replace(commitment, script_pubkey=script))
    return replace(block, transactions=(replace(coinbase, outputs=tuple(outputs)),))


def _solution(block: Block) -> bytes:
    """The signature of a block whose solution is still empty."""
    assert PARAMS.signet_challenge is not None
    found = signet_transactions(_with_solution(block, b"\0\0"), PARAMS.signet_challenge)
    assert found is not None
    to_spend, to_sign = found
    public = KEY.public_key
    provider = SigningProvider(public_keys={public.key_id: public}, private_keys={public.key_id: KEY})
    signed = sign_transaction(to_sign, {to_sign.inputs[0].prevout: to_spend.outputs[0]}, provider)
    assert signed.complete
    stack = signed.tx.inputs[0].witness
    return b"\0" + compact_size(len(stack)) + b"".join(map(var_bytes, stack))


def test_a_block_signed_by_the_challenges_key_is_good() -> None:
    block = _block()

    signed = _with_solution(block, _solution(block))

    assert check_signet_solution(signed, PARAMS)


def test_the_signature_covers_the_time_but_not_the_nonce() -> None:
    block = _block()
    signed = _with_solution(block, _solution(block))

    assert check_signet_solution(replace(signed, header=replace(signed.header, nonce=7)), PARAMS)
    assert not check_signet_solution(replace(signed, header=replace(signed.header, time=7)), PARAMS)


def test_without_a_solution_only_a_trivial_challenge_is_met() -> None:
    trivial = chain_params("signet", ChainOverrides(signet_challenge=b"\x51"))

    assert check_signet_solution(_block(), trivial)
    assert not check_signet_solution(_block(), PARAMS)
    assert not check_signet_solution(_with_solution(_block(), b"\0\0\0"), trivial)
