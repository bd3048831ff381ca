"""Runs scripts with every flag, consensus or policy, and tells exactly why one fails.

Consensus relies on libbitcoinkernel (`script.verify`); this says what that does not: whether a valid transaction is
standard, and the reason when one is not valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from moneyrocket.primitives.hashes import sha256
from moneyrocket.primitives.serialize import compact_size, var_bytes
from moneyrocket.primitives.transaction import TxIn
from moneyrocket.script.checker import TransactionChecker
from moneyrocket.script.errors import ScriptError, ScriptFault
from moneyrocket.script.flags import (
    VERIFY_CLEANSTACK,
    VERIFY_CONST_SCRIPTCODE,
    VERIFY_DISCOURAGE_OP_SUCCESS,
    VERIFY_DISCOURAGE_UPGRADABLE_TAPROOT_VERSION,
    VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM,
    VERIFY_P2SH,
    VERIFY_SIGPUSHONLY,
    VERIFY_TAPROOT,
    VERIFY_WITNESS,
)
from moneyrocket.script.machine import Machine, SigVersion, cast_to_bool
from moneyrocket.script.opcode_handlers import HANDLERS
from moneyrocket.script.opcodes import (
    OP_2DIV,
    OP_2MUL,
    OP_16,
    OP_AND,
    OP_CAT,
    OP_CODESEPARATOR,
    OP_DIV,
    OP_ENDIF,
    OP_IF,
    OP_INVERT,
    OP_LEFT,
    OP_LSHIFT,
    OP_MOD,
    OP_MUL,
    OP_OR,
    OP_PUSHDATA4,
    OP_RIGHT,
    OP_RSHIFT,
    OP_SUBSTR,
    OP_XOR,
)
from moneyrocket.script.script import (
    MAX_OPS_PER_SCRIPT,
    MAX_SCRIPT_ELEMENT_SIZE,
    MAX_SCRIPT_SIZE,
    MAX_STACK_SIZE,
    ScriptParseError,
    is_minimal_push,
    is_pay_to_anchor,
    is_pay_to_script_hash,
    is_push_only,
    iter_ops,
    iter_ops_at,
    push_data,
    witness_program,
)
from moneyrocket.script.sighash import TransactionHasher
from moneyrocket.script.standard import p2pkh, pay_to_witness_program
from moneyrocket.script.taproot import (
    ANNEX_TAG,
    CONTROL_BASE_SIZE,
    CONTROL_MAX_NODES,
    CONTROL_NODE_SIZE,
    LEAF_VERSION_TAPSCRIPT,
    merkle_root_of,
    tap_leaf_hash,
    tweak_public_key,
)

_DISABLED: Final = frozenset(
    (
        OP_CAT,
        OP_SUBSTR,
        OP_LEFT,
        OP_RIGHT,
        OP_INVERT,
        OP_AND,
        OP_OR,
        OP_XOR,
        OP_2MUL,
        OP_2DIV,
        OP_MUL,
        OP_DIV,
        OP_MOD,
        OP_LSHIFT,
        OP_RSHIFT,
    )
)
_OP_SUCCESS: Final = frozenset(
    (80, 98, *range(126, 130), *range(131, 135), 137, 138, 141, 142, *range(149, 154), *range(187, 255))
)
"""Opcodes that make any tapscript succeed (BIP342)."""
_WEIGHT_OFFSET: Final = 50
"""Weight units that a tapscript may use up besides those of its witness (BIP342)."""


def is_op_success(opcode: int) -> bool:
    """Whether an opcode makes any tapscript succeed (BIP342)."""
    return opcode in _OP_SUCCESS


def run_script(machine: Machine) -> None:
    """Run the machine's script to its end.

    Raises:
        ScriptError: if the script fails.
    """
    script, stack, flags = machine.script, machine.stack, machine.flags
    tapscript = machine.version is SigVersion.TAPSCRIPT
    if not tapscript and len(script) > MAX_SCRIPT_SIZE:
        raise ScriptError(ScriptFault.SCRIPT_SIZE)
    no_separator = machine.version is SigVersion.BASE and flags & VERIFY_CONST_SCRIPTCODE
    conditions = machine.conditions
    try:
        for number, (position, opcode, data) in enumerate(iter_ops_at(script)):
            machine.position, machine.op_number = position, number
            if data is not None and len(data) > MAX_SCRIPT_ELEMENT_SIZE:
                raise ScriptError(ScriptFault.PUSH_SIZE)
            if opcode > OP_16 and not tapscript:
                machine.op_count += 1
                if machine.op_count > MAX_OPS_PER_SCRIPT:
                    raise ScriptError(ScriptFault.OP_COUNT)
            if opcode in _DISABLED:
                raise ScriptError(ScriptFault.DISABLED_OPCODE)
            if opcode == OP_CODESEPARATOR and no_separator:
                raise ScriptError(ScriptFault.OP_CODESEPARATOR)
            executed = False not in conditions
            if executed and opcode <= OP_PUSHDATA4:
                assert data is not None
                if machine.require_minimal and not is_minimal_push(opcode, data):
                    raise ScriptError(ScriptFault.MINIMALDATA)
                stack.append(data)
            elif executed or OP_IF <= opcode <= OP_ENDIF:
                handler = HANDLERS.get(opcode)
                if handler is None:
                    raise ScriptError(ScriptFault.BAD_OPCODE)
                handler(machine)
            if len(stack) + len(machine.alt_stack) > MAX_STACK_SIZE:
                raise ScriptError(ScriptFault.STACK_SIZE)
    except ScriptParseError:
        raise ScriptError(ScriptFault.BAD_OPCODE) from None
    if conditions:
        raise ScriptError(ScriptFault.UNBALANCED_CONDITIONAL)


def run_push_only(script: bytes) -> list[bytes]:
    """The stack that an input script leaves, as far as it runs; for taking signatures out of it."""
    stack: list[bytes] = []
    try:
        for opcode, data in iter_ops(script):
            if data is not None:
                stack.append(data)
            elif opcode in HANDLERS and opcode <= OP_16:
                stack.append(b"\x81" if opcode == 0x4F else bytes((opcode - 0x50,)))
            else:
                break
    except ScriptParseError:
        pass
    return stack


def verify_script(
    txin: TxIn, script_pubkey: bytes, flags: int, hasher: TransactionHasher, input_index: int, amount: int
) -> None:
    """Check that an input satisfies the script of the output it spends.

    Args:
        txin: input script and witness.
        script_pubkey: script of the output.
        flags: script verification flags.
        hasher: of the transaction; it must know all spent outputs if taproot is involved.
        input_index: the input.
        amount: value of the output, sat.

    Raises:
        ScriptError: if it does not.
    """
    checker = TransactionChecker(hasher, input_index, amount)
    try:
        _verify(txin.script_sig, script_pubkey, txin.witness, flags, checker)
    except ScriptError as error:
        raise ScriptError(error.fault, input_index) from None


def _verify(
    script_sig: bytes, script_pubkey: bytes, witness: Sequence[bytes], flags: int, checker: TransactionChecker
) -> None:
    if flags & VERIFY_SIGPUSHONLY and not is_push_only(script_sig):
        raise ScriptError(ScriptFault.SIG_PUSHONLY)
    stack: list[bytes] = []
    run_script(Machine(stack, script_sig, flags, checker, SigVersion.BASE))
    after_input = list(stack)
    run_script(Machine(stack, script_pubkey, flags, checker, SigVersion.BASE))
    _require_true(stack)
    had_witness = False
    program = witness_program(script_pubkey) if flags & VERIFY_WITNESS else None
    if program is not None:
        had_witness = True
        if script_sig:
            raise ScriptError(ScriptFault.WITNESS_MALLEATED)
        _verify_program(*program, witness, flags, checker, wrapped=False)
        del stack[1:]
    if flags & VERIFY_P2SH and is_pay_to_script_hash(script_pubkey):
        if not is_push_only(script_sig):
            raise ScriptError(ScriptFault.SIG_PUSHONLY)
        stack = after_input
        redeem_script = stack.pop()
        run_script(Machine(stack, redeem_script, flags, checker, SigVersion.BASE))
        _require_true(stack)
        program = witness_program(redeem_script) if flags & VERIFY_WITNESS else None
        if program is not None:
            had_witness = True
            if script_sig != push_data(redeem_script):
                raise ScriptError(ScriptFault.WITNESS_MALLEATED_P2SH)
            _verify_program(*program, witness, flags, checker, wrapped=True)
            del stack[1:]
    if flags & VERIFY_CLEANSTACK and len(stack) != 1:
        raise ScriptError(ScriptFault.CLEANSTACK)
    if flags & VERIFY_WITNESS and witness and not had_witness:
        raise ScriptError(ScriptFault.WITNESS_UNEXPECTED)


def _require_true(stack: list[bytes]) -> None:
    if not stack or not cast_to_bool(stack[-1]):
        raise ScriptError(ScriptFault.EVAL_FALSE)


def _verify_program(
    version: int, program: bytes, witness: Sequence[bytes], flags: int, checker: TransactionChecker, *, wrapped: bool
) -> None:
    if version == 0:
        _verify_version_0(program, witness, flags, checker)
    elif version == 1 and len(program) == 32 and not wrapped:
        if flags & VERIFY_TAPROOT:
            _verify_taproot(program, witness, flags, checker)
    elif not wrapped and is_pay_to_anchor(pay_to_witness_program(version, program)):
        pass
    elif flags & VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM:
        raise ScriptError(ScriptFault.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM)


def _verify_version_0(program: bytes, witness: Sequence[bytes], flags: int, checker: TransactionChecker) -> None:
    if len(program) == 32:
        if not witness:
            raise ScriptError(ScriptFault.WITNESS_PROGRAM_WITNESS_EMPTY)
        *stack, script = witness
        if sha256(script) != program:
            raise ScriptError(ScriptFault.WITNESS_PROGRAM_MISMATCH)
    elif len(program) == 20:
        if len(witness) != 2:
            raise ScriptError(ScriptFault.WITNESS_PROGRAM_MISMATCH)
        stack, script = list(witness), p2pkh(program)
    else:
        raise ScriptError(ScriptFault.WITNESS_PROGRAM_WRONG_LENGTH)
    _run_witness_script(Machine(stack, script, flags, checker, SigVersion.WITNESS_V0))


def _verify_taproot(output_key: bytes, witness: Sequence[bytes], flags: int, checker: TransactionChecker) -> None:
    stack = list(witness)
    if not stack:
        raise ScriptError(ScriptFault.WITNESS_PROGRAM_WITNESS_EMPTY)
    annex = stack.pop() if len(stack) >= 2 and stack[-1][:1] == bytes((ANNEX_TAG,)) else None
    if len(stack) == 1:
        checker.check_schnorr(stack[0], output_key, annex=annex)
        return
    control_block, script = stack.pop(), stack.pop()
    nodes, rest = divmod(len(control_block) - CONTROL_BASE_SIZE, CONTROL_NODE_SIZE)
    if rest or not 0 <= nodes <= CONTROL_MAX_NODES:
        raise ScriptError(ScriptFault.TAPROOT_WRONG_CONTROL_SIZE)
    leaf_version = control_block[0] & 0xFE
    leaf_hash = tap_leaf_hash(leaf_version, script)
    if not _commits(output_key, control_block, leaf_hash):
        raise ScriptError(ScriptFault.WITNESS_PROGRAM_MISMATCH)
    if leaf_version == LEAF_VERSION_TAPSCRIPT:
        weight = len(compact_size(len(witness))) + sum(len(var_bytes(item)) for item in witness) + _WEIGHT_OFFSET
        _run_tapscript(
            Machine(
                stack, script, flags, checker, SigVersion.TAPSCRIPT, leaf_hash=leaf_hash, annex=annex, weight=weight
            )
        )
    elif flags & VERIFY_DISCOURAGE_UPGRADABLE_TAPROOT_VERSION:
        raise ScriptError(ScriptFault.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION)


def _commits(output_key: bytes, control_block: bytes, leaf_hash: bytes) -> bool:
    """Whether the output key commits to the leaf by way of the control block."""
    try:
        expected, parity = tweak_public_key(
            control_block[1:CONTROL_BASE_SIZE], merkle_root_of(control_block, leaf_hash)
        )
    except ValueError:
        return False
    return expected == output_key and parity == control_block[0] & 1


def _run_tapscript(machine: Machine) -> None:
    try:
        for opcode, _ in iter_ops(machine.script):
            if opcode in _OP_SUCCESS:
                if machine.flags & VERIFY_DISCOURAGE_OP_SUCCESS:
                    raise ScriptError(ScriptFault.DISCOURAGE_OP_SUCCESS)
                return
    except ScriptParseError:
        raise ScriptError(ScriptFault.BAD_OPCODE) from None
    if len(machine.stack) > MAX_STACK_SIZE:
        raise ScriptError(ScriptFault.STACK_SIZE)
    _run_witness_script(machine)


def _run_witness_script(machine: Machine) -> None:
    if any(len(element) > MAX_SCRIPT_ELEMENT_SIZE for element in machine.stack):
        raise ScriptError(ScriptFault.PUSH_SIZE)
    run_script(machine)
    if len(machine.stack) != 1:
        raise ScriptError(ScriptFault.CLEANSTACK)
    _require_true(machine.stack)
