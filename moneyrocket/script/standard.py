"""The standard forms of output scripts: recognizing and building them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from moneyrocket.primitives.hashes import hash160, sha256
from moneyrocket.script.opcodes import (
    OP_0,
    OP_1,
    OP_16,
    OP_CHECKMULTISIG,
    OP_CHECKSIG,
    OP_CHECKSIGADD,
    OP_DUP,
    OP_EQUAL,
    OP_EQUALVERIFY,
    OP_HASH160,
    OP_NUMEQUAL,
    OP_PUSHDATA4,
    OP_RETURN,
)
from moneyrocket.script.script import (
    MAX_PUBKEYS_PER_MULTISIG,
    ScriptParseError,
    build_script,
    decode_op_n,
    encode_op_n,
    is_minimal_push,
    is_pay_to_anchor,
    is_pay_to_script_hash,
    is_push_only,
    iter_ops,
    push_int,
    witness_program,
)
from moneyrocket.script.script_num import ScriptNumError, decode_script_num

MAX_PUBKEYS_PER_MULTI_A: Final = 999


class TxoutType(StrEnum):
    """Forms of output scripts, named as in RPC results."""

    NONSTANDARD = "nonstandard"
    ANCHOR = "anchor"
    PUBKEY = "pubkey"
    PUBKEYHASH = "pubkeyhash"
    SCRIPTHASH = "scripthash"
    MULTISIG = "multisig"
    NULL_DATA = "nulldata"
    WITNESS_V0_SCRIPTHASH = "witness_v0_scripthash"
    WITNESS_V0_KEYHASH = "witness_v0_keyhash"
    WITNESS_V1_TAPROOT = "witness_v1_taproot"
    WITNESS_UNKNOWN = "witness_unknown"


def solve(script: bytes) -> tuple[TxoutType, list[bytes]]:
    """Recognize an output script.

    Returns:
        Its form, and what it holds: the hash, key or program. For a multisig the number of signatures needed (one
        byte), the keys, and their number (one byte); for an unknown witness version that (one byte) and the program.
    """
    if is_pay_to_script_hash(script):
        return TxoutType.SCRIPTHASH, [script[2:22]]
    program = witness_program(script)
    if program is not None:
        return _solve_witness(script, *program)
    if script[:1] == _RETURN and is_push_only(script[1:]):
        return TxoutType.NULL_DATA, []
    size = len(script)
    if size in (35, 67) and script[0] == size - 2 and script[-1] == OP_CHECKSIG and is_pubkey_size(script[1:-1]):
        return TxoutType.PUBKEY, [script[1:-1]]
    if size == 25 and script[:3] == _P2PKH_START and script[23:] == _P2PKH_END:
        return TxoutType.PUBKEYHASH, [script[3:23]]
    matched = match_multisig(script)
    if matched is not None:
        required, keys = matched
        return TxoutType.MULTISIG, [bytes((required,)), *keys, bytes((len(keys),))]
    return TxoutType.NONSTANDARD, []


_RETURN: Final = bytes((OP_RETURN,))
_P2PKH_START: Final = bytes((OP_DUP, OP_HASH160, 20))
_P2PKH_END: Final = bytes((OP_EQUALVERIFY, OP_CHECKSIG))


def _solve_witness(script: bytes, version: int, program: bytes) -> tuple[TxoutType, list[bytes]]:
    if version == 0:
        if len(program) == 20:
            return TxoutType.WITNESS_V0_KEYHASH, [program]
        if len(program) == 32:
            return TxoutType.WITNESS_V0_SCRIPTHASH, [program]
        return TxoutType.NONSTANDARD, []
    if version == 1 and len(program) == 32:
        return TxoutType.WITNESS_V1_TAPROOT, [program]
    if is_pay_to_anchor(script):
        return TxoutType.ANCHOR, []
    return TxoutType.WITNESS_UNKNOWN, [bytes((version,)), program]


def is_pubkey_size(data: bytes) -> bool:
    """Whether bytes have the length that their first byte calls for in a public key (compressed or not)."""
    if not data:
        return False
    return (len(data) == 33 and data[0] in (2, 3)) or (len(data) == 65 and data[0] in (4, 6, 7))


def match_multisig(script: bytes) -> tuple[int, list[bytes]] | None:
    """Signatures needed and keys of a bare CHECKMULTISIG script, None if it is none."""
    if not script or script[-1] != OP_CHECKMULTISIG:
        return None
    try:
        ops = list(iter_ops(script))
    except ScriptParseError:
        return None
    if len(ops) < 4:
        return None
    required = _script_number(ops[0].opcode, ops[0].data, 1, MAX_PUBKEYS_PER_MULTISIG)
    if required is None:
        return None
    keys = [op.data for op in ops[1:-2] if op.data is not None and is_pubkey_size(op.data)]
    if len(keys) != len(ops) - 3:
        return None
    count = _script_number(ops[-2].opcode, ops[-2].data, required, MAX_PUBKEYS_PER_MULTISIG)
    return (required, keys) if count == len(keys) else None


def match_multi_a(script: bytes) -> tuple[int, list[bytes]] | None:
    """Signatures needed and x-only keys of a CHECKSIGADD script as multi_a() makes it, None if it is none."""
    if script[:1] != b"\x20" or script[-1] != OP_NUMEQUAL:
        return None
    keys: list[bytes] = []
    pos = 0
    while len(script) - pos >= 34:
        opcode = OP_CHECKSIGADD if keys else OP_CHECKSIG
        if script[pos] != 32 or script[pos + 33] != opcode:
            return None
        keys.append(script[pos + 1 : pos + 33])
        pos += 34
    try:
        ops = list(iter_ops(script[pos:]))
    except ScriptParseError:
        return None
    if len(ops) != 2 or not 0 < len(keys) <= MAX_PUBKEYS_PER_MULTI_A:
        return None
    required = _script_number(ops[0].opcode, ops[0].data, 1, len(keys))
    return None if required is None else (required, keys)


def _script_number(opcode: int, data: bytes | None, low: int, high: int) -> int | None:
    """A number in its shortest form and within bounds, None if it is none."""
    if OP_1 <= opcode <= OP_16:
        number = decode_op_n(opcode)
    elif opcode <= OP_PUSHDATA4 and data is not None and is_minimal_push(opcode, data):
        try:
            number = decode_script_num(data)
        except ScriptNumError:
            return None
    else:
        return None
    return number if low <= number <= high else None


def p2pk(pubkey: bytes) -> bytes:
    """Pay to a public key."""
    return build_script(pubkey, OP_CHECKSIG)


def p2pkh(key_hash: bytes) -> bytes:
    """Pay to the hash (20 bytes) of a public key."""
    return build_script(OP_DUP, OP_HASH160, key_hash, OP_EQUALVERIFY, OP_CHECKSIG)


def p2sh(redeem_script: bytes) -> bytes:
    """Pay to a redeem script (BIP16)."""
    return p2sh_from_hash(hash160(redeem_script))


def p2sh_from_hash(script_hash: bytes) -> bytes:
    """Pay to the hash (20 bytes) of a redeem script (BIP16)."""
    return build_script(OP_HASH160, script_hash, OP_EQUAL)


def p2wpkh(key_hash: bytes) -> bytes:
    """Pay to the hash (20 bytes) of a compressed public key by witness (BIP141)."""
    return build_script(OP_0, key_hash)


def p2wsh(witness_script: bytes) -> bytes:
    """Pay to a witness script (BIP141)."""
    return build_script(OP_0, sha256(witness_script))


def p2tr(output_key: bytes) -> bytes:
    """Pay to a taproot output key (32 bytes, BIP341)."""
    return build_script(OP_1, output_key)


def pay_to_witness_program(version: int, program: bytes) -> bytes:
    """Pay to any witness program."""
    return build_script(encode_op_n(version), program)


def multisig(required: int, pubkeys: Sequence[bytes]) -> bytes:
    """A bare multisig script: ``required`` signatures by any of the keys, in their order."""
    keys = b"".join(map(build_script, pubkeys))
    return push_int(required) + keys + push_int(len(pubkeys)) + bytes((OP_CHECKMULTISIG,))


def multi_a(required: int, x_only_keys: Sequence[bytes]) -> bytes:
    """A tapscript that needs ``required`` signatures by any of the x-only keys."""
    keys = b"".join(
        build_script(key, OP_CHECKSIGADD if number else OP_CHECKSIG) for number, key in enumerate(x_only_keys)
    )
    return keys + push_int(required) + bytes((OP_NUMEQUAL,))
