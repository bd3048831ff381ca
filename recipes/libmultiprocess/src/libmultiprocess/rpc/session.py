"""What one side of a connection knows: its questions, answers and exports, and what each message does to them.

Three kinds of threads meet here. One at a time reads messages and passes them to `Session.receive`. Any may ask
(`Session.ask`), and any may answer (`Session.answer`). Each table is changed by single dictionary operations, which
threads cannot interrupt; only an answer's end, which returning and finishing both may bring, takes a lock. No reference
count is kept for imports: each received reference is a handle of its own, and is given back on its own.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, Final, Protocol

from libmultiprocess.errors import MalformedMessage, ProtocolError
from libmultiprocess.rpc import messages
from libmultiprocess.rpc.messages import Descriptor, Failure, Hosted, Kind, Outcome
from libmultiprocess.wire.message import Message, Segment, StructAt
from libmultiprocess.wire.output import Output

MAX_CALLS: Final = 10_000
"""How many calls of a peer may be unanswered at once."""

MAX_HELD_BYTES: Final = 512 << 20
"""How large the calls that a peer has no answer to may be together. One more is always taken."""

_MAX_ID: Final = 1 << 32


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
class _Unresolved:
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


class _Gone:
    """Stands for an object that was withdrawn."""

    def find_method(self, interface_id: int, method_id: int) -> None:
        """It has none."""

    def released(self) -> None:
        """Nothing is left to let go of."""


_GONE: Final = _Gone()


class Question(Protocol):
    """A call to the peer. Told of its end by the reading thread."""

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """The results are in."""

    def failed(self, failure: int, reason: str) -> None:
        """The peer sent an exception; ``failure`` is a `Failure` or a number that a newer peer knows."""

    def lost(self) -> None:
        """There will be no answer."""


class _Nobody:
    """Stands for a question that was given up."""

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """See `Question`."""

    def failed(self, failure: int, reason: str) -> None:
        """See `Question`."""

    def lost(self) -> None:
        """See `Question`."""


_NOBODY: Final = _Nobody()


class _Asked:
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
    """

    __slots__ = ("_content", "_exports", "_failure", "finished", "number", "returned", "size", "waiting")

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.size = size
        self.finished = False
        self.returned = False
        self.waiting: deque[Callable[[], _Failed | None]] = deque()
        self._content: tuple[Message, Sequence[Any]] | None = None
        self._exports: Sequence[int] = ()
        self._failure: tuple[int, str] | None = None


_Failed = tuple[Answer, int, str]


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


