"""Signing: finds what satisfies an output script, from keys and scripts that a provider knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from moneyrocket.primitives.amount import MAX_MONEY
from moneyrocket.primitives.hashes import hash160, ripemd160
from moneyrocket.primitives.serialize import compact_size, var_bytes
from moneyrocket.primitives.transaction import OutPoint, Transaction, TxOut
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.flags import STANDARD_FLAGS
from moneyrocket.script.interpreter import verify_script
from moneyrocket.script.keys import PublicKey
from moneyrocket.script.opcodes import OP_0, OP_1, OP_1NEGATE, OP_CHECKSIG
from moneyrocket.script.script import push_data
from moneyrocket.script.sighash import (
    SIGHASH_ANYONECANPAY,
    SIGHASH_DEFAULT,
    SIGHASH_SINGLE,
    TransactionHasher,
)
from moneyrocket.script.signature_creator import SignatureCreator, TransactionSignatureCreator
from moneyrocket.script.signature_data import SignatureData
from moneyrocket.script.signature_extract import signature_data_of
from moneyrocket.script.signing_provider import SigningProvider
from moneyrocket.script.standard import TxoutType, match_multi_a, p2pkh, solve
from moneyrocket.script.taproot import LEAF_VERSION_TAPSCRIPT, tap_leaf_hash

_UNSIGNABLE: Final = frozenset((TxoutType.NONSTANDARD, TxoutType.NULL_DATA, TxoutType.WITNESS_UNKNOWN))


class _Solver:
    """Satisfies one output script; a use of `produce_signature`."""

    def __init__(self, provider: SigningProvider, creator: SignatureCreator, data: SignatureData) -> None:
        self._provider = provider
        self._creator = creator
        self._data = data

    def solve(self, script: bytes, *, witness: bool = False) -> tuple[bool, TxoutType, list[bytes]]:
        """Whether the script is satisfied, its form, and the stack that does it (or the script to satisfy next)."""
        kind, solutions = solve(script)
        if kind in _UNSIGNABLE:
            return False, kind, []
        if kind is TxoutType.ANCHOR:
            return True, kind, []
        if kind is TxoutType.PUBKEY:
            signature = self._signature(PublicKey(solutions[0]), script, witness=witness)
            return signature is not None, kind, [] if signature is None else [signature]
        if kind is TxoutType.PUBKEYHASH:
            stack = self._key_hash(solutions[0], script, witness=witness)
            return stack is not None, kind, stack or []
        if kind is TxoutType.SCRIPTHASH:
            found = self._find(self._provider.scripts.get(solutions[0]), solutions[0])
            if found is None:
                self._data.missing_redeem_script = solutions[0]
            return found is not None, kind, [] if found is None else [found]
        if kind is TxoutType.MULTISIG:
            return self._multisig(solutions, script, witness=witness)
        if kind is TxoutType.WITNESS_V0_KEYHASH:
            return True, kind, [solutions[0]]
        if kind is TxoutType.WITNESS_V0_SCRIPTHASH:
            short = ripemd160(solutions[0])
            found = self._provider.witness_scripts.get(solutions[0]) or self._provider.scripts.get(short)
            found = self._find(found, short)
            if found is None:
                self._data.missing_witness_script = solutions[0]
            return found is not None, kind, [] if found is None else [found]
        taproot = self._taproot(solutions[0])
        return taproot is not None, kind, taproot or []

    def _find(self, found: bytes | None, script_hash: bytes) -> bytes | None:
        """A script the provider found, or else one that is known from before; by hash of 20 bytes."""
        if found is not None:
            return found
        for script in (self._data.redeem_script, self._data.witness_script):
            if script and hash160(script) == script_hash:
                return script
        return None

    def _signature(self, key: PublicKey, script: bytes, *, witness: bool) -> bytes | None:
        known = self._data.signatures.get(key.key_id)
        if known is not None:
            return known[1]
        signature = self._creator.ecdsa(self._provider, key.key_id, script, witness=witness)
        if signature is None:
            self._data.missing_signatures.append(key.key_id)
            return None
        self._data.signatures[key.key_id] = (key, signature)
        return signature

    def _key_hash(self, key_id: bytes, script: bytes, *, witness: bool) -> list[bytes] | None:
        known = self._data.signatures.get(key_id)
        key = known[0] if known is not None else self._provider.public_keys.get(key_id)
        if key is None:
            self._data.missing_public_keys.append(key_id)
            return None
        signature = self._signature(key, script, witness=witness)
        return None if signature is None else [signature, key.data]

    def _multisig(self, solutions: list[bytes], script: bytes, *, witness: bool) -> tuple[bool, TxoutType, list[bytes]]:
        required = solutions[0][0]
        # All keys sign, also those beyond the number needed: a PSBT wants every signature there can be.
        signatures = [self._signature(PublicKey(key), script, witness=witness) for key in solutions[1:-1]]
        # CHECKMULTISIG takes one element too many; the empty one is for that.
        found = [b"", *[signature for signature in signatures if signature is not None][:required]]
        solved = len(found) == required + 1
        return solved, TxoutType.MULTISIG, found + [b""] * (required + 1 - len(found))

    def _taproot(self, output_key: bytes) -> list[bytes] | None:
        data = self._data
        spend = self._provider.taproot.get(output_key)
        if spend is not None:
            data.taproot_spend = spend
        spend = data.taproot_spend
        if not data.taproot_key_path_sig:
            signature = None
            if spend is not None:
                signature = self._creator.schnorr(
                    self._provider, spend.internal_key, leaf_hash=None, merkle_root=spend.merkle_root
                )
            if signature is None:
                signature = self._creator.schnorr(self._provider, output_key, leaf_hash=None, merkle_root=None)
            data.taproot_key_path_sig = signature or b""
        if data.taproot_key_path_sig:
            return [data.taproot_key_path_sig]
        stacks = []
        for (leaf_version, script), control_blocks in spend.leaves.items() if spend is not None else ():
            stack = self._tapscript(script, leaf_version)
            if stack is not None:
                stacks.append([*stack, script, control_blocks[0]])
        return min(stacks, key=_stack_size) if stacks else None

    def _tapscript(self, script: bytes, leaf_version: int) -> list[bytes] | None:
        if leaf_version != LEAF_VERSION_TAPSCRIPT:
            return None
        leaf_hash = tap_leaf_hash(leaf_version, script)
        if len(script) == 34 and script[0] == 32 and script[33] == OP_CHECKSIG:
            signature = self._script_signature(script[1:33], leaf_hash)
            return None if signature is None else [signature]
        multi = match_multi_a(script)
        if multi is None:
            return None
        required, keys = multi
        stack: list[bytes] = []
        missing = required
        for key in keys:
            signature = self._script_signature(key, leaf_hash)
            use = signature is not None and missing > 0
            missing -= use
            stack.append(signature if use and signature is not None else b"")
        # The first key's signature is on top of the stack.
        return None if missing else stack[::-1]

    def _script_signature(self, key: bytes, leaf_hash: bytes) -> bytes | None:
        known = self._data.taproot_script_sigs.get((key, leaf_hash))
        if known is not None:
            return known
        signature = self._creator.schnorr(self._provider, key, leaf_hash=leaf_hash, merkle_root=None)
        if signature is not None:
            self._data.taproot_script_sigs[key, leaf_hash] = signature
        return signature


def _stack_size(stack: Sequence[bytes]) -> int:
    return len(compact_size(len(stack))) + sum(len(var_bytes(item)) for item in stack)


def produce_signature(
    provider: SigningProvider, creator: SignatureCreator, script_pubkey: bytes, data: SignatureData
) -> bool:
    """Satisfy an output script as far as possible.

    Args:
        provider: finds keys and scripts.
        creator: makes the signatures.
        script_pubkey: the script of the output that is spent.
        data: what is known so far; scripts, signatures and what is missing are added.

    Returns:
        Whether it is satisfied (also `SignatureData.complete`).
    """
    if data.complete:
        return True
    solver = _Solver(provider, creator, data)
    solved, kind, stack = solver.solve(script_pubkey)
    wrapped = solved and kind is TxoutType.SCRIPTHASH
    if wrapped:
        data.redeem_script = stack[0]
        solved, kind, stack = solver.solve(data.redeem_script)
        solved = solved and kind is not TxoutType.SCRIPTHASH
    if solved and kind is TxoutType.WITNESS_V0_KEYHASH:
        solved, _, stack = solver.solve(p2pkh(stack[0]), witness=True)
        data.script_witness, data.witness, stack = tuple(stack), True, []
    elif solved and kind is TxoutType.WITNESS_V0_SCRIPTHASH:
        data.witness_script = stack[0]
        solved, inner, stack = solver.solve(data.witness_script, witness=True)
        solved = solved and inner in (TxoutType.PUBKEY, TxoutType.PUBKEYHASH, TxoutType.MULTISIG)
        data.script_witness, data.witness, stack = (*stack, data.witness_script), True, []
    elif kind is TxoutType.WITNESS_V1_TAPROOT:
        # Not within P2SH, where anyone may spend it.
        solved = solved and not wrapped
        data.witness = not wrapped
        if solved:
            data.script_witness = tuple(stack)
        stack = []
    if not data.witness:
        data.script_witness = ()
    if wrapped:
        stack.append(data.redeem_script)
    data.script_sig = b"".join(map(_push_minimal, stack))
    data.complete = solved
    return solved


def _push_minimal(data: bytes) -> bytes:
    """The shortest opcode that pushes ``data``."""
    if not data:
        return bytes((OP_0,))
    if len(data) == 1 and 1 <= data[0] <= 16:
        return bytes((OP_1 - 1 + data[0],))
    return bytes((OP_1NEGATE,)) if data == b"\x81" else push_data(data)


@dataclass(frozen=True, slots=True)
class SignResult:
    """Outcome of `sign_transaction`.

    Attributes:
        tx: the transaction, with all signatures that could be made.
        complete: every input satisfies the script that it spends.
        errors: for inputs that do not, why; by index.
    """

    tx: Transaction
    complete: bool
    errors: Mapping[int, str]


def sign_transaction(
    tx: Transaction, coins: Mapping[OutPoint, TxOut], provider: SigningProvider, hash_type: int = SIGHASH_DEFAULT
) -> SignResult:
    """Sign what can be signed, keeping signatures that are there.

    Args:
        tx: the transaction.
        coins: the outputs that its inputs spend, as far as they are known.
        provider: finds keys and scripts.
        hash_type: what to sign; the default means ALL outside of taproot.
    """
    spent = [coins.get(txin.prevout) for txin in tx.inputs]
    all_known = [out for out in spent if out is not None]
    hasher = TransactionHasher(tx, all_known if len(all_known) == len(spent) else None)
    single = hash_type & ~SIGHASH_ANYONECANPAY == SIGHASH_SINGLE
    inputs = list(tx.inputs)
    errors: dict[int, str] = {}
    for index, out in enumerate(spent):
        if out is None:
            errors[index] = "Input not found or already spent"
            continue
        data = signature_data_of(hasher, index, out)
        if not single or index < len(tx.outputs):
            produce_signature(
                provider, TransactionSignatureCreator(hasher, index, out.value, hash_type), out.script_pubkey, data
            )
        inputs[index] = data.apply(inputs[index])
        if out.value == MAX_MONEY and inputs[index].witness:
            errors[index] = MISSING_AMOUNT
            continue
        try:
            verify_script(inputs[index], out.script_pubkey, STANDARD_FLAGS, hasher, index, out.value)
        except ScriptError as error:
            errors[index] = _ERROR_TEXTS.get(error.fault, error.fault.value)
    return SignResult(replace(tx, inputs=tuple(inputs)), not errors, errors)


MISSING_AMOUNT: Final = "Missing amount"
_ERROR_TEXTS: Final = {
    ScriptFault.INVALID_STACK_OPERATION: "Unable to sign input, invalid stack size (possibly missing key)",
    ScriptFault.SIG_NULLFAIL: ("CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)"),
}
