"""The state of a connection: two of them back to back, and one against hand-made messages of every kind.

``LIBMULTIPROCESS_ROUNDS`` sets how many conversations the fault injection damages; 300 unless said.
"""

import gc
import os
import random
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import capnp
import pytest

from libmultiprocess import Limits
from libmultiprocess.errors import MalformedMessage, ProtocolError
from libmultiprocess.rpc.messages import Failure
from libmultiprocess.rpc.session import Session
from libmultiprocess.rpc.tables import Incoming, LocalObject, RemoteHandle
from libmultiprocess.schema import load_schema
from libmultiprocess.wire.framing import MessageStream
from libmultiprocess.wire.message import Message, Segment
from libmultiprocess.wire.output import MAX_CAPABILITIES, Output

RPC = load_schema(Path(capnp.__file__).parent / "rpc.capnp")
INTERFACE = 0x1234567890ABCDEF
ROUNDS = int(os.environ.get("LIBMULTIPROCESS_ROUNDS", "300"))


class Thing:
    """An object that can be called by methods 0 to 9."""

    def __init__(self) -> None:
        self.releases = 0

    def find_method(self, interface_id: int, method_id: int) -> int | None:
        return method_id if interface_id == INTERFACE and method_id < 10 else None

    def released(self) -> None:
        self.releases += 1


class Question:
    """Notes how it ends."""

    def __init__(self) -> None:
        self.ends: list[tuple[Any, ...]] = []

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        self.ends.append(("returned", list(capabilities)))

    def failed(self, failure: int, reason: str) -> None:
        self.ends.append(("failed", failure, reason))

    def lost(self) -> None:
        self.ends.append(("lost",))


def framed(data: bytes) -> Message:
    """A message from the bytes of one."""
    stream = MessageStream()
    stream.feed(data)
    message = stream.next()
    assert message is not None
    return message


def decoded(data: bytes) -> Any:
    """A message as pycapnp reads it."""
    return RPC.Message.from_segments([data[8:]])


def content(*capabilities: Any) -> tuple[Output, int]:
    """Parameters or results that consist of pointers to ``capabilities``."""
    out = Output()
    words = [out.add_capability(item) for item in capabilities]
    out.chunks.append(b"".join(word.to_bytes(8, "little") for word in words))
    out.size = 8 * len(words)
    return out, len(words) << 48


class Side:
    """A session whose messages pile up."""

    def __init__(self, offered: Thing | None = None, limits: Limits | None = None) -> None:
        self.sent: deque[bytes] = deque()
        self.calls: list[Incoming] = []
        self.thing = offered
        self.session = Session(
            lambda data, _later: self.sent.append(data), self.calls.append, lambda: None, offered, limits or Limits()
        )

    def receive(self, **fields: Any) -> None:
        """Receive a message made by pycapnp."""
        self.session.receive(framed(RPC.Message.new_message(**fields).to_bytes()))

    def call(self, number: int, target: Any = 0, capabilities: Sequence[Any] = (), **fields: Any) -> None:
        """Receive a call; a target that is a number is an export's."""
        message = RPC.Message.new_message()
        call = message.init("call")
        call.questionId, call.interfaceId = number, INTERFACE
        if isinstance(target, int):
            call.target.importedCap = target
        else:
            call.target.init("promisedAnswer").questionId = target[0]
            call.target.promisedAnswer.transform = [{"getPointerField": index} for index in target[1:]]
        call.params.capTable = list(capabilities)
        for name, value in fields.items():
            setattr(call, name, value)
        self.session.receive(framed(message.to_bytes()))

    def answer(self, number: int, capabilities: Sequence[Any] = (), **fields: Any) -> None:
        """Receive results."""
        message = RPC.Message.new_message()
        answer = message.init("return")
        answer.answerId = number
        answer.init("results").capTable = list(capabilities)
        for name, value in fields.items():
            setattr(answer, name, value)
        self.session.receive(framed(message.to_bytes()))

    def take(self) -> list[Any]:
        """What was sent, as pycapnp reads it."""
        found = [decoded(data) for data in self.sent]
        self.sent.clear()
        return found

    def one(self) -> Any:
        """The only message that was sent."""
        found = self.take()
        assert len(found) == 1, [str(item) for item in found]
        return found[0]

    def ask(self, handle: RemoteHandle, *capabilities: Any) -> tuple[Question, int]:
        """Call method 0 of the peer's object."""
        question = Question()
        return question, self.session.ask(question, handle, (INTERFACE, 0), *content(*capabilities))

    def drop_handles(self) -> None:
        """Let go of whatever no one refers to."""
        gc.collect()
        self.session.references.release_dropped()


