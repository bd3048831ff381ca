"""Scripts as text, as RPC results show them."""

from moneyrocket.script.encoding import SIGHASH_TYPES, is_defined_hash_type, is_strict_der
from moneyrocket.script.opcodes import OP_PUSHDATA4, opcode_name
from moneyrocket.script.script import ScriptParseError, is_unspendable, iter_ops
from moneyrocket.script.script_num import decode_script_num


def script_to_asm(script: bytes, *, decode_sighash: bool = False) -> str:
    """Assembly of a script: opcodes by name, short data as numbers, longer data in hexadecimal.

    Args:
        script: the script.
        decode_sighash: show the hash type of what looks like a signature by name, as ``...[ALL]``.
    """
    words = []
    decode_sighash = decode_sighash and not is_unspendable(script)
    try:
        for opcode, data in iter_ops(script):
            if opcode > OP_PUSHDATA4 or data is None:
                words.append(opcode_name(opcode))
            elif len(data) <= 4:
                words.append(str(decode_script_num(data, require_minimal=False)))
            elif decode_sighash and is_strict_der(data) and is_defined_hash_type(data):
                words.append(f"{data[:-1].hex()}[{SIGHASH_TYPES[data[-1]]}]")
            else:
                words.append(data.hex())
    except ScriptParseError:
        words.append("[error]")
    return " ".join(words)
