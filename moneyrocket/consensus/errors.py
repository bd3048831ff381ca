"""Why a block or a transaction is not valid."""

from enum import IntEnum


class TxResult(IntEnum):
    """What kind of fault a transaction has; it decides what becomes of it and of the peer that sent it."""

    UNSET = 0
    CONSENSUS = 1
    INPUTS_NOT_STANDARD = 2
    NOT_STANDARD = 3
    MISSING_INPUTS = 4
    PREMATURE_SPEND = 5
    WITNESS_MUTATED = 6
    WITNESS_STRIPPED = 7
    CONFLICT = 8
    MEMPOOL_POLICY = 9
    NO_MEMPOOL = 10
    RECONSIDERABLE = 11
    UNKNOWN = 12


class BlockResult(IntEnum):
    """What kind of fault a block has; it decides what becomes of it and of the peer that sent it."""

    UNSET = 0
    CONSENSUS = 1
    CACHED_INVALID = 2
    INVALID_HEADER = 3
    MUTATED = 4
    MISSING_PREV = 5
    INVALID_PREV = 6
    TIME_FUTURE = 7
    HEADER_LOW_WORK = 8


class ValidationError(Exception):
    """A block or transaction breaks a rule.

    Attributes:
        reason: reject reason, a short fixed text such as ``bad-txns-vin-empty``.
        debug: more for people, may be empty.
        result: the kind of fault.
    """

    def __init__(self, reason: str, debug: str = "", result: TxResult | BlockResult = TxResult.UNSET) -> None:
        super().__init__(reason, debug, result)
        self.reason = reason
        self.debug = debug
        self.result = result

    def __str__(self) -> str:
        return f"{self.reason}, {self.debug}" if self.debug else self.reason