def promised(number: int, *path: int) -> dict[str, Any]:
    return {"questionId": number, "transform": [{"getPointerField": index} for index in path]}


def handle(side: Side, number: int) -> RemoteHandle:
    """A reference to object ``number`` of the peer."""
    return RemoteHandle(number, side.session.references._drop)


def offering(limits: Limits | None = None) -> Side:
    """A session that offers an object, which the peer has asked for as its question 0 and gets as object 0."""
    made = Side(Thing(), limits)
    made.receive(bootstrap={"questionId": 0})
    assert getattr(made.one(), "return").results.capTable[0].senderHosted == 0
    made.receive(finish={"questionId": 0, "releaseResultCaps": False})
    return made


@pytest.fixture
def side() -> Side:
    return offering()


def returned(message: Any) -> Any:
    assert message.which() == "return", str(message)
    return getattr(message, "return")


# Bootstrap.


def test_bootstrap_gives_the_offered_object() -> None:
    side = Side(Thing())

    side.receive(bootstrap={"questionId": 7})

    answer = returned(side.one())
    assert (answer.answerId, answer.which(), answer.noFinishNeeded) == (7, "results", False)
    assert [item.which() for item in answer.results.capTable] == ["senderHosted"]
    assert side.session.sizes == {"questions": 0, "answers": 1, "exports": 1}


def test_bootstrap_without_an_object_fails() -> None:
    side = Side()

    side.receive(bootstrap={"questionId": 7})

    assert returned(side.one()).exception.reason == "this side offers no object"


def test_bootstrap_again_and_again_takes_no_room(side: Side) -> None:
    for number in range(1, 1000):
        side.receive(bootstrap={"questionId": number})
        side.receive(finish={"questionId": number, "releaseResultCaps": False})

    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 1}
    side.receive(release={"id": 0, "referenceCount": 1000})
    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}


def test_what_is_offered_survives_its_release(side: Side) -> None:
    side.receive(release={"id": 0, "referenceCount": 1})
    side.take()
    side.receive(bootstrap={"questionId": 3})

    number = returned(side.one()).results.capTable[0].senderHosted
    side.call(4, number)

    assert len(side.calls) == 1


def test_asking_for_the_first_object() -> None:
    side, question = Side(), Question()

    side.session.ask_first_object(question)

    number = side.one().bootstrap.questionId
    side.answer(number, [{"senderHosted": 5}])
    [(end, capabilities)] = question.ends
    assert (end, type(capabilities[0]), capabilities[0].number) == ("returned", RemoteHandle, 5)


# Calls of the peer.


def test_a_call_is_passed_on_and_answered(side: Side) -> None:
    side.call(1, 0, methodId=3)

    [call] = side.calls
    assert (call.method, call.capabilities) == (3, [])
    side.session.answer(call.answer, *content())
    answer = returned(side.one())
    assert (answer.answerId, answer.which(), answer.noFinishNeeded, answer.releaseParamCaps) == (
        1,
        "results",
        True,
        False,
    )
    assert side.session.sizes["answers"] == 0


def test_the_number_of_an_answer_without_objects_can_be_used_again(side: Side) -> None:
    for _ in range(2):
        side.call(1)
        side.session.answer(side.calls.pop().answer, *content())

    assert len(side.take()) == 2


def test_an_answer_without_objects_that_was_waited_for_is_forgotten_too(side: Side) -> None:
    side.call(1)
    side.call(2, (1, 0))

    side.session.answer(side.calls.pop().answer, *content())

    answers = [returned(item) for item in side.take()]
    assert {item.answerId: item.which() for item in answers} == {1: "results", 2: "exception"}
    side.call(1)
    assert len(side.calls) == 1


def test_exceptions_of_every_kind(side: Side) -> None:
    for number, name in enumerate(("failed", "overloaded", "disconnected", "unimplemented"), start=1):
        side.call(number)
        side.session.fail(side.calls.pop().answer, number - 1, f"reason ä {number}")

        answer = returned(side.one())
        assert str(answer.exception.type) == name
        assert answer.exception.reason == f"reason ä {number}"
        side.receive(finish={"questionId": number})
    assert side.session.sizes["answers"] == 0


