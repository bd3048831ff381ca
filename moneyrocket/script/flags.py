"""Script verification flags, with the bit positions that libbitcoinkernel uses."""

from typing import Final

VERIFY_NONE: Final = 0
VERIFY_P2SH: Final = 1 << 0
"""Evaluate the redeem script of pay-to-script-hash (BIP16)."""
VERIFY_STRICTENC: Final = 1 << 1
"""Public keys and hash types must be well-formed (policy)."""
VERIFY_DERSIG: Final = 1 << 2
"""Signatures must be strict DER (BIP66)."""
VERIFY_LOW_S: Final = 1 << 3
"""Signatures must use the lower of the two possible S values (policy)."""
VERIFY_NULLDUMMY: Final = 1 << 4
"""The extra element that CHECKMULTISIG takes must be empty (BIP147)."""
VERIFY_SIGPUSHONLY: Final = 1 << 5
"""An input script may only push (policy)."""
VERIFY_MINIMALDATA: Final = 1 << 6
"""Pushes and numbers must be in their shortest form (policy)."""
VERIFY_DISCOURAGE_UPGRADABLE_NOPS: Final = 1 << 7
"""No executed NOP that may get a meaning (policy)."""
VERIFY_CLEANSTACK: Final = 1 << 8
"""Exactly one element must remain (policy)."""
VERIFY_CHECKLOCKTIMEVERIFY: Final = 1 << 9
"""BIP65."""
VERIFY_CHECKSEQUENCEVERIFY: Final = 1 << 10
"""BIP112."""
VERIFY_WITNESS: Final = 1 << 11
"""Segregated witness (BIP141)."""
VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: Final = 1 << 12
"""No witness version without a meaning (policy)."""
VERIFY_MINIMALIF: Final = 1 << 13
"""The argument of IF in a version 0 witness script must be 1 or empty (policy)."""
VERIFY_NULLFAIL: Final = 1 << 14
"""A failed signature check must have been given an empty signature (policy)."""
VERIFY_WITNESS_PUBKEYTYPE: Final = 1 << 15
"""Keys in version 0 witness scripts must be compressed (policy)."""
VERIFY_CONST_SCRIPTCODE: Final = 1 << 16
"""No CODESEPARATOR and no signature in the script code of legacy scripts (policy)."""
VERIFY_TAPROOT: Final = 1 << 17
"""BIP341 and BIP342."""
VERIFY_DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: Final = 1 << 18
"""No unknown leaf version (policy)."""
VERIFY_DISCOURAGE_OP_SUCCESS: Final = 1 << 19
"""No opcode that always succeeds (policy)."""
VERIFY_DISCOURAGE_UPGRADABLE_PUBKEYTYPE: Final = 1 << 20
"""No unknown key type in tapscript (policy)."""

CONSENSUS_FLAGS: Final = (
    VERIFY_P2SH
    | VERIFY_DERSIG
    | VERIFY_NULLDUMMY
    | VERIFY_CHECKLOCKTIMEVERIFY
    | VERIFY_CHECKSEQUENCEVERIFY
    | VERIFY_WITNESS
    | VERIFY_TAPROOT
)
"""All flags that are consensus rules by now, and all that libbitcoinkernel knows."""

MANDATORY_FLAGS: Final = CONSENSUS_FLAGS
"""A transaction that fails these is invalid, not only non-standard."""

STANDARD_FLAGS: Final = (
    MANDATORY_FLAGS
    | VERIFY_STRICTENC
    | VERIFY_MINIMALDATA
    | VERIFY_DISCOURAGE_UPGRADABLE_NOPS
    | VERIFY_CLEANSTACK
    | VERIFY_MINIMALIF
    | VERIFY_NULLFAIL
    | VERIFY_LOW_S
    | VERIFY_DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM
    | VERIFY_WITNESS_PUBKEYTYPE
    | VERIFY_CONST_SCRIPTCODE
    | VERIFY_DISCOURAGE_UPGRADABLE_TAPROOT_VERSION
    | VERIFY_DISCOURAGE_OP_SUCCESS
    | VERIFY_DISCOURAGE_UPGRADABLE_PUBKEYTYPE
)
"""What a transaction must pass to be relayed."""
