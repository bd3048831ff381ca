from collections.abc import Iterator
from typing import NamedTuple

from moneyrocket.primitives.transaction import NULL_OUTPOINT, OutPoint, Transaction, TxIn, TxOut
from moneyrocket.script.errors import ScriptError
from moneyrocket.script.flags import CONSENSUS_FLAGS, VERIFY_CLEANSTACK, VERIFY_P2SH, VERIFY_TAPROOT, VERIFY_WITNESS
from moneyrocket.script.interpreter import verify_script
from moneyrocket.script.kernel import first_failing_input
from moneyrocket.script.sighash import TransactionHasher
from moneyrocket.script.taproot import tap_leaf_hash, tweak_public_key
from moneyrocket.tests.script.vectors import ALL_FLAGS, load, parse_flags, parse_script

# The point of BIP341 that nobody knows a private key of.
_NUMS = bytes.fromhex("50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0")


class Case(NamedTuple):
    """A script test: a spending transaction, the output it spends, flags, and how it ends."""

    tx: Transaction
    spent: TxOut
    flags: int
    expected: str


def _script_tests() -> Iterator[Case]:
    for row in load("script_tests.json"):
        witness: tuple[bytes, ...] = ()
        value = 0
        if isinstance(row[0], list):
            *items, amount = row[0]
            value = round(amount * 100_000_000)
            witness, output_key = _witness(items)
            row = [row[1], row[2].replace("#TAPROOTOUTPUT#", f"0x{output_key}"), *row[3:]]
        script_sig, script_pubkey, flags, expected = (parse_script(row[0]), parse_script(row[1]), row[2], row[3])
        credit = Transaction(1, (TxIn(NULL_OUTPOINT, b"\0\0"),), (TxOut(value, script_pubkey),))
        spend = Transaction(1, (TxIn(OutPoint(credit.txid, 0), script_sig, witness=witness),), (TxOut(value, b""),))
        yield Case(spend, credit.outputs[0], _complete(parse_flags(flags)), expected)


def _witness(items: list[str]) -> tuple[tuple[bytes, ...], str]:
    """Witness stack, and the output key that its tapscript belongs to (hex)."""
    script = next((parse_script(item[9:]) for item in items if item.startswith("#SCRIPT#")), None)
    if script is None:
        return tuple(map(bytes.fromhex, items)), ""
    output_key, odd = tweak_public_key(_NUMS, tap_leaf_hash(0xC0, script))
    special = {"#SCRIPT#": script, "#CONTROLBLOCK#": bytes((0xC0 | odd,)) + _NUMS}
    stack = [special[item.split()[0]] if item.startswith("#") else bytes.fromhex(item) for item in items]
    return tuple(stack), output_key.hex()


def _complete(flags: int) -> int:
    """With the flags that others need."""
    if flags & VERIFY_CLEANSTACK:
        return flags | VERIFY_P2SH | VERIFY_WITNESS
    return flags | VERIFY_P2SH if flags & VERIFY_WITNESS else flags


def _outcome(tx: Transaction, spent: TxOut, flags: int) -> str:
    hasher = TransactionHasher(tx, [spent])
    try:
        verify_script(tx.inputs[0], spent.script_pubkey, flags, hasher, 0, spent.value)
    except ScriptError as error:
        return error.fault.name
    return "OK"


def test_every_script_ends_as_the_reference_says() -> None:
    aliases = {"NULLFAIL": "SIG_NULLFAIL"}
    cases = list(_script_tests())

    wrong = [
        case for case in cases if _outcome(case.tx, case.spent, case.flags) != aliases.get(case.expected, case.expected)
    ]

    assert len(cases) > 1200
    assert not wrong


def test_the_kernel_agrees_on_consensus_flags() -> None:
    wrong = []
    for case in _script_tests():
        flags = case.flags & CONSENSUS_FLAGS
        valid = first_failing_input(case.tx.serialize(), [case.spent], flags) is None
        if valid != (_outcome(case.tx, case.spent, flags) == "OK"):
            wrong.append(case)

    assert not wrong


def _failing_inputs(tx: Transaction, spent: list[TxOut], flags: int) -> list[str]:
    hasher = TransactionHasher(tx, spent)
    faults = []
    for number, (txin, out) in enumerate(zip(tx.inputs, spent, strict=True)):
        try:
            verify_script(txin, out.script_pubkey, flags, hasher, number, out.value)
        except ScriptError as error:
            faults.append(error.fault.name)
    return faults


def _transactions(name: str) -> Iterator[tuple[Transaction, list[TxOut], str]]:
    for given, text, flags in load(name):
        if flags == "BADTX":
            continue
        tx = Transaction.deserialize(bytes.fromhex(text))
        outputs = {
            OutPoint(bytes.fromhex(txid)[::-1], n & 0xFFFFFFFF): TxOut(value[0] if value else 0, parse_script(script))
            for txid, n, script, *value in given
        }
        yield tx, [outputs[txin.prevout] for txin in tx.inputs], flags


def test_valid_transactions_pass_with_all_flags_but_those_named() -> None:
    wrong = []
    for tx, spent, excluded in _transactions("tx_valid.json"):
        flags = ALL_FLAGS & ~parse_flags("" if excluded == "NONE" else excluded)
        if not flags & VERIFY_P2SH:
            flags &= ~VERIFY_WITNESS
        if not flags & VERIFY_WITNESS:
            flags &= ~(VERIFY_CLEANSTACK | VERIFY_TAPROOT)
        faults = _failing_inputs(tx, spent, flags)
        if faults:
            wrong.append((tx, faults))

    assert not wrong


def test_invalid_transactions_fail_with_the_flags_named() -> None:
    wrong = [
        tx
        for tx, spent, flags in _transactions("tx_invalid.json")
        if not _failing_inputs(tx, spent, parse_flags("" if flags == "NONE" else flags))
    ]

    assert not wrong