def test_finish_before_return_makes_it_canceled(side: Side) -> None:
    thing = Thing()
    for number, capabilities in ((1, ()), (2, (thing,))):
        side.call(number)
        side.receive(finish={"questionId": number})
        side.receive(finish={"questionId": number})
        call = side.calls.pop()
        assert call.answer.finished

        side.session.answer(call.answer, *content(*capabilities))

        assert returned(side.one()).which() == "canceled"
    side.call(3)
    side.receive(finish={"questionId": 3})
    side.session.fail(side.calls.pop().answer, Failure.FAILED, "late")
    assert returned(side.one()).which() == "canceled"
    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 1}
    assert thing.releases == 1


@pytest.mark.parametrize("release", [False, True])
def test_finish_after_return(side: Side, release: bool) -> None:
    thing = Thing()
    side.call(1)
    side.session.answer(side.calls.pop().answer, *content(thing))
    number = returned(side.one()).results.capTable[0].senderHosted

    side.receive(finish={"questionId": 1, "releaseResultCaps": release})

    assert thing.releases == int(release)
    if not release:
        side.call(2, number)
        side.receive(release={"id": number, "referenceCount": 1})
    assert thing.releases == 1
    assert side.session.sizes["exports"] == 1


def test_finish_of_nothing_is_ignored(side: Side) -> None:
    side.receive(finish={"questionId": 99})

    assert not side.sent


def test_an_unknown_method_is_not_implemented(side: Side) -> None:
    side.call(1, methodId=77)
    side.call(2, interfaceId=5)

    for item in side.take():
        assert str(returned(item).exception.type) == "unimplemented"
        assert "is not implemented" in returned(item).exception.reason


def test_objects_among_the_parameters(side: Side) -> None:
    table = [
        {"senderHosted": 4},
        {"senderPromise": 5},
        {"receiverHosted": 0},
        {"none": None},
        {"thirdPartyHosted": {"vineId": 6}},
    ]

    side.call(1, 0, table)

    hosted, promise, ours, nothing, vine = side.calls.pop().capabilities
    assert [(type(item), item.number) for item in (hosted, promise, vine)] == [
        (RemoteHandle, number) for number in (4, 5, 6)
    ]
    assert type(ours) is LocalObject
    assert nothing is None
    del hosted, promise, vine
    side.drop_handles()
    assert {item.release.id: item.release.referenceCount for item in side.take()} == {4: 1, 5: 1, 6: 1}


def test_parameters_of_a_refused_call_are_given_back(side: Side) -> None:
    side.call(1, 0, [{"senderHosted": 4}, {"senderHosted": 4}], methodId=77)

    side.drop_handles()

    refused, release = side.take()
    assert returned(refused).which() == "exception"
    assert (release.release.id, release.release.referenceCount) == (4, 2)


@pytest.mark.parametrize("how", ["yourself", "thirdParty"])
def test_tail_calls_are_refused(side: Side, how: str) -> None:
    message = RPC.Message.new_message()
    call = message.init("call")
    call.questionId, call.interfaceId = 1, INTERFACE
    call.target.importedCap = 0
    if how == "yourself":
        call.sendResultsTo.yourself = None
    else:
        call.sendResultsTo.thirdParty = RPC.Bootstrap.new_message()

    side.session.receive(framed(message.to_bytes()))

    assert not side.calls
    assert str(returned(side.one()).exception.type) == "unimplemented"


# Pipelining.


def test_calls_of_an_answer_that_is_there(side: Side) -> None:
    thing = Thing()
    side.call(1)
    side.session.answer(side.calls.pop().answer, *content(None, thing))
    side.take()

    side.call(2, (1, 1))

    assert side.calls.pop().target is thing


def test_calls_of_an_answer_to_come_are_delivered_in_order_before_it_is_sent(side: Side) -> None:
    thing = Thing()
    side.call(1)
    first = side.calls.pop()
    for number in range(2, 6):
        side.call(number, (1, 0), methodId=number)
    assert not side.calls
    assert side.session.deferred == 4
    seen_at_delivery: list[int] = []

    def deliver(call: Incoming) -> None:
        side.calls.append(call)
        seen_at_delivery.append(len(side.sent))

    side.session._received = deliver
    side.session.answer(first.answer, *content(thing))

    assert [call.method for call in side.calls] == [2, 3, 4, 5]
    assert seen_at_delivery == [0] * 4
    assert all(call.target is thing for call in side.calls)
    assert side.session.deferred == 0


