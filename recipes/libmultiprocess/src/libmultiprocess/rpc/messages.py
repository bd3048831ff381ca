"""The messages of ``rpc.capnp``: the ones that are sent, byte for byte, and where the parts of received ones lie.

Sent messages have one segment, and every part always the same place, so most of a message is constant. Received ones
are read by following pointers, since a peer may arrange them in any way.
"""

import struct
from collections.abc import Sequence
from typing import Final

from libmultiprocess.errors import MalformedMessage
from libmultiprocess.wire.message import STRUCT_LIST, Message, Segment, StructAt
from libmultiprocess.wire.output import MAX_CAPABILITIES, Output


class Kind:
    """Which member of the union ``Message`` is set."""

    UNIMPLEMENTED: Final = 0
    ABORT: Final = 1
    CALL: Final = 2
    RETURN: Final = 3
    FINISH: Final = 4
    RESOLVE: Final = 5
    RELEASE: Final = 6
    BOOTSTRAP: Final = 8
    DISEMBARGO: Final = 13


class Outcome:
    """Which member of the union in ``Return`` is set."""

    RESULTS: Final = 0
    EXCEPTION: Final = 1
    CANCELED: Final = 2
    RESULTS_SENT_ELSEWHERE: Final = 3
    TAKE_FROM_OTHER_QUESTION: Final = 4
    ACCEPT_FROM_THIRD_PARTY: Final = 5


class Failure:
    """Numbers of ``Exception.Type``."""

    FAILED: Final = 0
    OVERLOADED: Final = 1
    DISCONNECTED: Final = 2
    UNIMPLEMENTED: Final = 3


class Hosted:
    """Which member of the union ``CapDescriptor`` is set."""

    NONE: Final = 0
    SENDER: Final = 1
    SENDER_PROMISE: Final = 2
    RECEIVER: Final = 3
    RECEIVER_ANSWER: Final = 4
    THIRD_PARTY: Final = 5


def _struct_pointer(offset: int, data: int, pointers: int) -> int:
    """A pointer to a struct ``offset`` words after it."""
    return (offset & 0x3FFFFFFF) << 2 | data << 32 | pointers << 48


_ROOT: Final = _struct_pointer(0, 1, 1)
_EMPTY_STRUCT: Final = 0xFFFFFFFC

# Frame (segment count - 1, words); root, kind, pointer to the body; the body.
_CALL: Final = struct.Struct("<II QQQ IHH QQ QQQ IHHQ QQ")
_RETURN: Final = struct.Struct("<II QQQ IBxH QQ QQ")
_PLAIN: Final = struct.Struct("<II QQQ II")
_WITH_POINTER: Final = struct.Struct("<II QQQ II Q")
_EXCEPTION_RETURN: Final = struct.Struct("<II QQQ IBxH QQ HHHH QQ")
_ABORT: Final = struct.Struct("<II QQQ HHHH QQ")
_DESCRIPTOR: Final = struct.Struct("<HHIQ").pack
_DESCRIPTOR_TAG: Final = struct.Struct("<QQ").pack

_CALL_BODY: Final = _struct_pointer(0, 3, 3)
_RETURN_BODY: Final = _struct_pointer(0, 2, 1)
_TARGET: Final = _struct_pointer(2, 1, 1)
_PARAMS: Final = _struct_pointer(3, 0, 2)
_PAYLOAD: Final = _struct_pointer(0, 0, 2)
_CONTENT: Final = _struct_pointer(1, 0, 0)
_ONE_WORD: Final = _struct_pointer(0, 1, 0)
_ONE_WORD_ONE_POINTER: Final = _struct_pointer(0, 1, 1)
_EXCEPTION: Final = _struct_pointer(0, 1, 2)

# The words of a call and of a return before their content, without the frame's own.
_CALL_WORDS: Final = 13
_RETURN_WORDS: Final = 8

_MAX_QUOTED: Final = 1 << 14

