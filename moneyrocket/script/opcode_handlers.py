"""What each opcode does to the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from moneyrocket.primitives.hashes import hash160, hash256, ripemd160, sha256
from moneyrocket.script import opcodes as op
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.flags import (
    VERIFY_CHECKLOCKTIMEVERIFY,
    VERIFY_CHECKSEQUENCEVERIFY,
    VERIFY_DISCOURAGE_UPGRADABLE_NOPS,
    VERIFY_MINIMALIF,
    VERIFY_NULLDUMMY,
    VERIFY_NULLFAIL,
)
from moneyrocket.script.machine import Machine, SigVersion, cast_to_bool
from moneyrocket.script.script import MAX_OPS_PER_SCRIPT, MAX_PUBKEYS_PER_MULTISIG
from moneyrocket.script.script_num import encode_script_num

Handler = Callable[[Machine], None]

_SEQUENCE_DISABLE_FLAG: Final = 1 << 31


def _nop(machine: Machine) -> None:
    pass


def _upgradable_nop(machine: Machine) -> None:
    if machine.flags & VERIFY_DISCOURAGE_UPGRADABLE_NOPS:
        raise ScriptError(ScriptFault.DISCOURAGE_UPGRADABLE_NOPS)


def _push(element: bytes) -> Handler:
    def run(machine: Machine) -> None:
        machine.stack.append(element)

    return run


def _condition(*, negated: bool) -> Handler:
    def run(machine: Machine) -> None:
        value = False
        if all(machine.conditions):
            machine.need(1)
            element = machine.stack[-1]
            minimal = element in (b"", b"\x01")
            if machine.version is SigVersion.TAPSCRIPT and not minimal:
                raise ScriptError(ScriptFault.TAPSCRIPT_MINIMALIF)
            if machine.version is SigVersion.WITNESS_V0 and machine.flags & VERIFY_MINIMALIF and not minimal:
                raise ScriptError(ScriptFault.MINIMALIF)
            value = cast_to_bool(machine.stack.pop()) != negated
        machine.conditions.append(value)

    return run


def _else(machine: Machine) -> None:
    if not machine.conditions:
        raise ScriptError(ScriptFault.UNBALANCED_CONDITIONAL)
    machine.conditions[-1] = not machine.conditions[-1]


def _endif(machine: Machine) -> None:
    if not machine.conditions:
        raise ScriptError(ScriptFault.UNBALANCED_CONDITIONAL)
    machine.conditions.pop()


def _require_top(machine: Machine, fault: ScriptFault) -> None:
    """Take the top element; it must be true."""
    machine.need(1)
    if not cast_to_bool(machine.stack[-1]):
        raise ScriptError(fault)
    machine.stack.pop()


def _verify(machine: Machine) -> None:
    _require_top(machine, ScriptFault.VERIFY)


def _then_require(handler: Handler, fault: ScriptFault) -> Handler:
    def run(machine: Machine) -> None:
        handler(machine)
        _require_top(machine, fault)

    return run


def _return(machine: Machine) -> None:
    raise ScriptError(ScriptFault.OP_RETURN)


def _check_lock_time(machine: Machine) -> None:
    if not machine.flags & VERIFY_CHECKLOCKTIMEVERIFY:
        return
    machine.need(1)
    # Five bytes, because lock times need 32 bits without a sign.
    lock_time = machine.number(-1, 5)
    if lock_time < 0:
        raise ScriptError(ScriptFault.NEGATIVE_LOCKTIME)
    if not machine.checker.check_lock_time(lock_time):
        raise ScriptError(ScriptFault.UNSATISFIED_LOCKTIME)


def _check_sequence(machine: Machine) -> None:
    if not machine.flags & VERIFY_CHECKSEQUENCEVERIFY:
        return
    machine.need(1)
    sequence = machine.number(-1, 5)
    if sequence < 0:
        raise ScriptError(ScriptFault.NEGATIVE_LOCKTIME)
    if not sequence & _SEQUENCE_DISABLE_FLAG and not machine.checker.check_sequence(sequence):
        raise ScriptError(ScriptFault.UNSATISFIED_LOCKTIME)


def _to_alt_stack(machine: Machine) -> None:
    machine.need(1)
    machine.alt_stack.append(machine.stack.pop())


def _from_alt_stack(machine: Machine) -> None:
    if not machine.alt_stack:
        raise ScriptError(ScriptFault.INVALID_ALTSTACK_OPERATION)
    machine.stack.append(machine.alt_stack.pop())


def _rearrange(count: int, *order: int) -> Handler:
    """Replace the top ``count`` elements by those at ``order`` (0 is the lowest of them)."""

    def run(machine: Machine) -> None:
        machine.need(count)
        old = machine.stack[-count:]
        machine.stack[-count:] = [old[place] for place in order]

    return run


def _if_dup(machine: Machine) -> None:
    machine.need(1)
    if cast_to_bool(machine.stack[-1]):
        machine.stack.append(machine.stack[-1])


def _depth(machine: Machine) -> None:
    machine.stack.append(encode_script_num(len(machine.stack)))


def _pick(*, remove: bool) -> Handler:
    def run(machine: Machine) -> None:
        machine.need(2)
        distance = machine.number(-1)
        machine.stack.pop()
        if not 0 <= distance < len(machine.stack):
            raise ScriptError(ScriptFault.INVALID_STACK_OPERATION)
        place = -1 - distance
        machine.stack.append(machine.stack.pop(place) if remove else machine.stack[place])

    return run


def _size(machine: Machine) -> None:
    machine.need(1)
    machine.stack.append(encode_script_num(len(machine.stack[-1])))


def _equal(machine: Machine) -> None:
    machine.need(2)
    b, a = machine.stack.pop(), machine.stack.pop()
    machine.push_bool(a == b)


def _unary(function: Callable[[int], int]) -> Handler:
    def run(machine: Machine) -> None:
        machine.need(1)
        result = function(machine.number(-1))
        machine.stack[-1] = encode_script_num(result)

    return run


def _binary(function: Callable[[int, int], int]) -> Handler:
    def run(machine: Machine) -> None:
        machine.need(2)
        result = function(machine.number(-2), machine.number(-1))
        machine.stack[-2:] = [encode_script_num(result)]

    return run


def _within(machine: Machine) -> None:
    machine.need(3)
    value, low, high = machine.number(-3), machine.number(-2), machine.number(-1)
    del machine.stack[-3:]
    machine.push_bool(low <= value < high)


def _hash(function: Callable[[bytes], bytes]) -> Handler:
    def run(machine: Machine) -> None:
        machine.need(1)
        machine.stack[-1] = function(machine.stack[-1])

    return run


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _code_separator(machine: Machine) -> None:
    machine.code_start = machine.position
    machine.code_separator = machine.op_number


def _check_sig(machine: Machine) -> None:
    machine.need(2)
    valid = machine.check_signature(machine.stack[-2], machine.stack[-1])
    del machine.stack[-2:]
    machine.push_bool(valid)


def _check_sig_add(machine: Machine) -> None:
    if machine.version is not SigVersion.TAPSCRIPT:
        raise ScriptError(ScriptFault.BAD_OPCODE)
    machine.need(3)
    count = machine.number(-2)
    valid = machine.check_signature(machine.stack[-3], machine.stack[-1])
    machine.stack[-3:] = [encode_script_num(count + valid)]


def _check_multisig(machine: Machine) -> None:
    if machine.version is SigVersion.TAPSCRIPT:
        raise ScriptError(ScriptFault.TAPSCRIPT_CHECKMULTISIG)
    machine.need(1)
    key_count = machine.number(-1)
    if not 0 <= key_count <= MAX_PUBKEYS_PER_MULTISIG:
        raise ScriptError(ScriptFault.PUBKEY_COUNT)
    machine.op_count += key_count
    if machine.op_count > MAX_OPS_PER_SCRIPT:
        raise ScriptError(ScriptFault.OP_COUNT)
    machine.need(2 + key_count)
    signature_count = machine.number(-2 - key_count)
    if not 0 <= signature_count <= key_count:
        raise ScriptError(ScriptFault.SIG_COUNT)
    used = 2 + key_count + signature_count
    machine.need(used)
    top = len(machine.stack)
    keys = machine.stack[top - 1 - key_count : top - 1][::-1]
    signatures = machine.stack[top - used : top - 2 - key_count][::-1]
    valid = _match_signatures(machine, signatures, keys)
    if not valid and machine.flags & VERIFY_NULLFAIL and any(signatures):
        raise ScriptError(ScriptFault.SIG_NULLFAIL)
    del machine.stack[-used:]
    machine.need(1)
    if machine.flags & VERIFY_NULLDUMMY and machine.stack[-1]:
        raise ScriptError(ScriptFault.SIG_NULLDUMMY)
    machine.stack.pop()
    machine.push_bool(valid)


def _match_signatures(machine: Machine, signatures: list[bytes], keys: list[bytes]) -> bool:
    """Whether each signature is right for a key, in the order of the keys (both from the top of the stack down)."""
    code = machine.script_code()
    witness = machine.version is SigVersion.WITNESS_V0
    if not witness:
        for signature in signatures:
            code = machine.without_signature(code, signature)
    matched = 0
    for number, key in enumerate(keys):
        if matched == len(signatures):
            break
        machine.check_encoding(signatures[matched], key)
        if machine.checker.check_ecdsa(signatures[matched], key, code, witness=witness):
            matched += 1
        if len(signatures) - matched > len(keys) - number - 1:
            return False
    return matched == len(signatures)


HANDLERS: Final[dict[int, Handler]] = {
    op.OP_1NEGATE: _push(b"\x81"),
    **{op.OP_1 + i: _push(bytes((i + 1,))) for i in range(16)},
    op.OP_NOP: _nop,
    op.OP_CHECKLOCKTIMEVERIFY: _check_lock_time,
    op.OP_CHECKSEQUENCEVERIFY: _check_sequence,
    op.OP_NOP1: _upgradable_nop,
    **{op.OP_NOP4 + i: _upgradable_nop for i in range(7)},
    op.OP_IF: _condition(negated=False),
    op.OP_NOTIF: _condition(negated=True),
    op.OP_ELSE: _else,
    op.OP_ENDIF: _endif,
    op.OP_VERIFY: _verify,
    op.OP_RETURN: _return,
    op.OP_TOALTSTACK: _to_alt_stack,
    op.OP_FROMALTSTACK: _from_alt_stack,
    op.OP_2DROP: _rearrange(2),
    op.OP_2DUP: _rearrange(2, 0, 1, 0, 1),
    op.OP_3DUP: _rearrange(3, 0, 1, 2, 0, 1, 2),
    op.OP_2OVER: _rearrange(4, 0, 1, 2, 3, 0, 1),
    op.OP_2ROT: _rearrange(6, 2, 3, 4, 5, 0, 1),
    op.OP_2SWAP: _rearrange(4, 2, 3, 0, 1),
    op.OP_IFDUP: _if_dup,
    op.OP_DEPTH: _depth,
    op.OP_DROP: _rearrange(1),
    op.OP_DUP: _rearrange(1, 0, 0),
    op.OP_NIP: _rearrange(2, 1),
    op.OP_OVER: _rearrange(2, 0, 1, 0),
    op.OP_PICK: _pick(remove=False),
    op.OP_ROLL: _pick(remove=True),
    op.OP_ROT: _rearrange(3, 1, 2, 0),
    op.OP_SWAP: _rearrange(2, 1, 0),
    op.OP_TUCK: _rearrange(2, 1, 0, 1),
    op.OP_SIZE: _size,
    op.OP_EQUAL: _equal,
    op.OP_EQUALVERIFY: _then_require(_equal, ScriptFault.EQUALVERIFY),
    op.OP_1ADD: _unary(lambda a: a + 1),
    op.OP_1SUB: _unary(lambda a: a - 1),
    op.OP_NEGATE: _unary(lambda a: -a),
    op.OP_ABS: _unary(abs),
    op.OP_NOT: _unary(lambda a: a == 0),
    op.OP_0NOTEQUAL: _unary(lambda a: a != 0),
    op.OP_ADD: _binary(lambda a, b: a + b),
    op.OP_SUB: _binary(lambda a, b: a - b),
    op.OP_BOOLAND: _binary(lambda a, b: a != 0 and b != 0),
    op.OP_BOOLOR: _binary(lambda a, b: a != 0 or b != 0),
    op.OP_NUMEQUAL: _binary(lambda a, b: a == b),
    op.OP_NUMEQUALVERIFY: _then_require(_binary(lambda a, b: a == b), ScriptFault.NUMEQUALVERIFY),
    op.OP_NUMNOTEQUAL: _binary(lambda a, b: a != b),
    op.OP_LESSTHAN: _binary(lambda a, b: a < b),
    op.OP_GREATERTHAN: _binary(lambda a, b: a > b),
    op.OP_LESSTHANOREQUAL: _binary(lambda a, b: a <= b),
    op.OP_GREATERTHANOREQUAL: _binary(lambda a, b: a >= b),
    op.OP_MIN: _binary(min),
    op.OP_MAX: _binary(max),
    op.OP_WITHIN: _within,
    op.OP_RIPEMD160: _hash(ripemd160),
    op.OP_SHA1: _hash(_sha1),
    op.OP_SHA256: _hash(sha256),
    op.OP_HASH160: _hash(hash160),
    op.OP_HASH256: _hash(hash256),
    op.OP_CODESEPARATOR: _code_separator,
    op.OP_CHECKSIG: _check_sig,
    op.OP_CHECKSIGVERIFY: _then_require(_check_sig, ScriptFault.CHECKSIGVERIFY),
    op.OP_CHECKSIGADD: _check_sig_add,
    op.OP_CHECKMULTISIG: _check_multisig,
    op.OP_CHECKMULTISIGVERIFY: _then_require(_check_multisig, ScriptFault.CHECKMULTISIGVERIFY),
}
"""Opcodes that do something; any other makes the script fail when it is run."""