def test_a_call_that_comes_while_others_are_delivered_does_not_overtake_them(side: Side) -> None:
    thing = Thing()
    side.call(1)
    first = side.calls.pop()
    side.call(2, (1, 0), methodId=2)
    side.call(3, (1, 0), methodId=3)

    def deliver(call: Incoming) -> None:
        side.calls.append(call)
        if call.method == 2:
            side.call(4, (1, 0), methodId=4)

    side.session._received = deliver
    side.session.answer(first.answer, *content(thing))

    assert [call.method for call in side.calls] == [2, 3, 4]


def test_calls_of_a_finished_answer_still_reach_its_object(side: Side) -> None:
    thing = Thing()
    side.call(1)
    first = side.calls.pop()
    side.call(2, (1, 0))
    side.receive(finish={"questionId": 1})
    at_delivery: list[int] = []
    side.session._received = lambda call: at_delivery.append(thing.releases)

    side.session.answer(first.answer, *content(thing))

    assert at_delivery == [0]
    assert thing.releases == 1


def test_an_answer_as_a_parameter(side: Side) -> None:
    thing = Thing()
    side.call(1)
    first = side.calls.pop()
    side.call(2)
    second = side.calls.pop()
    both = [{"receiverAnswer": promised(1, 0)}, {"receiverAnswer": promised(2, 0)}]
    side.call(3, (2, 0), both)

    side.session.answer(first.answer, *content(thing))
    assert not side.calls
    side.session.answer(second.answer, *content(side.session.references.offered))

    call = side.calls.pop()
    assert call.target is side.session.references.offered
    assert [item.target for item in call.capabilities] == [thing, side.session.references.offered]


def test_a_failed_answer_fails_what_waits_for_it(side: Side) -> None:
    side.call(1)
    first = side.calls.pop()
    side.call(2, (1, 0))
    side.call(3, 0, [{"receiverAnswer": promised(2, 0)}])

    side.session.fail(first.answer, Failure.OVERLOADED, "no")

    answers = [returned(item) for item in side.take()]
    assert [(item.answerId, str(item.exception.type), item.exception.reason) for item in answers] == [
        (number, "overloaded", "no") for number in (1, 2, 3)
    ]
    side.call(4, (3, 0))
    assert returned(side.one()).exception.reason == "no"


def test_a_long_chain_of_calls_that_wait_for_each_other_fails_in_one_go(side: Side) -> None:
    side.call(1)
    first = side.calls.pop()
    for number in range(2, 5000):
        side.call(number, (number - 1, 0))

    side.session.fail(first.answer, Failure.FAILED, "no")

    assert [returned(item).answerId for item in side.take()] == list(range(1, 5000))
    assert side.session.deferred == 0


@pytest.mark.parametrize("path", [(), (1,), (0, 0), (7,)])
def test_a_path_that_leads_to_no_object(side: Side, path: tuple[int, ...]) -> None:
    side.call(1)
    side.session.answer(side.calls.pop().answer, *content(Thing(), None))
    side.take()

    side.call(2, (1, *path))

    assert returned(side.one()).which() == "exception"


def test_a_path_that_leads_astray_harms_no_other_call(side: Side) -> None:
    thing = Thing()
    side.call(1)
    first = side.calls.pop()
    side.call(2, (1, 0, 0))
    side.call(3, (1, 0))

    side.session.answer(first.answer, *content(thing))

    answers = [returned(item) for item in side.take()]
    assert [(item.answerId, str(item.which())) for item in answers] == [(1, "results"), (2, "exception")]
    assert [call.target for call in side.calls] == [thing]


def test_any_number_of_calls_of_one_answer(side: Side) -> None:
    side.call(1)
    side.session.answer(side.calls.pop().answer, *content(Thing()))

    for number in range(2, 50_002):
        side.call(number, (1, 0))
        side.session.answer(side.calls.pop().answer, *content())

    assert side.session.sizes["answers"] == 1


def test_a_call_of_an_answer_that_was_forgotten_fails(side: Side) -> None:
    side.call(1)
    side.session.answer(side.calls.pop().answer, *content())
    side.take()

    side.call(2, (1, 0))

    assert returned(side.one()).exception.reason == "a call of a result that is no object"


def test_a_call_of_the_bootstrap_answer_before_it_is_finished() -> None:
    side = Side(Thing())
    side.receive(bootstrap={"questionId": 0})

    side.call(1, (0,))

    assert side.calls.pop().target is side.session.references.offered


# Own calls.