Descriptor = tuple[int, int]
"""How a capability is sent: `Hosted`, and the number of an import or export."""


def _table(descriptors: Sequence[Descriptor]) -> bytes:
    parts = [_DESCRIPTOR(hosted, 0, number, 0) for hosted, number in descriptors]
    return struct.pack("<Q", len(parts) << 2 | 1 << 32 | 1 << 48) + b"".join(parts)


def _payload(out: Output, bits: int, descriptors: Sequence[Descriptor]) -> tuple[int, int, int, bytes]:
    """Pointers to content and table, words of both, and the table's bytes."""
    words = out.size >> 3
    content = _CONTENT | bits if bits else _EMPTY_STRUCT
    if not descriptors:
        return content, 0, words, b""
    table = _table(descriptors)
    pointer = words << 2 | 0x7_00000001 | len(descriptors) << 36
    return content, pointer, words + (len(table) >> 3), table


def call(
    question: int,
    import_id: int,
    interface_id: int,
    method_id: int,
    out: Output,
    bits: int,
    descriptors: Sequence[Descriptor],
) -> bytes:
    """``Call`` of an imported object.

    Args:
        question: the number of the question.
        import_id: the object.
        interface_id: id of the interface that declares the method.
        method_id: the method's ordinal.
        out: the parameters.
        bits: sizes of the parameters' struct, as in a pointer to it.
        descriptors: what the parameters' capability pointers refer to.
    """
    content, table_pointer, words, table = _payload(out, bits, descriptors)
    # fmt: off
    header = _CALL.pack(
        0, _CALL_WORDS + words, _ROOT, Kind.CALL, _CALL_BODY, question, method_id, 0, interface_id, 0,
        _TARGET, _PARAMS, 0, import_id, 0, 0, 0, content, table_pointer,
    )
    # fmt: on
    if len(out.chunks) == 1:
        return header + out.chunks[0] + table
    return b"".join((header, *out.chunks, table))


def results(answer: int, out: Output, bits: int, descriptors: Sequence[Descriptor]) -> bytes:
    """``Return`` with results. Without capabilities among them the peer need not say that it is finished."""
    content, table_pointer, words, table = _payload(out, bits, descriptors)
    flags = 1 if descriptors else 3
    # fmt: off
    header = _RETURN.pack(
        0, _RETURN_WORDS + words, _ROOT, Kind.RETURN, _RETURN_BODY,
        answer, flags, Outcome.RESULTS, 0, _PAYLOAD, content, table_pointer,
    )
    # fmt: on
    if len(out.chunks) == 1:
        return header + out.chunks[0] + table
    return b"".join((header, *out.chunks, table))


def bootstrap_results(answer: int, export_id: int) -> bytes:
    """``Return`` with one capability, as the answer to ``Bootstrap``."""
    table = _table([(Hosted.SENDER, export_id)])
    # The content is a capability pointer itself: the first entry of the table, which follows at once.
    pointer = 0x7_00000001 | 1 << 36
    header = _RETURN.pack(
        *(0, _RETURN_WORDS + 3, _ROOT, Kind.RETURN, _RETURN_BODY, answer, 1, Outcome.RESULTS, 0, _PAYLOAD, 3, pointer)
    )
    return header + table


def exception(answer: int, failure: int, reason: str) -> bytes:
    """``Return`` with an exception."""
    text, pointer = _text(reason)
    header = _EXCEPTION_RETURN.pack(
        *(0, 9 + (len(text) >> 3), _ROOT, Kind.RETURN, _RETURN_BODY),
        *(answer, 1, Outcome.EXCEPTION, 0, _EXCEPTION, 0, 0, failure, 0, pointer, 0),
    )
    return header + text


def canceled(answer: int) -> bytes:
    """``Return`` that says that the call was given up as the caller wished."""
    return _RETURN.pack(*(0, _RETURN_WORDS, _ROOT, Kind.RETURN, _RETURN_BODY, answer, 1, Outcome.CANCELED, 0, 0, 0, 0))


