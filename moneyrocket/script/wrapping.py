"""Whether and how a script can be put behind a hash."""

from __future__ import annotations

from moneyrocket.primitives.hashes import hash160
from moneyrocket.script.interpreter import is_op_success
from moneyrocket.script.opcodes import OP_CHECKSIGADD
from moneyrocket.script.script import has_valid_ops, is_unspendable, iter_ops
from moneyrocket.script.standard import TxoutType, p2wpkh, p2wsh, solve

_NEVER = (
    TxoutType.NULL_DATA,
    TxoutType.SCRIPTHASH,
    TxoutType.WITNESS_UNKNOWN,
    TxoutType.WITNESS_V1_TAPROOT,
    TxoutType.ANCHOR,
)


def can_wrap_in_p2sh(script: bytes) -> bool:
    """Whether it makes sense as a redeem script."""
    if solve(script)[0] in _NEVER or not has_valid_ops(script) or is_unspendable(script):
        return False
    return not any(opcode == OP_CHECKSIGADD or is_op_success(opcode) for opcode, _ in iter_ops(script))


def segwit_form(script: bytes) -> bytes | None:
    """The version 0 output that means the same as the script, None if there is none.

    Args:
        script: one that `can_wrap_in_p2sh`.
    """
    kind, solutions = solve(script)
    if kind in (TxoutType.WITNESS_V0_KEYHASH, TxoutType.WITNESS_V0_SCRIPTHASH):
        return None
    if kind in (TxoutType.MULTISIG, TxoutType.PUBKEY) and any(len(item) not in (1, 33) for item in solutions):
        # Witnesses take compressed keys only.
        return None
    if kind is TxoutType.PUBKEY:
        return p2wpkh(hash160(solutions[0]))
    if kind is TxoutType.PUBKEYHASH:
        return p2wpkh(solutions[0])
    return p2wsh(script)