def test_an_own_call(side: Side) -> None:
    thing, target = Thing(), handle(side, 9)

    question, number = side.ask(target, thing, target, thing)

    call = side.one().call
    assert (call.questionId, call.target.importedCap, call.interfaceId, call.methodId) == (number, 9, INTERFACE, 0)
    assert [item.which() for item in call.params.capTable] == ["senderHosted", "receiverHosted", "senderHosted"]
    side.answer(number, [{"senderHosted": 3}], releaseParamCaps=True)
    assert question.ends[0][0] == "returned"
    finish = side.one().finish
    assert (finish.questionId, finish.releaseResultCaps) == (number, False)
    assert thing.releases == 2


def test_no_finish_where_none_is_needed(side: Side) -> None:
    _, number = side.ask(handle(side, 9))
    side.take()

    side.answer(number, noFinishNeeded=True)

    assert not side.sent


def test_parameters_that_the_peer_keeps(side: Side) -> None:
    thing = Thing()
    _, number = side.ask(handle(side, 9), thing)
    exported = side.one().call.params.capTable[0].senderHosted

    side.answer(number, releaseParamCaps=False)
    assert thing.releases == 0
    side.receive(release={"id": exported, "referenceCount": 1})

    assert thing.releases == 1


def test_exceptions_arrive(side: Side) -> None:
    question, number = side.ask(handle(side, 9))

    side.receive(**{"return": {"answerId": number, "exception": {"reason": "bad", "type": "overloaded"}}})

    assert question.ends == [("failed", Failure.OVERLOADED, "bad")]


@pytest.mark.parametrize("outcome", [{"canceled": None}, {"resultsSentElsewhere": None}, {"takeFromOtherQuestion": 1}])
def test_ends_without_results(side: Side, outcome: dict[str, Any]) -> None:
    question, number = side.ask(handle(side, 9))

    side.receive(**{"return": {"answerId": number, **outcome}})

    assert [end[0] for end in question.ends] == ["failed"]
    assert side.session.sizes["questions"] == 0


def test_giving_up_before_the_answer(side: Side) -> None:
    thing = Thing()
    question, number = side.ask(handle(side, 9), thing)
    side.take()

    side.session.give_up(number)
    side.session.give_up(number)

    finish = side.one().finish
    assert (finish.questionId, finish.releaseResultCaps) == (number, True)
    side.answer(number, [{"senderHosted": 3}], releaseParamCaps=True)
    side.session.give_up(number)
    assert question.ends == []
    assert not side.sent
    assert thing.releases == 1
    assert side.session.sizes["questions"] == 0


def test_a_pinned_export_is_sent_under_one_number(side: Side) -> None:
    thing = Thing()
    number = side.session.references.export(thing, pinned=True)
    for _ in range(3):
        _, asked = side.ask(handle(side, 9), number)
        side.answer(asked, releaseParamCaps=False)
    assert side.session.sizes["exports"] == 2
    side.receive(release={"id": number, "referenceCount": 3})
    assert side.session.sizes["exports"] == 2

    side.session.references.withdraw(number)
    side.session.references.withdraw(number)

    assert side.session.sizes["exports"] == 1
    assert thing.releases == 0


def test_a_withdrawn_export_that_the_peer_still_holds_has_no_methods(side: Side) -> None:
    number = side.session.references.export(Thing(), pinned=True)
    side.ask(handle(side, 9), number)
    side.take()

    side.session.references.withdraw(number)
    side.call(1, number)

    assert str(returned(side.one()).exception.type) == "unimplemented"
    side.call(2, 0, [{"receiverHosted": number}])
    assert side.calls.pop().capabilities[0].target.find_method(INTERFACE, 0) is None
    side.receive(release={"id": number, "referenceCount": 1})
    assert side.session.sizes["exports"] == 1


# Resolve, disembargo, unimplemented, abort.


def test_what_a_promise_resolves_to_is_given_back(side: Side) -> None:
    side.receive(resolve={"promiseId": 5, "cap": {"senderHosted": 6}})
    side.receive(resolve={"promiseId": 5, "exception": {"reason": "broken"}})
    side.receive(resolve={"promiseId": 5, "cap": {"receiverHosted": 0}})

    side.drop_handles()

    release = side.one().release
    assert (release.id, release.referenceCount) == (6, 1)


