"""What one side of a connection knows: its questions, answers and exports, and what each message does to them.

Three kinds of threads meet here. One at a time reads messages and passes them to `Session.receive`. Any may ask
(`Session.ask`), and any may answer (`Session.answer`). Each table is changed by single dictionary operations, which
threads cannot interrupt; only an answer's end, which returning and finishing both may bring, takes a lock. No reference
count is kept for imports: each received reference is a handle of its own, and is given back on its own.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final

from libmultiprocess.errors import MalformedMessage, ProtocolError
from libmultiprocess.limits import Limits
from libmultiprocess.rpc import messages
from libmultiprocess.rpc.messages import Failure, Hosted, Kind, Outcome
from libmultiprocess.rpc.references import References
from libmultiprocess.rpc.tables import (
    NOBODY,
    Answer,
    Asked,
    Failed,
    Incoming,
    LocalObject,
    Question,
    RemoteHandle,
    Target,
    Unresolved,
)
from libmultiprocess.wire.message import Message, StructAt
from libmultiprocess.wire.output import Output

_MAX_ID: Final = 1 << 32


class Session:
    """The state of one connection.

    Args:
        send: sends a message; the second argument tells whether it may wait for the next one.
        received: takes each call of the peer. Called by the reading thread, so it must not block.
        nudge: says that `release_dropped` has something to do. Called anywhere, in finalizers too.
        offered: what the peer gets when it asks for the first object, if anything.
        limits: what the peer may take.

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
        limits: Limits = Limits(),  # noqa: B008  # immutable
    ) -> None:
        self._limits = limits
        self._send = send
        self._received = received
        self.references = References(send, nudge, offered)
        self._question_numbers = count(0)
        self._questions: dict[int, Asked] = {}
        self._answers: dict[int, Answer] = {}
        self._returning = threading.Lock()
        # Bytes of all calls so far, and of those that are returned: each changed by one thread at a time.
        self._taken = 0
        self._returned = 0
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
        descriptors = self.references.describe(out.capabilities)
        exports = [item[1] for item in descriptors if item[0] == Hosted.SENDER]
        self._questions[number] = Asked(question, exports)
        self._send(messages.call(number, target.number, *numbers, out, bits, descriptors), False)
        if self.closed:
            self._lose(number)
        return number

    def ask_first_object(self, question: Question) -> int:
        """Ask for the object that the peer offers. See `ask`."""
        number = next(self._question_numbers) % _MAX_ID
        self._questions[number] = Asked(question, ())
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
            asked.question = NOBODY
            self._send(messages.finish(number, release_results=True), False)

    def _lose(self, number: int) -> None:
        asked = self._questions.pop(number, None)
        if asked is not None:
            asked.question.lost()

    # Answering; in any thread.

    def answer(self, answer: Answer, out: Output, bits: int) -> None:
        """Return results; thrown away if the peer has finished already."""
        descriptors = self.references.describe(out.capabilities) if out.capabilities else ()
        if descriptors:
            answer.content = (_kept(out, bits), [self.references.target_of(item) for item in descriptors])
            answer.exports = [item[1] for item in descriptors if item[0] == Hosted.SENDER]
        # Nothing can be asked of an answer without objects, so it needs no `Finish`.
        failed = self._return(answer, messages.results(answer.number, out, bits, descriptors), bool(descriptors))
        for item in failed:
            self.fail(*item)

    def fail(self, answer: Answer, failure: int, reason: str) -> None:
        """Return an exception."""
        failed: list[Failed] = [(answer, failure, reason)]
        # Not by recursion: a peer may ask something of an answer that waits for an answer that waits, and so on.
        while failed:
            answer, failure, reason = failed.pop()
            answer.failure = (failure, reason)
            failed += self._return(answer, messages.exception(answer.number, failure, reason), True)

    def _return(self, answer: Answer, content: bytes, needs_finish: bool) -> "Sequence[Failed]":
        """Deliver the calls that waited for an answer, then send it; returns those of them that cannot be delivered."""
        failed: list[Failed] = []
        while (deliver := self._next_waiting(answer, needs_finish)) is not None:
            if (item := deliver()) is not None:
                failed.append(item)
            with self._returning:
                self.deferred -= 1
        if answer.unwanted:
            self._send(messages.canceled(answer.number), False)
            self.references.release_all(answer.exports)
        else:
            self._send(content, False)
        return failed

    def _next_waiting(self, answer: Answer, needs_finish: bool) -> "Callable[[], Failed | None] | None":
        """What waits for an answer; once nothing does, the answer has returned."""
        with self._returning:
            if answer.waiting:
                return answer.waiting.popleft()
            # From now on, calls of what it holds need not wait; none overtakes one that did.
            answer.returned = True
            answer.unwanted = answer.finished
            self._returned += answer.size
            if answer.finished or not needs_finish or self.closed:
                self._answers.pop(answer.number, None)
            return None

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
            self.references.release(messages.u32(body, 0), messages.u32(body, 4))
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
        if len(self._answers) >= self._limits.calls:
            raise ProtocolError(f"more than {self._limits.calls} calls at once")
        if self._taken - self._returned > self._limits.held_bytes:
            raise ProtocolError(f"calls of more than {self._limits.held_bytes} bytes at once")
        self._taken += size
        answer = self._answers[number] = Answer(number, size)
        return answer

    def _take_bootstrap(self, number: int) -> None:
        answer = self._open_answer(number, 0)
        references = self.references
        if references.offered is None:
            self.fail(answer, Failure.FAILED, "this side offers no object")
            return
        export = references.export_offered()
        with self._returning:
            answer.returned = True
            answer.content = (Message((b"\x03\0\0\0\0\0\0\0",)), [references.offered])
            answer.exports = (export,)
        self._send(messages.bootstrap_results(number, export), False)

    def _take_usual_call(
        self, message: Message, question: int, interface_id: int, method_id: int, number: int, has_table: bool
    ) -> None:
        answer = self._open_answer(question, message.size)
        payload = messages.usual_call_payload(message)
        capabilities: list[Any] = []
        if has_table:
            capabilities = [self._import(message, item) for item in messages.descriptors(message, payload)]
        call = Incoming(answer, None, None, message, (payload[0], payload[3]), capabilities)
        failed = self._deliver(call, self.references.target(number), interface_id, method_id, None)
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
    ) -> Failed | None:
        """Hand over a call, now or as soon as everything it refers to is there; if it cannot be, return how it fails.

        Args:
            ready: an answer that is about to be returned, for which this call has waited.
        """
        for index, item in enumerate((wanted, *call.capabilities) if call.capabilities else (wanted,)):
            if type(item) is not Unresolved:
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
            return self.references.target(messages.u32(at, 0))
        if kind == 1:
            return self._promised(message, messages.part(message, at, 0))
        raise ProtocolError(f"a call to a target of unknown kind {kind}")

    def _promised(self, message: Message, at: StructAt) -> Unresolved:
        number = messages.u32(at, 0)
        answer = self._answers.get(number)
        if answer is None:
            # It has returned without capabilities and was forgotten, which the caller may not know yet.
            answer = Answer(number, 0)
            answer.returned = True
        answer.pipelined = True
        return Unresolved(answer, messages.transform(message, at))

    def _follow(self, promised: Unresolved) -> Any:
        """The object in an answer, or the failure that a call of it has."""
        answer = promised.answer
        if answer.failure is not None:
            return answer.failure
        nothing = (Failure.FAILED, "a call of a result that is no object")
        if answer.content is None:
            return nothing
        # Another one each time, for what may be read in one is limited.
        message, targets = Message(answer.content[0].segments), answer.content[1]
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
            return self.references.handle(messages.u32(at, 4))
        if kind == Hosted.RECEIVER:
            return LocalObject(self.references.target(messages.u32(at, 4)))
        if kind == Hosted.RECEIVER_ANSWER:
            return self._promised(message, messages.part(message, at, 0))
        if kind == Hosted.THIRD_PARTY:
            # Whoever cannot meet third parties talks to them through the sender.
            return self.references.handle(messages.u32(messages.part(message, at, 0), 0))
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
            self.references.release_all(asked.exports)
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
                capabilities.append(None if type(found) is Unresolved else found)
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
            self.references.release_all(answer.exports)

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

    # Both.

    def close(self) -> None:
        """The connection has ended: every question is lost, every export released."""
        self.closed = True
        for number in list(self._questions):
            self._lose(number)
        for answer in list(self._answers.values()):
            # Calls that have not begun need not.
            answer.finished = True
        self._answers.clear()
        self.references.close()

    def forked(self) -> None:
        """The process is a fork: the connection is the parent's, and threads that held the lock are gone."""
        self._returning = threading.Lock()
        self.close()

    def unreturned(self) -> list[Answer]:
        """The peer's calls that have not been answered."""
        return [answer for answer in list(self._answers.values()) if not answer.returned]

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many entries each table has."""
        return {"questions": len(self._questions), "answers": len(self._answers), "exports": len(self.references)}


def _kept(out: Output, bits: int) -> Message:
    """The content of a return as a message of its own, for calls of what it holds."""
    root = (bits or 0xFFFFFFFC).to_bytes(8, "little")
    return Message((b"".join((root, *out.chunks)),))
