"""The encoding, against pycapnp: both ways, between versions of a schema, and where a message is not to be trusted.

``LIBMULTIPROCESS_ROUNDS`` sets how many random values are tried; 150 unless said.
"""

import math
import os
import random
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libmultiprocess.errors import ConversionError, MalformedMessage
from libmultiprocess.schema import load_schema
from libmultiprocess.wire import message as message_module
from libmultiprocess.wire.codec import StructCodec, struct_codec
from libmultiprocess.wire.framing import MAX_MESSAGE_BYTES, MessageStream
from libmultiprocess.wire.layout import SCALARS
from libmultiprocess.wire.message import MAX_DEPTH, Message
from libmultiprocess.wire.output import MAX_CAPABILITIES, Output
from libmultiprocess.wire.types import WireType
from libmultiprocess.wire.values import Wire

SCHEMA = load_schema(Path(__file__).parent / "codec.capnp")
ROUNDS = int(os.environ.get("LIBMULTIPROCESS_ROUNDS", "150"))
NUMBERS = {
    **{f"int{bits}": (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)},
    "enum": (0, 2),
}


def codec_of(name: str) -> StructCodec:
    return struct_codec(getattr(SCHEMA, name).schema)


def written(codec: StructCodec, wire: Wire, capabilities: int = 0) -> bytes:
    """A framed message with a struct."""
    out = Output()
    codec.write_content(wire, out)
    content = b"".join(out.chunks)
    assert len(content) == out.size
    root = codec.pointer_bits if codec.size else 0xFFFFFFFC
    return struct.pack("<IIQ", 0, 1 + len(content) // 8, root) + content


def read(codec: StructCodec, data: bytes) -> Wire | None:
    """The struct in a framed message, which arrives in one piece."""
    stream = MessageStream()
    stream.feed(data)
    message = stream.next()
    assert message is not None
    return codec.read(message, message.segments[0], 0, ())


class Values:
    """Random values of a schema's types.

    Args:
        seed: of the choice.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def struct(self, codec: StructCodec, depth: int = 0) -> Wire:
        layout = codec.layout
        wire: Wire = {name: self.scalar(layout.kinds[name]) for name, _ in layout.plain}
        wire |= {name: self.chance.random() < 0.5 for _, bits in layout.bits for name, _, _ in bits}
        wire |= dict.fromkeys(layout.voids)
        for item in layout.pointers:
            present = self.chance.random() < (0.7 if depth < 2 else 0.2)
            wire[item.name] = self.pointer(item.type, depth + 1) if present and depth < 4 else None
            if wire[item.name] is None:
                wire[item.name] = layout.pointer_defaults.get(item.name)
        return wire

    def scalar(self, kind: str) -> Any:
        if kind.startswith("float"):
            number = self.chance.choice((0.0, 1.5, -2.25, math.inf, -math.inf, self.chance.uniform(-1e9, 1e9)))
            return struct.unpack("<f", struct.pack("<f", number))[0] if kind == "float32" else number
        low, high = NUMBERS[kind]
        return self.chance.choice((low, high, self.chance.randint(low, high), max(low, min(high, 0))))

    def pointer(self, kind: WireType, depth: int) -> Any:
        if kind.kind == "text":
            return "".join(self.chance.choices("aé€😀\0 ", k=self.chance.randrange(12)))
        if kind.kind == "data":
            return self.chance.randbytes(self.chance.randrange(20))
        if kind.kind == "struct":
            return self.struct(struct_codec(kind.schema, kind.bindings), depth)
        assert kind.element is not None
        element, count = kind.element, self.chance.choice((0, 1, 2, 7, 8, 9, 20))
        if element.kind == "void":
            return [None] * count
        if element.kind == "bool":
            return [self.chance.random() < 0.5 for _ in range(count)]
        if element.kind in SCALARS:
            return [self.scalar(element.kind) for _ in range(count)]
        return [self.pointer(element, depth + 1) for _ in range(min(count, 3))]


def build(builder: Any, codec: StructCodec, wire: Wire) -> None:
    """Put a value into a builder of pycapnp's."""
    types = {item.name: item.type for item in codec.layout.pointers}
    for name, value in wire.items():
        if name in codec.layout.voids or value is None:
            continue
        if name not in types:
            setattr(builder, name, value)
        elif types[name].kind == "struct":
            inner = types[name]
            build(builder.init(name), struct_codec(inner.schema, inner.bindings), value)
        elif types[name].kind == "list":
            build_list(builder.init(name, len(value)), types[name], value)
        else:
            setattr(builder, name, value)


def build_list(builder: Any, kind: WireType, values: list[Any]) -> None:
    element = kind.element
    assert element is not None
    for n, value in enumerate(values):
        if element.kind == "struct":
            build(builder[n], struct_codec(element.schema, element.bindings), value)
        elif element.kind == "list":
            build_list(builder.init(n, len(value)), element, value)
        elif element.kind != "void":
            builder[n] = ("red", "green", "blue")[value] if element.kind == "enum" else value


def plain(reader: Any, codec: StructCodec) -> Wire:
    """What pycapnp reads, as a plain value."""
    layout = codec.layout
    wire: Wire = dict.fromkeys(layout.voids)
    for name, _ in layout.plain:
        value = getattr(reader, name)
        wire[name] = value.raw if layout.kinds[name] == "enum" else value
    for _, bits in layout.bits:
        for name, _, _ in bits:
            wire[name] = getattr(reader, name)
    for item in layout.pointers:
        present = reader._has(item.name) or item.name in layout.pointer_defaults
        wire[item.name] = plain_pointer(getattr(reader, item.name), item.type) if present else None
    return wire


def plain_pointer(value: Any, kind: WireType) -> Any:
    if kind.kind == "struct":
        return plain(value, struct_codec(kind.schema, kind.bindings))
    if kind.kind != "list":
        return value
    element = kind.element
    assert element is not None
    if element.kind == "enum":
        return [item.raw for item in value]
    return [plain_pointer(item, element) for item in value]


def built(name: str, wire: Wire, segment_words: int | None = None) -> bytes:
    """A message by pycapnp; with small segments, if wanted, so that pointers go from one to another."""
    if segment_words is None:
        builder = getattr(SCHEMA, name).new_message()
    else:
        builder = getattr(SCHEMA, name).new_message(num_first_segment_words=segment_words)
    build(builder, codec_of(name), wire)
    return bytes(builder.to_bytes())


@pytest.mark.parametrize("name", ["Everything", "Defaults"])
def test_what_is_written_pycapnp_reads(name: str) -> None:
    codec = codec_of(name)
    for seed in range(ROUNDS):
        wire = Values(seed).struct(codec)
        data = written(codec, wire)

        reader = getattr(SCHEMA, name).from_segments([data[8:]])

        assert plain(reader, codec) == wire, seed
        assert read(codec, data) == wire, seed


@pytest.mark.parametrize("name", ["Everything", "Defaults"])
@pytest.mark.parametrize("segment_words", [None, 1, 2, 16])
def test_what_pycapnp_writes_is_read(name: str, segment_words: int | None) -> None:
    codec = codec_of(name)
    most_segments = 0
    for seed in range(ROUNDS):
        wire = Values(seed).struct(codec)
        data = built(name, wire, segment_words)
        segments = struct.unpack_from("<I", data)[0] + 1
        if segments > 500:
            continue

        assert read(codec, data) == wire, seed
        most_segments = max(most_segments, segments)
    assert most_segments > 1 or segment_words is None or name == "Defaults"


class Scattered:
    """A message's content in several segments, with near, far and double-far pointers between them.

    Args:
        data: a framed message of one segment.
        chance: where everything goes.
    """

    def __init__(self, data: bytes, chance: random.Random) -> None:
        self._words = struct.unpack(f"<{len(data) // 8 - 1}Q", data[8:])
        self._chance = chance
        self._segments: list[list[int]] = [[0], [], [], []]
        self._place(0, 0, 0)

    @property
    def message(self) -> Message:
        return Message([struct.pack(f"<{len(words)}Q", *words) for words in self._segments])

    def _place(self, source: int, number: int, slot: int) -> None:
        """Copy what the pointer at ``source`` refers to; put a pointer to it into a slot of a segment."""
        word = self._words[source]
        into = self._segments[number]
        if not word or word & 3 == 3 or word & 0xFFFFFFFF == 0xFFFFFFFC:
            into[slot] = word
            return
        offset = (word & 0xFFFFFFFF) >> 2
        start = source + 1 + offset - (offset >> 29 << 30)
        size, pointers = self._extent(word, start)
        other = self._chance.randrange(len(self._segments))
        target, plain = self._segments[other], word & ~0xFFFFFFFC
        if other == number and self._chance.random() < 0.5:
            begin = len(target)
            into[slot] = plain | (begin - slot - 1) << 2
        elif self._chance.random() < 0.5:
            into[slot] = 2 | len(target) << 3 | other << 32
            target.append(plain)
            begin = len(target)
        else:
            begin = len(target)
        target += self._words[start : start + size]
        if not into[slot]:
            pad = self._chance.randrange(len(self._segments))
            into[slot] = 6 | len(self._segments[pad]) << 3 | pad << 32
            self._segments[pad] += (2 | begin << 3 | other << 32, plain)
        for place in pointers:
            target[begin + place] = 0
            self._place(start + place, other, begin + place)

    def _extent(self, word: int, start: int) -> tuple[int, list[int]]:
        """How many words an object has, and which of them are pointers."""
        if word & 3 == 0:
            data, pointers = word >> 32 & 0xFFFF, word >> 48
            return data + pointers, list(range(data, data + pointers))
        code, count = word >> 32 & 7, word >> 35
        if code == 6:
            return count, list(range(count))
        if code < 6:
            return (count * (0, 1, 8, 16, 32, 64)[code] + 63) // 64, []
        tag = self._words[start]
        data, pointers = tag >> 32 & 0xFFFF, tag >> 48
        step = data + pointers
        places = [1 + n * step + data + m for n in range((tag & 0xFFFFFFFF) >> 2) for m in range(pointers)]
        return 1 + count, places


def test_any_arrangement_is_read() -> None:
    codec = codec_of("Everything")
    for seed in range(ROUNDS):
        values = Values(seed)
        wire = values.struct(codec)

        message = Scattered(written(codec, wire), values.chance).message

        assert codec.read(message, message.segments[0], 0, ()) == wire, seed


@pytest.mark.parametrize("name", ["Everything", "Defaults"])
def test_what_is_not_set_has_its_default(name: str) -> None:
    codec = codec_of(name)
    wanted = plain(getattr(SCHEMA, name).new_message().as_reader(), codec)

    assert codec.defaults() == wanted
    assert read(codec, written(codec, {})) == wanted
    assert read(codec, built(name, {})) == wanted
    assert math.copysign(1, codec_of("Defaults").defaults()["f64"]) == -1


def test_nan_travels() -> None:
    codec = codec_of("Everything")

    wire = read(codec, written(codec, {"f32": math.nan, "f64s": [math.nan]}))

    assert wire is not None
    assert math.isnan(wire["f32"])
    assert math.isnan(wire["f64s"][0])


# Between versions.


def test_an_older_struct_has_defaults_for_what_it_lacks() -> None:
    data = written(codec_of("Old"), {"number": 3, "name": "old"})

    assert read(codec_of("New"), data) == {"number": 3, "name": "old", "flag": False, "wide": 7, "more": None, "set": 5}


def test_a_newer_struct_is_read_as_far_as_it_is_known() -> None:
    new = {"number": 3, "name": "new", "flag": True, "wide": 9, "more": ["x"], "set": 6}

    assert read(codec_of("Old"), written(codec_of("New"), new)) == {"number": 3, "name": "new"}


OLD_LISTS: Wire = {
    "numbers": [1, 65535],
    "texts": ["a", ""],
    "structs": [{"number": 1, "name": "x"}, {"number": 2, "name": None}],
    "bytes": [0, 255],
    "bools": None,
}
NEW_LISTS: Wire = {
    "numbers": [{"value": 1, "more": None}, {"value": 65535, "more": None}],
    "texts": [{"value": "a", "more": 0}, {"value": "", "more": 0}],
    "structs": [
        {"number": 1, "name": "x", "flag": False, "wide": 7, "more": None, "set": 5},
        {"number": 2, "name": None, "flag": False, "wide": 7, "more": None, "set": 5},
    ],
    "bytes": [{"value": 0, "more": 0}, {"value": 255, "more": 0}],
    "bools": None,
}


def test_lists_whose_elements_have_become_structs() -> None:
    assert read(codec_of("NewLists"), written(codec_of("OldLists"), OLD_LISTS)) == NEW_LISTS


def test_lists_of_structs_whose_elements_were_values() -> None:
    assert read(codec_of("OldLists"), written(codec_of("NewLists"), NEW_LISTS)) == OLD_LISTS


@pytest.mark.parametrize(
    ("writer", "reader", "wire"),
    [
        ("OldLists", "NewLists", {"bools": [True]}),
        ("NewLists", "OldLists", {"bools": [{"value": 1}]}),
    ],
)
def test_lists_of_bits_do_not_change(writer: str, reader: str, wire: Wire) -> None:
    with pytest.raises(MalformedMessage):
        read(codec_of(reader), written(codec_of(writer), wire))


# What does not fit.


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("i8", 128, "i8 = 128 does not fit int8"),
        ("u64", -1, "u64 = -1 does not fit uint64"),
        ("i32", "1", "i32 = '1' does not fit int32"),
        ("f64", "x" * 100, "does not fit float64"),
        ("f32", 1e300, "does not fit float32"),
        ("text", b"bytes", "text"),
        ("text", "\ud800", "text"),
        ("data", "text", "data"),
        ("texts", [1], "texts"),
        ("texts", 5, "texts"),
        ("i8s", [1, 1000], "i8s"),
        ("inner", 5, "inner"),
        ("inners", [{"number": "x"}], "inners"),
        ("color", -1, "color"),
    ],
)
def test_values_that_do_not_fit_are_named(name: str, value: Any, text: str) -> None:
    with pytest.raises(ConversionError, match=text):
        written(codec_of("Everything"), {name: value})