@pytest.mark.parametrize("kind", ["provide", "accept", "join", "obsoleteSave", "obsoleteDelete"])
def test_what_is_not_known_is_sent_back(side: Side, kind: str) -> None:
    message = RPC.Message.new_message()
    if kind.startswith("obsolete"):
        setattr(message, kind, RPC.Bootstrap.new_message(questionId=3))
    else:
        message.init(kind).questionId = 3

    side.session.receive(framed(message.to_bytes()))

    echo = side.one()
    assert echo.which() == "unimplemented"
    assert echo.unimplemented.which() == kind
    if not kind.startswith("obsolete"):
        assert getattr(echo.unimplemented, kind).questionId == 3


def test_what_is_not_known_and_large_is_sent_back_by_kind(side: Side) -> None:
    message = RPC.Message.new_message()
    message.init("join").keyPart = RPC.Exception.new_message(reason="x" * 20000)

    side.session.receive(framed(message.to_bytes()))

    assert side.one().unimplemented.which() == "join"


def test_a_kind_of_the_future_is_sent_back(side: Side) -> None:
    data = bytearray(RPC.Message.new_message(bootstrap={"questionId": 1}).to_bytes())
    data[16:18] = (99).to_bytes(2, "little")

    side.session.receive(framed(bytes(data)))

    assert side.one().which() == "unimplemented"


def test_disembargo_of_third_parties_is_sent_back(side: Side) -> None:
    side.receive(disembargo={"target": {"importedCap": 0}, "context": {"accept": None}})

    assert side.one().unimplemented.which() == "disembargo"


def _call_twice(side: Side) -> None:
    side.call(1)
    side.call(1)


def _bootstrap_twice(side: Side) -> None:
    side.call(1)
    side.receive(bootstrap={"questionId": 1})


VIOLATIONS: dict[str, tuple[str, Callable[[Side], None]]] = {
    "a return of nothing": ("was not asked", lambda side: side.answer(55)),
    "a question twice": ("asked twice", _call_twice),
    "a bootstrap twice": ("asked twice", _bootstrap_twice),
    "a call of nothing": ("never sent", lambda side: side.call(1, 44)),
    "a parameter that is nothing": ("never sent", lambda side: side.call(1, 0, [{"receiverHosted": 44}])),
    "a release of nothing": ("is released", lambda side: side.receive(release={"id": 44, "referenceCount": 1})),
    "a release too many": ("more often", lambda side: side.receive(release={"id": 0, "referenceCount": 2})),
    "a huge release": ("more often", lambda side: side.receive(release={"id": 0, "referenceCount": 2**32 - 1})),
    "a resolution to nothing": (
        "never sent",
        lambda side: side.receive(resolve={"promiseId": 5, "cap": {"receiverHosted": 44}}),
    ),
    "a disembargo": (
        "embargo",
        lambda side: side.receive(disembargo={"target": {"importedCap": 0}, "context": {"senderLoopback": 1}}),
    ),
    "a disembargo's echo": (
        "embargo",
        lambda side: side.receive(disembargo={"target": {"importedCap": 0}, "context": {"receiverLoopback": 1}}),
    ),
    "an abort": ("the peer gave up: why", lambda side: side.receive(abort={"reason": "why"})),
    "unimplemented calls": ("does not know", lambda side: side.receive(unimplemented={"call": {"questionId": 1}})),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violations_end_the_connection(side: Side, name: str) -> None:
    text, violate = VIOLATIONS[name]

    with pytest.raises(ProtocolError, match=text):
        violate(side)

    side.session.close()
    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}


def test_an_unimplemented_unimplemented_is_ignored(side: Side) -> None:
    side.receive(unimplemented={"unimplemented": {"finish": {"questionId": 1}}})

    assert not side.sent


def test_a_target_of_unknown_kind(side: Side) -> None:
    data = bytearray(RPC.Message.new_message(call={"questionId": 2, "target": {"importedCap": 0x7777}}).to_bytes())
    kind = data.index((0x7777).to_bytes(4, "little")) + 4
    data[kind : kind + 2] = (7).to_bytes(2, "little")

    with pytest.raises(ProtocolError, match="unknown kind 7"):
        side.session.receive(framed(bytes(data)))


def test_a_message_without_a_root(side: Side) -> None:
    with pytest.raises(MalformedMessage, match="root"):
        side.session.receive(Message([bytes(8)]))


# Floods.


def test_a_flood_of_calls(side: Side) -> None:
    with pytest.raises(ProtocolError, match="calls at once"):
        for number in range(Limits().calls + 1):
            side.call(number)

    assert len(side.calls) == Limits().calls


