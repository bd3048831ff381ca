"""The entries of the tables that one side of a connection keeps: questions, answers, exports, references."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from libmultiprocess.wire.message import Message, Segment


class Target(Protocol):
    """An object of this process that a peer may call."""

    def find_method(self, interface_id: int, method_id: int) -> Any:
        """The method with these numbers, None if there is none."""

    def released(self) -> None:
        """The peer holds no reference any more. Must not block."""


class RemoteHandle:
    """A reference to an object of the peer. The peer may forget the object when the last handle is gone."""

    __slots__ = ("__weakref__", "_drop", "number")

    def __init__(self, number: int, drop: Callable[[int], None]) -> None:
        self.number = number
        self._drop = drop

    def __del__(self) -> None:
        # A signal's handler may have raised before the handle was complete.
        try:
            self._drop(self.number)
        except AttributeError:
            return


@dataclass(frozen=True, eq=False, slots=True)
class LocalObject:
    """An object of this process that comes back from the peer."""

    target: Any


@dataclass(frozen=True, eq=False, slots=True)
class Unresolved:
    """A capability that an answer of this process will hold, once it is there."""

    answer: "Answer"
    path: tuple[int, ...]


class Export:
    """An object that the peer holds references to.

    Attributes:
        target: the object, None if it was withdrawn while the peer holds references.
        sent: how often it was sent. Changed by threads that send.
        released: how many references the peer gave back. Changed by the thread that reads.
        pinned: whether it stays without references, until it is withdrawn.
    """

    __slots__ = ("pinned", "released", "sent", "target")

    def __init__(self, target: Target, *, pinned: bool) -> None:
        self.target: Target | None = target
        self.sent = 0 if pinned else 1
        self.released = 0
        self.pinned = pinned


class Gone:
    """Stands for an object that was withdrawn."""

    def find_method(self, interface_id: int, method_id: int) -> None:
        """It has none."""

    def released(self) -> None:
        """Nothing is left to let go of."""


GONE: Final = Gone()


class Question(Protocol):
    """A call to the peer. Told of its end by the reading thread."""

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """The results are in."""

    def failed(self, failure: int, reason: str) -> None:
        """The peer sent an exception; ``failure`` is a `Failure` or a number that a newer peer knows."""

    def lost(self) -> None:
        """There will be no answer."""


class Nobody:
    """Stands for a question that was given up."""

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """See `Question`."""

    def failed(self, failure: int, reason: str) -> None:
        """See `Question`."""

    def lost(self) -> None:
        """See `Question`."""


NOBODY: Final = Nobody()


class Asked:
    """An entry of the question table."""

    __slots__ = ("exports", "given_up", "question")

    def __init__(self, question: Question, exports: Sequence[int]) -> None:
        self.question = question
        self.exports = exports
        self.given_up = False


class Answer:
    """A call of the peer, until it is both returned and finished.

    Attributes:
        number: the peer's number for it.
        size: bytes of the call.
        finished: whether the peer has no more use for it.
        returned: whether calls of what it holds need not wait.
        unwanted: whether it was finished before it returned.
        pipelined: whether another call refers to what it will hold, so that it must run even if it is finished.
    """

    __slots__ = (
        "content",
        "exports",
        "failure",
        "finished",
        "number",
        "pipelined",
        "returned",
        "size",
        "unwanted",
        "waiting",
    )

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.finished = False
        self.returned = False
        self.unwanted = False
        self.pipelined = False
        self.waiting: deque[Callable[[], Failed | None]] = deque()
        self.content: tuple[Message, Sequence[Any]] | None = None
        self.exports: Sequence[int] = ()
        self.failure: tuple[int, str] | None = None


Failed = tuple[Answer, int, str]


@dataclass(slots=True)
class Incoming:
    """A call from the peer.

    Attributes:
        answer: what to answer.
        target: the called object.
        method: what `Target.find_method` gave.
        message: where the parameters are.
        content: segment and position of the pointer to them.
        capabilities: what they refer to: `RemoteHandle`, `LocalObject` or None.
    """

    answer: Answer
    target: Any
    method: Any
    message: Message
    content: tuple[Segment, int]
    capabilities: list[Any]
