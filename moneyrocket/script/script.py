"""Scripts as bytes: taking them apart, putting them together, recognizing forms and counting signature checks."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from moneyrocket.script.opcodes import (
    OP_0,
    OP_1,
    OP_16,
    OP_CHECKMULTISIG,
    OP_CHECKMULTISIGVERIFY,
    OP_CHECKSIG,
    OP_CHECKSIGVERIFY,
    OP_EQUAL,
    OP_HASH160,
    OP_PUSHDATA1,
    OP_PUSHDATA2,
    OP_PUSHDATA4,
)
from moneyrocket.script.script_num import encode_script_num

MAX_SCRIPT_SIZE: Final = 10_000
"""Bytes of the longest script that can be run."""
MAX_SCRIPT_ELEMENT_SIZE: Final = 520
"""Bytes of the longest element that can be pushed."""
MAX_PUBKEYS_PER_MULTISIG: Final = 20
MAX_OPS_PER_SCRIPT: Final = 201
MAX_STACK_SIZE: Final = 1000
LOCKTIME_THRESHOLD: Final = 500_000_000
"""Lock times below are heights, those from here on are unix seconds."""

P2A_SCRIPT: Final = b"\x51\x02\x4e\x73"
"""Pay-to-anchor: an output that anyone may spend to raise a transaction's fee."""


class ScriptParseError(ValueError):
    """A push reaches beyond the end of the script."""


class ScriptOp(NamedTuple):
    """One instruction. ``data`` is what a push opcode pushes, None for the others (also small numbers)."""

    opcode: int
    data: bytes | None


def iter_ops(script: bytes) -> Iterator[ScriptOp]:
    """The instructions of ``script``, front to back.

    Raises:
        ScriptParseError: if a push reaches beyond the end; what is before it was yielded.
    """
    for _, opcode, data in iter_ops_at(script):
        yield ScriptOp(opcode, data)


def iter_ops_at(script: bytes) -> Iterator[tuple[int, int, bytes | None]]:
    """Like `iter_ops`, each with the position behind it in front: position, opcode, data."""
    pos = 0
    end = len(script)
    while pos < end:
        opcode = script[pos]
        pos += 1
        if opcode > OP_PUSHDATA4:
            yield pos, opcode, None
            continue
        if opcode < OP_PUSHDATA1:
            size = opcode
        else:
            width = 1 << (opcode - OP_PUSHDATA1)
            if pos + width > end:
                raise ScriptParseError("script ends within the length of a push")
            size = int.from_bytes(script[pos : pos + width], "little")
            pos += width
        if pos + size > end:
            raise ScriptParseError("script ends within a push")
        data = script[pos : pos + size]
        pos += size
        yield pos, opcode, data


def push_data(data: bytes) -> bytes:
    """The shortest length-prefixed push of ``data`` (never a small-number opcode, except OP_0 for nothing)."""
    size = len(data)
    if size < OP_PUSHDATA1:
        return bytes((size,)) + data
    if size <= 0xFF:
        return bytes((OP_PUSHDATA1, size)) + data
    if size <= 0xFFFF:
        return bytes((OP_PUSHDATA2,)) + size.to_bytes(2, "little") + data
    return bytes((OP_PUSHDATA4,)) + size.to_bytes(4, "little") + data


def push_int(value: int) -> bytes:
    """The shortest push of a number."""
    if value == 0:
        return bytes((OP_0,))
    if value == -1 or 1 <= value <= 16:
        return bytes((OP_1 - 1 + value,))
    return push_data(encode_script_num(value))


def build_script(*items: int | bytes) -> bytes:
    """Put a script together from opcodes (int) and data to push (bytes)."""
    return b"".join(bytes((item,)) if isinstance(item, int) else push_data(item) for item in items)


def decode_op_n(opcode: int) -> int:
    """The number 0 to 16 that a small-number opcode pushes."""
    return 0 if opcode == OP_0 else opcode - OP_1 + 1


def encode_op_n(n: int) -> int:
    """The opcode that pushes a number 0 to 16."""
    return OP_0 if n == 0 else OP_1 + n - 1


def is_pay_to_script_hash(script: bytes) -> bool:
    """Whether the script has the form of BIP16."""
    return len(script) == 23 and script[0] == OP_HASH160 and script[1] == 0x14 and script[22] == OP_EQUAL


def is_pay_to_witness_script_hash(script: bytes) -> bool:
    """Whether the script is a version 0 witness program of 32 bytes."""
    return len(script) == 34 and script[0] == OP_0 and script[1] == 0x20