def test_a_flood_of_bytes() -> None:
    side = offering(Limits(held_bytes=100_000))
    content_of_call = RPC.Exception.new_message(reason="x" * 30_000)

    def call(number: int) -> None:
        message = RPC.Message.new_message(call={"questionId": number, "interfaceId": INTERFACE})
        message.call.target.importedCap = 0
        message.call.params.content = content_of_call
        side.session.receive(framed(message.to_bytes()))

    for number in range(20):
        call(number)
        side.session.answer(side.calls.pop().answer, *content())
    with pytest.raises(ProtocolError, match="bytes"):
        for number in range(20):
            call(number)

    assert len(side.calls) == 4


@pytest.mark.parametrize("where", ["table", "transform"])
def test_too_many_entries(side: Side, where: str) -> None:
    with pytest.raises(MalformedMessage):
        if where == "table":
            side.call(1, 0, [{"none": None}] * (MAX_CAPABILITIES + 1))
        else:
            side.call(1, (0, *[0] * (MAX_CAPABILITIES + 1)))


# The end.


def test_close_ends_every_question_and_releases_every_export_once(side: Side) -> None:
    things = [Thing() for _ in range(5)]
    asked = [side.ask(handle(side, 9), thing)[0] for thing in things]
    offered = side.session.references.offered
    side.call(1)
    call = side.calls.pop()

    side.session.close()
    side.session.close()

    assert [question.ends for question in asked] == [[("lost",)]] * 5
    assert [thing.releases for thing in things] == [1] * 5
    assert isinstance(offered, Thing)
    assert offered.releases == 1
    assert call.answer.finished
    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}


def test_after_close_nothing_stays(side: Side) -> None:
    pinned = side.session.references.export(Thing(), pinned=True)
    side.call(1)
    calls = [side.calls.pop()]
    side.call(2)
    calls.append(side.calls.pop())
    side.session.close()
    thing, first = Thing(), Question()

    question, _ = side.ask(handle(side, 9), thing, pinned)
    side.session.ask_first_object(first)
    side.session.answer(calls[0].answer, *content(Thing()))
    side.session.fail(calls[1].answer, Failure.FAILED, "late")
    side.session.references.withdraw(pinned)

    assert question.ends == first.ends == [("lost",)]
    assert thing.releases == 1
    assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}


# Two of them, and a line between them that is not to be trusted.


class Conversation:
    """Two sessions that call, answer, fail, give up and let go at random, over a line that may do harm.

    Args:
        seed: of what they do.
        harm: what becomes of a message on its way: the messages that arrive instead.
    """

    def __init__(self, seed: int, harm: Callable[[bytes, "Conversation"], list[bytes]] | None = None) -> None:
        self.random = random.Random(seed)
        self.harm = harm or (lambda data, _conversation: [data])
        self.sides = (Side(Thing()), Side(Thing()))
        self.held: tuple[list[RemoteHandle], list[RemoteHandle]] = ([], [])
        self.questions: list[Question] = []
        self.given_up: set[int] = set()
        self.open: tuple[list[int], list[int]] = ([], [])
        self.things = [side.thing for side in self.sides if side.thing is not None]
        self.error: Exception | None = None

    def run(self, steps: int) -> None:
        for side in self.sides:
            question = Question()
            self.questions.append(question)
            side.session.ask_first_object(question)
        for _ in range(steps):
            which = self.random.randrange(2)
            self._act(which)
            for _ in range(self.random.randrange(4)):
                if not self._carry(self.random.randrange(2)):
                    return
        while any(side.sent or side.calls for side in self.sides):
            for which in (0, 1):
                while self.sides[which].calls:
                    self._reply(which)
                if not self._carry(which):
                    return

    def _act(self, which: int) -> None:
        side, chance = self.sides[which], self.random.random()
        if side.calls and chance < 0.4:
            self._reply(which)
        elif chance < 0.8:
            target = self.random.choice(self.held[which]) if self.held[which] else None
            if target is None:
                return
            question = Question()
            self.questions.append(question)
            out = content(*self._objects(which))
            numbers = (INTERFACE, self.random.randrange(11))
            number = side.session.ask(question, target, numbers, *out)
            self.open[which].append(number)
            if self.random.random() < 0.1:
                self.given_up.add(id(question))
                side.session.give_up(number)
        elif self.held[which]:
            self.held[which].pop(self.random.randrange(len(self.held[which])))
            side.session.references.release_dropped()

    def _objects(self, which: int) -> list[Any]:
        objects: list[Any] = []
        for _ in range(self.random.randrange(3)):
            if self.held[which] and self.random.random() < 0.3:
                objects.append(self.random.choice(self.held[which]))
            else:
                objects.append(Thing())
                self.things.append(objects[-1])
        return objects

    def _reply(self, which: int) -> None:
        side = self.sides[which]
        call = side.calls.pop(self.random.randrange(len(side.calls)))
        self.held[which].extend(item for item in call.capabilities if type(item) is RemoteHandle)
        call.capabilities.clear()
        if self.random.random() < 0.2:
            side.session.fail(call.answer, Failure.FAILED, "no")
        else:
            side.session.answer(call.answer, *content(*[x for x in self._objects(which) if isinstance(x, Thing)]))

    def _carry(self, which: int) -> bool:
        """One message from one side to the other; False if that ends the conversation."""
        side, other = self.sides[which], self.sides[1 - which]
        if not side.sent:
            return True
        try:
            for data in self.harm(side.sent.popleft(), self):
                stream = MessageStream()
                stream.feed(data)
                while (message := stream.next()) is not None:
                    other.session.receive(message)
        except (ProtocolError, MalformedMessage) as error:
            self.error = error
            return False
        for question in self.questions:
            for end in question.ends:
                if end[0] == "returned":
                    self.held[1 - which].extend(item for item in end[1] if type(item) is RemoteHandle)
                    end[1].clear()
        return True

    def close(self) -> None:
        for side in self.sides:
            side.session.close()
        # Methods that still run return to nobody.
        for side in self.sides:
            for call in side.calls:
                side.session.answer(call.answer, *content(Thing()))

    def check(self) -> None:
        """Every question has ended once, every object is released once, and the tables are empty."""
        for question in self.questions:
            assert len(question.ends) <= 1
            assert question.ends or id(question) in self.given_up
        for side in self.sides:
            assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}


