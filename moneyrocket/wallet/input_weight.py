"""How much a signed input weighs, before it is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moneyrocket.primitives.serialize import compact_size
from moneyrocket.script.standard import TxoutType, solve

if TYPE_CHECKING:
    from moneyrocket.script.signing_provider import SigningProvider

_OUTPOINT_AND_SEQUENCE: Final = 40
_ECDSA: Final = 1 + 71
"""Push of a low-R signature with its hash type."""
_SCHNORR: Final = 1 + 64
_COMPRESSED_KEY: Final = 1 + 33


@dataclass(frozen=True, slots=True)
class InputWeight:
    """Sizes of a signed input, bytes.

    Attributes:
        script_sig: the signature script, without its length.
        witness: the witness with its count, 0 for none.
    """

    script_sig: int
    witness: int = 0

    @property
    def has_witness(self) -> bool:
        """Whether there is a witness."""
        return self.witness > 0

    @property
    def weight(self) -> int:
        """Weight units, in a transaction where inputs without witness need not say so."""
        script_sig = len(compact_size(self.script_sig)) + self.script_sig
        return 4 * (_OUTPOINT_AND_SEQUENCE + script_sig) + self.witness

    @property
    def size(self) -> int:
        """vB, in a transaction with witnesses."""
        return -(-(self.weight + (not self.has_witness)) // 4)


def input_weight(script: bytes, provider: SigningProvider) -> InputWeight | None:
    """Sizes of an input that spends ``script`` with the largest signatures; None when it cannot be solved."""
    kind, solutions = solve(script)
    if kind is TxoutType.WITNESS_V1_TAPROOT:
        # The key path; a script path is chosen only when the key is not there, and then the estimate is too low.
        return InputWeight(0, 1 + _SCHNORR)
    if kind is TxoutType.WITNESS_V0_KEYHASH:
        return InputWeight(0, 1 + _ECDSA + _COMPRESSED_KEY)
    if kind is TxoutType.WITNESS_V0_SCRIPTHASH:
        inner = provider.witness_scripts.get(solutions[0])
        stack = None if inner is None else _stack(inner, provider)
        if inner is None or stack is None:
            return None
        items, size = stack
        return InputWeight(0, len(compact_size(items + 1)) + size + len(compact_size(len(inner))) + len(inner))
    if kind is TxoutType.SCRIPTHASH:
        inner = provider.scripts.get(solutions[0])
        if inner is None:
            return None
        push = _push_size(len(inner))
        nested = input_weight(inner, provider)
        if nested is None:
            return None
        return InputWeight(nested.script_sig + push, nested.witness)
    stack = _stack(script, provider)
    return None if stack is None else InputWeight(stack[1])


def _stack(script: bytes, provider: SigningProvider) -> tuple[int, int] | None:
    """Number and bytes of the pushes that satisfy a script."""
    kind, solutions = solve(script)
    match kind:
        case TxoutType.PUBKEY:
            return 1, _ECDSA
        case TxoutType.PUBKEYHASH:
            key = provider.public_keys.get(solutions[0])
            return None if key is None else (2, _ECDSA + 1 + len(key.data))
        case TxoutType.MULTISIG:
            needed = solutions[0][0]
            return needed + 1, 1 + needed * _ECDSA
        case _:
            return None


def _push_size(length: int) -> int:
    if length <= 75:
        return 1 + length
    return (2 if length <= 255 else 3) + length