class Session:
    """The state of one connection.

    Args:
        send: sends a message; the second argument tells whether it may wait for the next one.
        received: takes each call of the peer. Called by the reading thread, so it must not block.
        nudge: says that `release_dropped` has something to do. Called anywhere, in finalizers too.
        offered: what the peer gets when it asks for the first object, if anything.

    Attributes:
        closed: whether the connection has ended.
        deferred: how many calls of the peer wait for an answer of this side. They are passed on by the thread that
            answers, while another one reads.
    """

    def __init__(
        self,
        send: Callable[[bytes, bool], None],
        received: Callable[[Incoming], None],
        nudge: Callable[[], None],
        offered: Target | None,
    ) -> None:
        self._send = send
        self._received = received
        self._nudge = nudge
        self._offered = offered
        self._offered_as = -1
        self._question_numbers = count(0)
        self._export_numbers = count(0)
        self._questions: dict[int, _Asked] = {}
        self._answers: dict[int, Answer] = {}
        self._exports: dict[int, Export] = {}
        self._returning = threading.Lock()
        # Bytes of all calls so far, and of those that are returned: each changed by one thread at a time.
        self._taken = 0
        self._returned = 0
        self._dropped: deque[int] = deque()
        self.closed = False
        self.deferred = 0

    # Asking; in any thread.

    def ask(
        self,
        question: Question,
        target: RemoteHandle,
        numbers: tuple[int, int],
        out: Output,
        bits: int,
    ) -> int:
        """Call a method of the peer's object. Ends with one of the methods of ``question``.

        Args:
            target: the object.
            numbers: id of the interface that declares the method, and the method's ordinal.
            out: the parameters.
            bits: sizes of the parameters' struct.

        Returns:
            The question's number, for `give_up`.
        """
        number = next(self._question_numbers) % _MAX_ID
        descriptors = self._describe(out.capabilities)
        exports = [item[1] for item in descriptors if item[0] == Hosted.SENDER]
        self._questions[number] = _Asked(question, exports)
        self._send(messages.call(number, target.number, *numbers, out, bits, descriptors), False)
        if self.closed:
            self._lose(number)
        return number

    def ask_first_object(self, question: Question) -> int:
        """Ask for the object that the peer offers. See `ask`."""
        number = next(self._question_numbers) % _MAX_ID
        self._questions[number] = _Asked(question, ())
        self._send(messages.bootstrap(number), False)
        if self.closed:
            self._lose(number)
        return number

    def give_up(self, number: int) -> None:
        """Nobody waits for a question any more."""
        asked = self._questions.get(number)
        if asked is not None and not asked.given_up:
            asked.given_up = True
            # Not kept until the answer comes: it may hold the thread that has waited.
            asked.question = _NOBODY
            self._send(messages.finish(number, release_results=True), False)

    def _lose(self, number: int) -> None:
        asked = self._questions.pop(number, None)
        if asked is not None:
            asked.question.lost()

    def _describe(self, capabilities: Sequence[Any]) -> list[Descriptor]:
        """How each capability of an outgoing message is sent; what is not yet exported gets a number."""
        descriptors: list[Descriptor] = []
        for item in capabilities:
            if type(item) is RemoteHandle:
                descriptors.append((Hosted.RECEIVER, item.number))
            elif type(item) is int:
                export = self._exports.get(item)
                if export is None:
                    # The connection has ended a moment ago, and nothing is sent any more.
                    descriptors.append((Hosted.NONE, 0))
                    continue
                export.sent += 1
                descriptors.append((Hosted.SENDER, item))
            else:
                descriptors.append((Hosted.SENDER, self.export(item)))
        return descriptors

    def export(self, target: Target, *, pinned: bool = False) -> int:
        """Give ``target`` a number by which the peer may call it.

        Args:
            target: the object. Its `released` is called when the peer lets go.
            pinned: whether it may be sent many times under the same number, by one thread, until it is withdrawn.
        """
        number = next(self._export_numbers) % _MAX_ID
        self._exports[number] = Export(target, pinned=pinned)
        if self.closed:
            self._forget(number)
        return number

    def withdraw(self, number: int) -> None:
        """Let go of a pinned export. Safe in finalizers."""
        export = self._exports.get(number)
        if export is None:
            return
        export.target = None
        export.pinned = False
        if export.released == export.sent:
            self._exports.pop(number, None)

    def _forget(self, number: int) -> None:
        export = self._exports.pop(number, None)
        # What is offered can be asked for again.
        if export is not None and export.target is not None and export.target is not self._offered:
            export.target.released()

    # Answering; in any thread.

    def answer(self, answer: Answer, out: Output, bits: int) -> None:
        """Return results; thrown away if the peer has finished already."""
        descriptors = self._describe(out.capabilities) if out.capabilities else ()
        if descriptors:
            answer._content = (_kept(out, bits), [self._own(item) for item in descriptors])
            answer._exports = [item[1] for item in descriptors if item[0] == Hosted.SENDER]
        # Nothing can be asked of an answer without objects, so it needs no `Finish`.
        failed = self._return(answer, messages.results(answer.number, out, bits, descriptors), bool(descriptors))
        for item in failed:
            self.fail(*item)

    def fail(self, answer: Answer, failure: int, reason: str) -> None:
        """Return an exception."""
        failed: list[_Failed] = [(answer, failure, reason)]
        # Not by recursion: a peer may ask something of an answer that waits for an answer that waits, and so on.
        while failed:
            answer, failure, reason = failed.pop()
            answer._failure = (failure, reason)
            failed += self._return(answer, messages.exception(answer.number, failure, reason), True)

    def _return(self, answer: Answer, content: bytes, needs_finish: bool) -> "Sequence[_Failed]":
        """Deliver the calls that waited for an answer, then send it; returns those of them that cannot be delivered."""
        failed: list[_Failed] = []
        while True:
            with self._returning:
                if not answer.waiting:
                    # From now on, calls of what it holds need not wait; none overtakes one that did.
                    answer.returned = True
                    self._returned += answer.size
                    finished = answer.finished
                    if finished or not needs_finish or self.closed:
                        self._answers.pop(answer.number, None)
                    break
                deliver = answer.waiting.popleft()
            if (item := deliver()) is not None:
                failed.append(item)
            with self._returning:
                self.deferred -= 1
        if finished:
            self._send(messages.canceled(answer.number), False)
            self._release_all(answer._exports)
        else:
            self._send(content, False)
        return failed

    def _own(self, descriptor: Descriptor) -> Any:
        export = self._exports.get(descriptor[1]) if descriptor[0] == Hosted.SENDER else None
        return None if export is None else export.target

    # Receiving; one thread at a time.

    def receive(self, message: Message) -> None:
        """Take one message of the peer.

        Raises:
            ProtocolError: if the protocol does not allow it. The connection cannot go on.
            MalformedMessage: if it makes no sense. Likewise.
        """
        call = messages.usual_call(message)
        if call is not None:
            self._take_usual_call(message, *call)
            return
        usual_return = messages.usual_return(message)
        if usual_return is not None and not usual_return[1]:
            self._take_usual_return(message, usual_return[0])
            return
        root = message.struct_at(message.segments[0], 0)
        if root is None:
            raise MalformedMessage("a message without a root")
        kind = messages.u16(root, 0)
        if kind == Kind.CALL:
            self._take_call(message, messages.part(message, root, 0))
        elif kind == Kind.RETURN:
            self._take_return(message, messages.part(message, root, 0))
        elif kind == Kind.FINISH:
            self._take_finish(messages.part(message, root, 0))
        elif kind == Kind.RELEASE:
            body = messages.part(message, root, 0)
            self._release(messages.u32(body, 0), messages.u32(body, 4))
        elif kind == Kind.BOOTSTRAP:
            self._take_bootstrap(messages.u32(messages.part(message, root, 0), 0))
        elif kind == Kind.RESOLVE:
            self._take_resolve(message, messages.part(message, root, 0))
        elif kind == Kind.DISEMBARGO:
            self._take_disembargo(message, messages.part(message, root, 0))
        elif kind == Kind.ABORT:
            reason = messages.text(message, messages.part(message, root, 0), 0)
            raise ProtocolError(f"the peer gave up: {reason}")
        elif kind == Kind.UNIMPLEMENTED:
            self._take_unimplemented(message, messages.part(message, root, 0))
        else:
            self._send(messages.unimplemented(message), False)

    def _open_answer(self, number: int, size: int) -> Answer:
        if number in self._answers:
            raise ProtocolError(f"question {number} was asked twice")
        if len(self._answers) >= MAX_CALLS:
            raise ProtocolError(f"more than {MAX_CALLS} calls at once")
        if self._taken - self._returned > MAX_HELD_BYTES:
            raise ProtocolError(f"calls of more than {MAX_HELD_BYTES} bytes at once")
        self._taken += size
        answer = self._answers[number] = Answer(number, size)
        return answer

    def _take_bootstrap(self, number: int) -> None:
        answer = self._open_answer(number, 0)
        if self._offered is None:
            self.fail(answer, Failure.FAILED, "this side offers no object")
            return
        exported = self._exports.get(self._offered_as)
        if exported is None:
            self._offered_as = self.export(self._offered)
        else:
            exported.sent += 1
        with self._returning:
            answer.returned = True
            answer._content = (Message((b"\x03\0\0\0\0\0\0\0",)), [self._offered])
            answer._exports = (self._offered_as,)
        self._send(messages.bootstrap_results(number, self._offered_as), False)

    def _take_usual_call(
        self, message: Message, question: int, interface_id: int, method_id: int, number: int, has_table: bool
    ) -> None:
        answer = self._open_answer(question, message.size)
        payload = messages.usual_call_payload(message)
        capabilities: list[Any] = []
        if has_table:
            capabilities = [self._import(message, item) for item in messages.descriptors(message, payload)]
        call = Incoming(answer, None, None, message, (payload[0], payload[3]), capabilities)
        failed = self._deliver(call, self._exported(number), interface_id, method_id, None)
        if failed is not None:
            self.fail(*failed)

    def _take_call(self, message: Message, at: StructAt) -> None:
        answer = self._open_answer(messages.u32(at, 0), message.size)
        payload = messages.part(message, at, 1)
        # References must be taken over even if the call is refused, so that they are given back.
        capabilities = [self._import(message, item) for item in messages.descriptors(message, payload)]
        if messages.u16(at, 6):
            self.fail(answer, Failure.UNIMPLEMENTED, "results can only be sent to the caller; tail calls are refused")
            return
        wanted = self._target(message, messages.part(message, at, 0))
        call = Incoming(answer, None, None, message, messages.content(payload), capabilities)
        failed = self._deliver(call, wanted, messages.u64(at, 8), messages.u16(at, 4), None)
        if failed is not None:
            self.fail(*failed)

    def _deliver(
        self, call: Incoming, wanted: Any, interface_id: int, method_id: int, ready: Answer | None
    ) -> _Failed | None:
        """Hand over a call, now or as soon as everything it refers to is there; if it cannot be, return how it fails.

        Args:
            ready: an answer that is about to be returned, for which this call has waited.
        """
        for index, item in enumerate((wanted, *call.capabilities) if call.capabilities else (wanted,)):
            if type(item) is not _Unresolved:
                continue
            with self._returning:
                pending = not item.answer.returned and item.answer is not ready
                if pending:
                    later = partial(self._deliver, call, wanted, interface_id, method_id, item.answer)
                    item.answer.waiting.append(later)
                    self.deferred += 1
            if pending:
                return None
            found = self._follow(item)
            if isinstance(found, tuple):
                return (call.answer, *found)
            if index == 0:
                wanted = found
            else:
                call.capabilities[index - 1] = LocalObject(found)
        method = wanted.find_method(interface_id, method_id)
        if method is None:
            reason = f"interface {interface_id:#x} method {method_id} is not implemented"
            return call.answer, Failure.UNIMPLEMENTED, reason
        call.target, call.method = wanted, method
        self._received(call)
        return None

    def _target(self, message: Message, at: StructAt) -> Any:
        kind = messages.u16(at, 4)
        if kind == 0:
            return self._exported(messages.u32(at, 0))
        if kind == 1:
            return self._promised(message, messages.part(message, at, 0))
        raise ProtocolError(f"a call to a target of unknown kind {kind}")

    def _exported(self, number: int) -> Any:
        export = self._exports.get(number)
        if export is None:
            raise ProtocolError(f"object {number} is named, which was never sent or is released")
        return export.target or _GONE

    def _promised(self, message: Message, at: StructAt) -> _Unresolved:
        number = messages.u32(at, 0)
        answer = self._answers.get(number)
        if answer is None:
            # It has returned without capabilities and was forgotten, which the caller may not know yet.
            answer = Answer(number, 0)
            answer.returned = True
        return _Unresolved(answer, messages.transform(message, at))

    def _follow(self, promised: _Unresolved) -> Any:
        """The object in an answer, or the failure that a call of it has."""
        answer = promised.answer
        if answer._failure is not None:
            return answer._failure
        nothing = (Failure.FAILED, "a call of a result that is no object")
        if answer._content is None:
            return nothing
        # Another one each time, for what may be read in one is limited.
        message, targets = Message(answer._content[0].segments), answer._content[1]
        segment, position = message.segments[0], 0
        try:
            for index in promised.path:
                found = message.struct_at(segment, position)
                if found is None or index >= found[4]:
                    return nothing
                segment, position = found[0], found[3] + index * 8
            entry = message.capability_at(segment, position)
        except MalformedMessage:
            return nothing
        if entry is None or entry >= len(targets) or targets[entry] is None:
            return nothing
        return targets[entry]

    def _import(self, message: Message, at: StructAt) -> Any:
        kind = messages.u16(at, 0)
        if kind in (Hosted.SENDER, Hosted.SENDER_PROMISE):
            return RemoteHandle(messages.u32(at, 4), self._drop)
        if kind == Hosted.RECEIVER:
            return LocalObject(self._exported(messages.u32(at, 4)))
        if kind == Hosted.RECEIVER_ANSWER:
            return self._promised(message, messages.part(message, at, 0))
        if kind == Hosted.THIRD_PARTY:
            # Whoever cannot meet third parties talks to them through the sender.
            return RemoteHandle(messages.u32(messages.part(message, at, 0), 0), self._drop)
        return None

    def _take_usual_return(self, message: Message, number: int) -> None:
        asked = self._questions.get(number)
        if asked is None:
            raise ProtocolError(f"an answer to question {number}, which was not asked")
        if not asked.given_up:
            asked.question.returned(message, messages.usual_return_content(message), ())
        self._questions.pop(number, None)

    def _take_return(self, message: Message, at: StructAt) -> None:
        number = messages.u32(at, 0)
        asked = self._questions.get(number)
        if asked is None:
            raise ProtocolError(f"an answer to question {number}, which was not asked")
        if not messages.flag(at, 4, 0):
            self._release_all(asked.exports)
        if not asked.given_up:
            if not messages.flag(at, 4, 1):
                self._send(messages.finish(number, release_results=False), True)
            self._pass_on(message, at, asked.question)
        # Not before: whatever goes wrong on the way here, a question that is in the table gets its end.
        self._questions.pop(number, None)

    def _pass_on(self, message: Message, at: StructAt, question: Question) -> None:
        """Tell a question how it ended."""
        outcome = messages.u16(at, 6)
        if outcome == Outcome.RESULTS:
            payload = messages.part(message, at, 0)
            capabilities: list[Any] = []
            for item in messages.descriptors(message, payload):
                found = self._import(message, item)
                capabilities.append(None if type(found) is _Unresolved else found)
            question.returned(message, messages.content(payload), capabilities)
        elif outcome == Outcome.EXCEPTION:
            exception = messages.part(message, at, 0)
            question.failed(messages.u16(exception, 4), messages.text(message, exception, 0))
        elif outcome == Outcome.CANCELED:
            question.failed(Failure.FAILED, "the call was canceled")
        else:
            question.failed(Failure.UNIMPLEMENTED, "the peer wants to send the results another way, which is refused")

    def _take_finish(self, at: StructAt) -> None:
        number = messages.u32(at, 0)
        release = not messages.flag(at, 4, 0)
        with self._returning:
            answer = self._answers.get(number)
            if answer is None or answer.finished:
                # It needed no `Finish`, and the peer does not know that.
                return
            answer.finished = True
            returned = answer.returned
            if returned:
                del self._answers[number]
        if returned and release:
            self._release_all(answer._exports)

    def _take_resolve(self, message: Message, at: StructAt) -> None:
        # Calls of a promise keep going to the promise: the peer passes them on, and no order of calls can change.
        if messages.u16(at, 4) == 0:
            self._import(message, messages.part(message, at, 0))

    def _take_disembargo(self, message: Message, at: StructAt) -> None:
        if messages.u16(at, 4) in (2, 3):
            self._send(messages.unimplemented(message), False)
            return
        # No promise of this side ever turns out to be an object of the peer.
        raise ProtocolError("a disembargo of what was never embargoed")

    def _take_unimplemented(self, message: Message, at: StructAt) -> None:
        kind = messages.u16(at, 0)
        if kind == Kind.UNIMPLEMENTED:
            return
        raise ProtocolError(f"the peer does not know messages of kind {kind}")

    def _release(self, number: int, references: int) -> None:
        export = self._exports.get(number)
        if export is None:
            raise ProtocolError(f"object {number} is released, which was never sent or is released already")
        export.released += references
        if export.released > export.sent:
            raise ProtocolError(f"object {number} is released more often than it was sent")
        if export.released == export.sent and not export.pinned:
            self._forget(number)

    def _release_all(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number in self._exports:
                self._release(number, 1)

    # Both.

    def _drop(self, number: int) -> None:
        """A handle is gone. A finalizer may run anywhere, so the peer is told later."""
        self._dropped.append(number)
        self._nudge()

    def release_dropped(self) -> None:
        """Tell the peer of references that are gone. Sends nothing at once."""
        dropped: Counter[int] = Counter()
        while self._dropped:
            dropped[self._dropped.popleft()] += 1
        for number, references in dropped.items():
            self._send(messages.release(number, references), True)

    def close(self) -> None:
        """The connection has ended: every question is lost, every export released."""
        self.closed = True
        for number in list(self._questions):
            self._lose(number)
        for answer in list(self._answers.values()):
            # Calls that have not begun need not.
            answer.finished = True
        self._answers.clear()
        for number in list(self._exports):
            self._forget(number)
        offered, self._offered = self._offered, None
        if offered is not None:
            offered.released()

    def forked(self) -> None:
        """The process is a fork: the connection is the parent's, and threads that held the lock are gone."""
        self._returning = threading.Lock()
        self.close()

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many entries each table has."""
        return {"questions": len(self._questions), "answers": len(self._answers), "exports": len(self._exports)}


def _kept(out: Output, bits: int) -> Message:
    """The content of a return as a message of its own, for calls of what it holds."""
    root = (bits or 0xFFFFFFFC).to_bytes(8, "little")
    return Message((b"".join((root, *out.chunks)),))