@pytest.mark.parametrize("seed", range(20))
def test_two_sessions_leave_nothing_behind(seed: int) -> None:
    conversation = Conversation(seed)

    conversation.run(200)

    assert conversation.error is None
    for which, side in enumerate(conversation.sides):
        assert side.session.sizes["questions"] == 0
        conversation.held[which].clear()
    for _ in range(3):
        for which, side in enumerate(conversation.sides):
            side.drop_handles()
            while side.sent:
                assert conversation._carry(which)
    for side in conversation.sides:
        assert side.session.sizes == {"questions": 0, "answers": 0, "exports": 0}
    conversation.close()
    conversation.check()


def _drop(data: bytes, conversation: Conversation) -> list[bytes]:
    return [] if conversation.random.random() < 0.05 else [data]


def _duplicate(data: bytes, conversation: Conversation) -> list[bytes]:
    return [data, data] if conversation.random.random() < 0.05 else [data]


def _flip(data: bytes, conversation: Conversation) -> list[bytes]:
    if conversation.random.random() > 0.1:
        return [data]
    changed = bytearray(data)
    changed[conversation.random.randrange(len(data))] ^= 1 << conversation.random.randrange(8)
    return [bytes(changed)]


def _scramble(data: bytes, conversation: Conversation) -> list[bytes]:
    if conversation.random.random() > 0.1:
        return [data]
    words = [data[n : n + 8] for n in range(8, len(data), 8)]
    words[conversation.random.randrange(len(words))] = conversation.random.choice(words)
    return [data[:8] + b"".join(words)]


class _Reorder:
    """Keeps some messages back for a while."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []

    def __call__(self, data: bytes, conversation: Conversation) -> list[bytes]:
        if conversation.random.random() < 0.1:
            self._kept.append(data)
            return []
        if self._kept and conversation.random.random() < 0.5:
            return [data, self._kept.pop()]
        return [data]


HARMS: dict[str, Callable[[], Callable[[bytes, Conversation], list[bytes]]]] = {
    "dropped": lambda: _drop,
    "duplicated": lambda: _duplicate,
    "reordered": _Reorder,
    "flipped": lambda: _flip,
    "scrambled": lambda: _scramble,
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmful_line_ends_everything_exactly_once(harm: str) -> None:
    errors = 0
    for seed in range(ROUNDS):
        conversation = Conversation(seed, HARMS[harm]())

        conversation.run(60)
        conversation.close()

        conversation.check()
        released = [thing.releases for thing in conversation.things]
        assert set(released) == {1}, (seed, released)
        errors += conversation.error is not None
    assert harm == "dropped" or errors > 0