def finish(question: int, *, release_results: bool) -> bytes:
    """``Finish``."""
    flags = 2 if release_results else 3
    return _PLAIN.pack(0, 4, _ROOT, Kind.FINISH, _ONE_WORD, question, flags)


def release(import_id: int, count: int) -> bytes:
    """``Release`` of ``count`` references."""
    return _PLAIN.pack(0, 4, _ROOT, Kind.RELEASE, _ONE_WORD, import_id, count)


def bootstrap(question: int) -> bytes:
    """``Bootstrap``."""
    return _WITH_POINTER.pack(0, 5, _ROOT, Kind.BOOTSTRAP, _ONE_WORD_ONE_POINTER, question, 0, 0)


def abort(reason: str) -> bytes:
    """``Abort``: the last message of a connection that cannot go on."""
    text, pointer = _text(reason)
    header = _ABORT.pack(*(0, 6 + (len(text) >> 3), _ROOT, Kind.ABORT, _EXCEPTION, 0, 0, Failure.FAILED, 0, pointer, 0))
    return header + text


def unimplemented(message: Message) -> bytes:
    """``Unimplemented``, with the message that it is about."""
    segment = bytes(message.segments[0])
    word = message.word(segment, 0)
    if len(message.segments) > 1 or len(segment) > _MAX_QUOTED or word & 3 or not word:
        # What lies in several segments cannot be quoted in one without reading it; its kind can.
        return _PLAIN.pack(0, 4, _ROOT, Kind.UNIMPLEMENTED, _ONE_WORD, kind_of(message), 0)
    quoted = word & ~0xFFFFFFFF | (word + 4 & 0xFFFFFFFF)
    header = struct.pack("<IIQQQ", 0, 3 + (len(segment) >> 3), _ROOT, Kind.UNIMPLEMENTED, quoted)
    return header + segment


def _text(reason: str) -> tuple[bytes, int]:
    """The text of an exception, and the pointer to it, which is one word away from it."""
    data = reason.encode("utf-8", "replace") + b"\0"
    return data + bytes(-len(data) & 7), 1 << 2 | 0x2_00000001 | len(data) << 35


# Received messages that are arranged like the ones above, as those of this library are.

_CALL_START: Final = struct.pack("<QQQ", _ROOT, Kind.CALL, _CALL_BODY)
_RETURN_START: Final = struct.pack("<QQQ", _ROOT, Kind.RETURN, _RETURN_BODY)
_READ_CALL: Final = struct.Struct("<IHH Q8x QQQ IHHQ QQ").unpack_from
_READ_RETURN: Final = struct.Struct("<IBBH Q QQQ").unpack_from
_CONTENT_OF_CALL: Final = 88
_CONTENT_OF_RETURN: Final = 48

UsualCall = tuple[int, int, int, int, bool]
UsualReturn = tuple[int, bool]


def usual_call(message: Message) -> UsualCall | None:
    """Question, interface id, method id, import id and whether there is a capability table, of an ordinary call.

    None if the message is something else, or arranged in another way, which the functions below can read as well.
    """
    segment = message.segments[0]
    if segment[:24] != _CALL_START or len(segment) < _CALL_WORDS * 8 or len(message.segments) > 1:
        return None
    question, method, sent_to, interface, target, params, third, number, kind, _, promised, _, table = _READ_CALL(
        segment, 24
    )
    if target != _TARGET or params != _PARAMS or sent_to or third or kind or promised:
        return None
    return question, interface, method, number, bool(table)


def usual_return(message: Message) -> UsualReturn | None:
    """Question and whether there is a capability table, of a return with results that needs no more than that.

    None if the message is something else, or arranged in another way.
    """
    segment = message.segments[0]
    if segment[:24] != _RETURN_START or len(segment) < _RETURN_WORDS * 8 or len(message.segments) > 1:
        return None
    answer, flags, _, outcome, _, payload, _, table = _READ_RETURN(segment, 24)
    if flags != 3 or outcome != Outcome.RESULTS or payload != _PAYLOAD:
        return None
    return answer, bool(table)