def test_what_no_message_can_hold() -> None:
    codec = codec_of("Everything")
    for wire in ({"data": bytes(MAX_MESSAGE_BYTES)}, {"datas": [bytes(1 << 20)] * 64}):
        with pytest.raises(ConversionError, match="more than"):
            written(codec, wire)
    out = Output()
    for _ in range(MAX_CAPABILITIES + 1):
        out.add_capability(None)
    with pytest.raises(ConversionError, match="objects"):
        codec.write_content({}, out)


# Messages that are not to be trusted.


def _read_or_refuse(codec: StructCodec, data: bytes) -> None:
    stream = MessageStream()
    try:
        stream.feed(data)
        message = stream.next()
        if message is not None:
            codec.read(message, message.segments[0], 0, ())
    except MalformedMessage:
        return


def _some(name: str, segment_words: int | None) -> bytes:
    inner = {"number": 5, "flag": True, "name": "inner"}
    wire = {
        "text": "text",
        "data": b"data",
        "inner": inner,
        "bools": [True] * 9,
        "u16s": [1, 2],
        "texts": ["x", "y"],
        "inners": [inner],
        "matrix": [[1], []],
        "pairs": [{"first": "f", "second": b"s"}],
        "voids": [None] * 3,
        "deep": [[inner]],
        "empties": [{}] * 3,
        "recursive": {"i8": 1},
    }
    return built(name, wire, segment_words)