def is_pay_to_anchor(script: bytes) -> bool:
    """Whether the script is pay-to-anchor."""
    return script == P2A_SCRIPT


def witness_program(script: bytes) -> tuple[int, bytes] | None:
    """Version and program of a witness program, None if the script is none (BIP141)."""
    size = len(script)
    if size < 4 or size > 42 or script[1] + 2 != size:
        return None
    opcode = script[0]
    if opcode == OP_0:
        return 0, script[2:]
    if OP_1 <= opcode <= OP_16:
        return opcode - OP_1 + 1, script[2:]
    return None


def is_unspendable(script: bytes) -> bool:
    """Whether no input can ever satisfy the script, whatever it holds."""
    return len(script) > MAX_SCRIPT_SIZE or script[:1] == b"\x6a"


def is_push_only(script: bytes) -> bool:
    """Whether the script is well-formed and only pushes."""
    try:
        return all(opcode <= OP_16 for _, opcode, _ in iter_ops_at(script))
    except ScriptParseError:
        return False


def has_valid_ops(script: bytes) -> bool:
    """Whether the script is well-formed, with known opcodes and no push above the limit."""
    try:
        return all(
            op.opcode <= 0xB9 and (op.data is None or len(op.data) <= MAX_SCRIPT_ELEMENT_SIZE)
            for op in iter_ops(script)
        )
    except ScriptParseError:
        return False


def is_minimal_push(opcode: int, data: bytes) -> bool:
    """Whether a push opcode is the shortest that pushes ``data`` (BIP62 rule 3)."""
    size = len(data)
    if size == 0:
        return opcode == OP_0
    if size == 1 and (1 <= data[0] <= 16 or data[0] == 0x81):
        # A small number has an opcode of its own.
        return False
    if size < OP_PUSHDATA1:
        return opcode == size
    if size <= 0xFF:
        return opcode == OP_PUSHDATA1
    if size <= 0xFFFF:
        return opcode == OP_PUSHDATA2
    return True


def last_push(script: bytes) -> bytes | None:
    """What a push-only script leaves on top of the stack (empty for a small number), None if it is not push-only."""
    data: bytes | None = b""
    try:
        for _, opcode, data in iter_ops_at(script):  # noqa: B007
            if opcode > OP_16:
                return None
    except ScriptParseError:
        return None
    return data or b""


def sig_op_count(script: bytes, *, accurate: bool = False) -> int:
    """Signature checks in a script.

    Args:
        script: the script; counting stops where it is malformed.
        accurate: count a multisig by the number of keys in front of it, not always as 20.
    """
    # Most scripts have none of the four opcodes even as data, and need no parsing.
    if not any(opcode in script for opcode in _CHECK_SIG_BYTES):
        return 0
    count = 0
    last = 0xFF
    try:
        for _, opcode, _ in iter_ops_at(script):
            if opcode in (OP_CHECKSIG, OP_CHECKSIGVERIFY):
                count += 1
            elif opcode in (OP_CHECKMULTISIG, OP_CHECKMULTISIGVERIFY):
                if accurate and OP_1 <= last <= OP_16:
                    count += decode_op_n(last)
                else:
                    count += MAX_PUBKEYS_PER_MULTISIG
            last = opcode
    except ScriptParseError:
        pass
    return count


_CHECK_SIG_BYTES: Final = (OP_CHECKSIG, OP_CHECKSIGVERIFY, OP_CHECKMULTISIG, OP_CHECKMULTISIGVERIFY)


def p2sh_sig_op_count(script_sig: bytes, script_pubkey: bytes) -> int:
    """Signature checks in the redeem script that ``script_sig`` brings for a P2SH output; 0 if it brings none."""
    if not is_pay_to_script_hash(script_pubkey):
        return 0
    redeem_script = last_push(script_sig)
    return 0 if redeem_script is None else sig_op_count(redeem_script, accurate=True)


def witness_sig_op_count(script_sig: bytes, script_pubkey: bytes, witness: tuple[bytes, ...]) -> int:
    """Signature checks in the witness of an input (BIP141); those of taproot are not counted here."""
    program = witness_program(script_pubkey)
    if program is None and is_pay_to_script_hash(script_pubkey):
        redeem_script = last_push(script_sig)
        program = witness_program(redeem_script) if redeem_script is not None else None
    if program is None or program[0] != 0:
        return 0
    if len(program[1]) == 20:
        return 1
    if len(program[1]) == 32 and witness:
        return sig_op_count(witness[-1], accurate=True)
    return 0