def usual_call_payload(message: Message) -> StructAt:
    """Where the payload of a `usual_call` is."""
    return message.segments[0], _CONTENT_OF_CALL, 0, _CONTENT_OF_CALL, 2


def usual_return_content(message: Message) -> tuple[Segment, int]:
    """Where the pointer to the content of a `usual_return` is."""
    return message.segments[0], _CONTENT_OF_RETURN


# Received messages of any arrangement.

_U16: Final = struct.Struct("<H").unpack_from
_U32: Final = struct.Struct("<I").unpack_from
_NOTHING: Final[StructAt] = (b"", 0, 0, 0, 0)


def u16(at: StructAt, offset: int) -> int:
    """The number at byte ``offset`` of a struct's data, 0 if the peer's struct is shorter."""
    return int(_U16(at[0], at[1] + offset)[0]) if offset + 2 <= at[2] else 0


def u32(at: StructAt, offset: int) -> int:
    """Like `u16`."""
    return int(_U32(at[0], at[1] + offset)[0]) if offset + 4 <= at[2] else 0


def u64(at: StructAt, offset: int) -> int:
    """Like `u16`."""
    return u32(at, offset) | u32(at, offset + 4) << 32


def flag(at: StructAt, offset: int, bit: int) -> bool:
    """One bit of a struct's data."""
    return offset < at[2] and bool(at[0][at[1] + offset] >> bit & 1)


def part(message: Message, at: StructAt, index: int) -> StructAt:
    """The struct that a struct's pointer refers to; an empty one if it is null."""
    if index >= at[4]:
        return _NOTHING
    return message.struct_at(at[0], at[3] + index * 8) or _NOTHING


def text(message: Message, at: StructAt, index: int) -> str:
    """The text that a struct's pointer refers to."""
    if index >= at[4]:
        return ""
    found = message.list_at(at[0], at[3] + index * 8)
    if found is None or found[2] != 2 or not found[3]:
        return ""
    return str(found[0][found[1] : found[1] + found[3] - 1], "utf-8", "replace")


def kind_of(message: Message) -> int:
    """Which message it is."""
    root = message.struct_at(message.segments[0], 0)
    return u16(root, 0) if root else 0


def descriptors(message: Message, payload: StructAt) -> list[StructAt]:
    """The entries of a payload's capability table."""
    if payload[4] < 2:
        return []
    found = message.list_at(payload[0], payload[3] + 8)
    if found is None:
        return []
    segment, start, code, count, data, pointers = found
    if code != STRUCT_LIST or count > MAX_CAPABILITIES:
        raise MalformedMessage(f"a capability table of {count} entries; at most {MAX_CAPABILITIES} are taken")
    step = data + pointers * 8
    return [(segment, start + n * step, data, start + n * step + data, pointers) for n in range(count)]


def transform(message: Message, promised: StructAt) -> tuple[int, ...]:
    """The pointer fields to follow from an answer's content to a capability."""
    if not promised[4]:
        return ()
    found = message.list_at(promised[0], promised[3])
    if found is None:
        return ()
    segment, start, code, count, data, pointers = found
    if code != STRUCT_LIST or count > MAX_CAPABILITIES:
        raise MalformedMessage("a promised answer with too many operations")
    step = data + pointers * 8
    operations: list[StructAt] = [(segment, start + n * step, data, 0, 0) for n in range(count)]
    return tuple(u16(at, 2) for at in operations if u16(at, 0) == 1)


def content(payload: StructAt) -> tuple[Segment, int]:
    """Segment and position of the pointer to a payload's content."""
    if not payload[4]:
        return bytes(8), 0
    return payload[0], payload[3]