@pytest.mark.parametrize("segment_words", [None, 1])
def test_any_bit_flipped_gives_a_value_or_a_refusal(segment_words: int | None) -> None:
    codec = codec_of("Everything")
    data = bytearray(_some("Everything", segment_words))
    for position in range(len(data)):
        for bit in range(8):
            data[position] ^= 1 << bit
            _read_or_refuse(codec, bytes(data))
            data[position] ^= 1 << bit


def test_any_byte_replaced_gives_a_value_or_a_refusal() -> None:
    codec = codec_of("Everything")
    data = bytearray(_some("Everything", None))
    for position in range(len(data)):
        before = data[position]
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            data[position] = value
            _read_or_refuse(codec, bytes(data))
        data[position] = before


def test_any_word_replaced_gives_a_value_or_a_refusal() -> None:
    codec, chance = codec_of("Everything"), random.Random(6)
    for segment_words in (None, 2):
        data = _some("Everything", segment_words)
        for _ in range(ROUNDS * 20):
            changed = bytearray(data)
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(1, len(data) // 8) * 8
                word = chance.choice(
                    (
                        chance.getrandbits(64),
                        chance.getrandbits(3)
                        | (chance.randrange(-40, 40) & 0x3FFFFFFF) << 2
                        | chance.getrandbits(32) << 32,
                        int.from_bytes(data[at - 8 : at], "little"),
                        chance.getrandbits(2) | chance.getrandbits(6) << 2 | chance.randrange(9) << 32,
                    )
                )
                changed[at : at + 8] = (word & (1 << 64) - 1).to_bytes(8, "little")
            _read_or_refuse(codec, bytes(changed))


def test_any_cut_gives_no_message() -> None:
    for segment_words in (None, 2):
        data = _some("Everything", segment_words)
        for length in range(len(data)):
            stream = MessageStream()
            stream.feed(data[:length])
            assert stream.next() is None
            assert stream.unfinished == bool(length)


def test_text_that_is_none() -> None:
    codec = codec_of("Old")
    data = bytearray(written(codec, {"name": "abcdefg"}))
    at = data.index(b"abcdefg")
    for position, value in ((at + 7, 1), (at, 0xFF)):
        changed = bytearray(data)
        changed[position] = value
        with pytest.raises(MalformedMessage):
            read(codec, bytes(changed))


def _cost(codec: StructCodec, words: list[int]) -> None:
    """Reading these words is refused, at once and without much memory."""
    message = Message([struct.pack(f"<{len(words)}Q", *words)])
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(MalformedMessage, match=r"too often|longer than its words|deeper"):
        codec.read(message, message.segments[0], 0, ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20
    assert time.process_time() - started < 20


def _everything(field: str, pointer: Callable[[int], int], rest: list[int]) -> list[int]:
    """A message in which one field is the pointer that ``pointer`` makes from the offset to ``rest``."""
    codec = codec_of("Everything")
    layout = codec.layout
    index = next(item.index for item in layout.pointers if item.name == field)
    words = [codec.pointer_bits, *[0] * (layout.data_words + layout.pointer_words)]
    words[1 + layout.data_words + index] = pointer(layout.pointer_words - index - 1)
    return words + rest


MANY = (1 << 29) - 1
AMPLIFIERS: dict[str, list[int]] = {
    "voids": _everything("voids", lambda offset: 1 | offset << 2 | MANY << 35, []),
    "empty structs": _everything("empties", lambda offset: 1 | offset << 2 | 7 << 32, [MANY << 2]),
    "empty structs in a word": _everything(
        "empties", lambda offset: 1 | offset << 2 | 7 << 32 | 1 << 35, [MANY << 2, 0]
    ),
    "structs without content": _everything(
        "inners", lambda offset: 1 | offset << 2 | 7 << 32 | 1 << 35, [MANY << 2, 0]
    ),
    "structs from nothing": _everything("inners", lambda offset: 1 | offset << 2 | MANY << 35, []),
    "lists from nothing": _everything(
        "texts", lambda offset: 1 | offset << 2 | 7 << 32 | 1 << 35, [MANY << 2 | 1 << 48, 0]
    ),
    "one struct many times": _everything(
        "deep",
        lambda offset: 1 | offset << 2 | 6 << 32 | 500 << 35,
        [
            *[1 | 499 - n << 2 | 7 << 32 | 1000 << 35 for n in range(500)],
            *(1000 << 2 | 1 << 32, *[0] * 1000),
        ],
    ),
    "one list many times": _everything(
        "matrix",
        lambda offset: 1 | offset << 2 | 6 << 32 | 1000 << 35,
        [*[1 | 999 - n << 2 | 2 << 32 | 8000 << 35 for n in range(1000)], *[0] * 1000],
    ),
}


@pytest.mark.parametrize("name", AMPLIFIERS)
def test_a_small_message_costs_little(name: str) -> None:
    _cost(codec_of("Everything"), AMPLIFIERS[name])


def test_a_struct_that_contains_itself() -> None:
    codec = codec_of("Everything")
    layout = codec.layout
    index = next(item.index for item in layout.pointers if item.name == "recursive")
    words = [codec.pointer_bits, *[0] * (layout.data_words + layout.pointer_words)]
    position = 1 + layout.data_words + index
    words[position] = (-position & 0x3FFFFFFF) << 2 | codec.pointer_bits
    _cost(codec, words)


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_nesting_to_the_limit(depth: int) -> None:
    codec = codec_of("Everything")
    wire: Wire = {"i8": 1}
    for _ in range(depth):
        wire = {"recursive": wire}
    data = written(codec, wire)

    if depth < MAX_DEPTH:
        assert read(codec, data) is not None
    else:
        with pytest.raises(MalformedMessage, match="deeper"):
            read(codec, data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", bytes(40 << 20)),
        ("bools", [True, False] * 1_000_000),
        ("i8s", [1] * 2_000_000),
        ("u64s", [1 << 63] * 1_000_000),
        ("inners", [{"number": n, "flag": False, "name": None} for n in range(300_000)]),
        ("voids", [None] * 1000),
    ],
)
def test_large_values_are_no_abuse(field: str, value: Any) -> None:
    codec = codec_of("Everything")

    wire = read(codec, written(codec, {field: value}))

    assert wire is not None
    assert wire[field] == value


FAR = 2
BAD_POINTERS = {
    "to a segment that is not there": [FAR | 5 << 32],
    "beyond the segment": [FAR | 100 << 3],
    "far to far": [FAR | 1 << 3, FAR | 1 << 3],
    "double far without a pad": [FAR | 4 | 1 << 3, 0],
    "double far without a tag": [FAR | 4 | 1 << 3, FAR, FAR],
    "double far with an offset": [FAR | 4 | 1 << 3, FAR, 4 << 2],
    "a struct before the segment": [(-3 & 0x3FFFFFFF) << 2 | 1 << 32],
    "a list instead of a struct": [1],
    "a capability instead of a struct": [3],
    "a struct beyond the end": [1 << 32],
}


@pytest.mark.parametrize("name", BAD_POINTERS)
def test_pointers_that_lead_nowhere(name: str) -> None:
    words = BAD_POINTERS[name]
    message = Message([struct.pack(f"<{len(words)}Q", *words)])
    with pytest.raises(MalformedMessage):
        codec_of("Old").read(message, message.segments[0], 0, ())


@pytest.mark.parametrize("word", [4, 3 | 5 << 32, FAR])
def test_capabilities_that_are_none(word: int) -> None:
    from libmultiprocess.wire.values import CapabilityCodec

    message = Message([struct.pack("<Q", word)])
    with pytest.raises(MalformedMessage):
        CapabilityCodec().read(message, message.segments[0], 0, ("one",))


def test_capabilities_near_and_far() -> None:
    message = Message([struct.pack("<QQ", FAR | 1 << 3, 3 | 7 << 32), struct.pack("<Q", 0)])
    assert message.capability_at(message.segments[0], 0) == 7
    assert message.capability_at(message.segments[1], 0) is None


def test_limits_are_those_of_the_largest_message() -> None:
    assert message_module.TRAVERSAL_WORDS >= MAX_MESSAGE_BYTES // 8
