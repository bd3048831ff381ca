"""Every kind of value there and back through generated proxies, beyond what `test_values` shows."""

import importlib
import math
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from libmultiprocess import ConversionError, EventLoop, close, connect_stream, serve_stream
from libmultiprocess.mpgen import generate

TESTS = Path(__file__).parent
SCHEMAS = [TESTS / f"foo_{name}.capnp" for name in ("base", "derived", "kinds")]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package ``kinds_generated``."""
    folder = tmp_path_factory.mktemp("kinds")
    sys.path[:0] = [str(TESTS), str(folder)]
    generate(SCHEMAS, folder / "kinds_generated", "kinds_generated")
    return folder / "kinds_generated"


def generated(name: str) -> Any:
    """The module generated for ``name``.capnp."""
    return importlib.import_module(f"kinds_generated.{name}")


@pytest.fixture
def loops() -> Iterator[tuple[EventLoop, EventLoop]]:
    """Event loops of a server and a client."""
    server, client = EventLoop("server"), EventLoop("client")
    yield server, client
    client.close()
    server.close()


def _connect(loops: tuple[EventLoop, EventLoop], server: Any, impl: Any, client: Any) -> Any:
    import socket

    ours, theirs = socket.socketpair()
    serve_stream(loops[0], theirs, server, impl)
    return connect_stream(loops[1], ours, client)


@pytest.fixture
def kinds(package: Path, loops: tuple[EventLoop, EventLoop]) -> Any:
    """A proxy for a `foo_kinds.Kinds`."""
    from foo_kinds import Kinds

    module = generated("foo_kinds")
    return _connect(loops, module.KindsServer, Kinds(), module.KindsClient)


def served(name: str, wire: dict[str, Any]) -> dict[str, Any]:
    """What a `foo_kinds.Kinds` answers a peer that sends ``wire``, and leaves the rest as it is in the schema."""
    from foo_kinds import Kinds

    # Values need no connection.
    server: Any = generated("foo_kinds").KindsServer(Kinds(), None)
    defaults = server._methods[name].params.defaults()
    result: dict[str, Any] = server.run(name, {**defaults, **wire})
    return result


# Several Python values in one field.


def test_parameters_that_share_a_struct(kinds: Any) -> None:
    assert kinds.slice(b"0123456789", 2, 6, step=2) == b"246"


def test_parameters_by_keyword_only_that_share_a_struct(kinds: Any) -> None:
    assert kinds.pass_keyword_only(start=1, size=2) == 4003
    assert kinds.pass_keyword_only(start=1) == 4004


def test_parameters_that_share_what_a_hook_makes(kinds: Any) -> None:
    assert kinds.repeat("ab", 3) == "ababab"
    assert kinds.repeat("ab", 2, loud=True) == "ABAB"
    assert served("repeat", {"what": "2*x"}) == {"result": "xx"}


def test_members_that_share_a_struct(kinds: Any) -> None:
    from foo_kinds import Box

    assert kinds.pass_box(Box("b", 2, 3)) == Box("b", 2, 3)


def test_null_stands_for_a_shared_struct_of_defaults(package: Path) -> None:
    assert served("passBox", {}) == {"result": {"label": "", "sides": {"start": 0, "size": 0}}}


def test_a_callable_with_parameters_that_share_a_struct(kinds: Any) -> None:
    assert kinds.sum_up(lambda a, b: a * 10 + b, 4) == 41


def test_a_hook_may_read_a_null_pointer(kinds: Any) -> None:
    from foo_kinds import Note

    assert kinds.pass_note(Note("")) == Note("")
    assert served("passNote", {}) == {"result": "none"}


def test_hooks_for_structs(kinds: Any) -> None:
    from foo_kinds import Mark, Span

    for given in ((Span(2, 3), Mark("m"), [Mark("n"), None]), (Span(0, 0), None, None), (Span(0, 0), Mark(""), [])):
        assert kinds.pass_hooked(*given) == given


def test_a_hook_reads_a_struct_of_defaults_for_null(package: Path) -> None:
    assert served("passHooked", {}) == {"span": {"first": 0, "last": 9}}


# Time.


def test_durations(kinds: Any) -> None:
    times = timedelta(days=1), timedelta(milliseconds=7), timedelta(microseconds=-3), timedelta(microseconds=2500)

    assert kinds.pass_times(*times) == times
    assert kinds.pass_times(*times[:3])[3] == timedelta(milliseconds=1.5)


def test_durations_are_numbers_of_their_unit(package: Path) -> None:
    wire = {"seconds": -60, "millis": 1, "nanos": 1999, "exact": 0.25}

    assert served("passTimes", wire) == {**wire, "nanos": 1000}


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ((timedelta(seconds=2**31), timedelta(), timedelta()), "passTimes"),
        ((timedelta(), timedelta(milliseconds=-1), timedelta()), "passTimes"),
        ((timedelta(), timedelta(microseconds=1), timedelta()), "passTimes: millis"),
    ],
)
def test_a_duration_that_does_not_fit_is_refused_here(kinds: Any, times: tuple[Any, ...], field: str) -> None:
    with pytest.raises(ConversionError, match=field):
        kinds.pass_times(*times)


def test_points_in_time(kinds: Any) -> None:
    now = datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)

    assert kinds.pass_instant(now) == now
    assert served("passInstant", {"instant": 1231006505}) == {"result": 1231006505}


# Enumerations.


def test_enumerations(kinds: Any) -> None:
    from foo_kinds import Color, Kind, Number, Plain

    given = Color.GREEN, Number.HIGH, Plain.A, Kind.BIG

    assert kinds.pass_colors(*given) == given
    assert kinds.pass_colors(Color.RED) == (Color.RED, Number.LOW, Plain.B, Kind.SMALL)


@pytest.mark.parametrize("wire", [{"color": 2}, {"number": 5}, {"plain": 3}, {"name": "huge"}])
def test_a_member_that_only_the_peer_knows_is_refused(package: Path, wire: dict[str, Any]) -> None:
    known = {"color": 1, "number": -1, "plain": 1, "name": "big"}

    with pytest.raises(ConversionError, match=f"Kinds.passColors: {next(iter(wire))}: .* is no "):
        served("passColors", {**known, **wire})


def test_a_list_of_enumeration_members_is_a_list_of_numbers(package: Path) -> None:
    assert served("passColorList", {"colors": [1, 0]}) == {"result": [1, 0]}
    with pytest.raises(ConversionError, match=r"Kinds\.passColorList: colors: 9 is no Color"):
        served("passColorList", {"colors": [9]})


# Containers.


def test_nothing(kinds: Any) -> None:
    kinds.pass_nothing(None)
    assert kinds.count_nothings([None, None]) == 2


def test_lists_of_lists(kinds: Any) -> None:
    matrix = [[1, 2], [], [3]]
    names: tuple[list[set[str]], ...] = ([{"a", "b"}], [])

    assert kinds.pass_matrix(matrix, names) == (matrix, names)


def test_a_struct_that_holds_more_of_itself(kinds: Any) -> None:
    from foo_kinds import Tree

    tree = Tree(1, [Tree(2), Tree(3, [Tree(4)])])

    assert kinds.pass_tree(tree) == tree


def test_dicts_of_dicts_of_optionals(kinds: Any) -> None:
    from foo_kinds import Point

    dicts = {"a": {1: Point(1, 2), 2: None}, "": {}}

    assert kinds.pass_nested(dicts) == dicts


def test_optional_elements_and_parts(kinds: Any) -> None:
    from foo_kinds import Point

    assert kinds.pass_maybe([(1, 2), None, (0, 0)], (0, None)) == ([(1, 2), None, (0, 0)], (0, None))
    assert kinds.pass_maybe([], (None, Point(3, 4))) == ([], (None, Point(3, 4)))
    assert served("passMaybe", {}) == {"values": [], "parts": {}}


def test_generic_structs(kinds: Any) -> None:
    from foo_kinds import Point

    point, deep = ("p", Point(1, 2)), ([1, 2], ("t", b"\x00"))

    assert kinds.pass_generic(point, deep) == (point, deep)


def test_null_stands_for_a_generic_struct_of_defaults(package: Path) -> None:
    point, deep = served("passGeneric", {}).values()

    assert point == {"first": "", "second": {"x": -1, "y": 0}}
    assert deep == {"first": [], "second": {"first": "", "second": b""}}


def test_buffers(kinds: Any) -> None:
    array, view = kinds.pass_buffers(bytearray(b"a"), memoryview(b"bc"))

    assert (type(array), array) == (bytearray, b"a")
    assert (type(view), view) == (memoryview, b"bc")


def test_other_containers_and_new_types(kinds: Any) -> None:
    given = deque([1, 2]), OrderedDict(b="1", a="2"), frozenset({3}), b"id"

    found = kinds.pass_others(*given)

    assert found == given
    assert [type(item) for item in found] == [deque, OrderedDict, frozenset, bytes]


def test_optional_parameters(kinds: Any) -> None:
    assert kinds.pass_optionals() == (True,) * 5
    assert kinds.pass_optionals("", b"", [], False, 0) == (False,) * 5


def test_byte_strings_of_any_type_and_results_as_members(kinds: Any) -> None:
    from foo_kinds import Measure, Note

    assert kinds.measure(bytearray(b"abc")) == Measure(3, Note("bytes"), None)
    assert kinds.measure(memoryview(b"ab"), bytearray(b"x")) == Measure(2, Note("bytes"), b"x")


# Objects.


def test_containers_of_objects(kinds: Any) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    def multiply(a: int, b: int) -> int:
        return a * b

    assert kinds.call_all([add, multiply], {"x": add}, [None, multiply]) == (3, 2, 3, -1, 2, -1)
    assert kinds.call_all([], {}, [], add) == (3,)


def test_nested_interfaces_and_structs(kinds: Any) -> None:
    from foo_kinds import Step

    counter = kinds.make_counter()

    assert [counter.next(Step(2)), counter.next(Step(3))] == [2, 5]


@pytest.fixture
def library(package: Path, loops: tuple[EventLoop, EventLoop]) -> Any:
    """A `foo_derived.MemoryLibrary` and a proxy for it."""
    from foo_derived import MemoryLibrary

    module, impl = generated("foo_derived"), MemoryLibrary()
    return impl, _connect(loops, module.LibraryServer, impl, module.LibraryClient)


def test_an_interface_has_the_methods_of_all_its_bases(library: Any) -> None:
    from foo_base import Name

    document: Any = library[1].open()
    document.write("text")

    assert (document.read(), document.sign()) == ("text", "signed: text")
    assert document.rename(Name("name")) == Name("NAME")


def test_an_object_is_told_of_its_end_by_what_a_base_names(library: Any) -> None:
    impl, proxy = library
    document = proxy.open()

    close(document)

    assert impl.document.was_closed


def test_methods_that_the_class_inherits_and_objects_where_their_base_is_wanted(library: Any) -> None:
    from foo_derived import MemoryDocument

    assert library[1].describe() == "one document"
    ours = MemoryDocument()
    ours.write("ours")
    theirs = library[1].open()
    theirs.write("theirs")

    assert library[1].read_all([ours, theirs]) == ["ours", "theirs"]


# Results.


def test_a_declared_exception_arrives_as_the_most_specific_class(kinds: Any) -> None:
    from foo_kinds import BaseError, CodeError, DerivedError

    for code, expected in enumerate((BaseError, DerivedError, CodeError)):
        with pytest.raises(expected) as caught:
            kinds.fail(code)
        assert type(caught.value) is expected


def test_an_exception_of_zero_is_one_and_none_is_none(kinds: Any) -> None:
    from foo_kinds import CodeError

    kinds.fail(3)
    with pytest.raises(CodeError) as caught:
        kinds.fail(2)
    assert caught.value.code == 0


def test_a_result_that_the_peer_does_not_want_is_left_out(kinds: Any) -> None:
    assert kinds.divide(7, 2) == (3, 1)
    assert served("divide", {"a": 7, "b": 2, "wantRest": True}) == {"result": 3, "rest": 1}
    assert served("divide", {"a": 7, "b": 2}) == {"result": 3}


def test_parameters_that_have_names_a_proxy_uses_or_no_values(kinds: Any) -> None:
    assert kinds.pass_names(connection=lambda a, b: a - b, wire=5, results=2, result=10) == 13
    assert kinds.ignore(5) == 5


def test_parameters_may_hide_builtins(kinds: Any) -> None:
    from foo_kinds import Color

    assert kinds.pass_builtins([1], {"a"}, int=Color.GREEN) == ([1], {"a"}, Color.GREEN)


def test_the_schema_says_what_is_not_sent(package: Path) -> None:
    assert served("passDefaults", {}) == {
        "text": "abc",
        "numbers": [1, 2],
        "point": {"x": 7, "y": 0},
        "settings": {"base": {"name": ""}, "name": "unnamed", "limit": 4000, "tags": ["a"]},
        "pair": {"first": 3, "last": 9},
    }


def test_what_is_sent_wins_over_the_schema(kinds: Any) -> None:
    from foo_base import Name
    from foo_kinds import Point, Settings

    given: Any = "", [], Point(0, 0), Settings(base=Name("n"), name="", limit=0, tags=(), comment=""), (0, 0)

    assert kinds.pass_defaults(*given) == given


def test_constants(package: Path) -> None:
    foo_kinds = generated("foo_kinds")

    assert foo_kinds.MAX_MONEY == 2100000000000000
    assert (foo_kinds.GREETING, foo_kinds.MAGIC) == ('it\'s "here"', b"\x00\xff")
    assert (foo_kinds.ENABLED, foo_kinds.PRIMES, foo_kinds.WARM) == (True, (2, 3, 5), 0)
    assert math.isinf(foo_kinds.MAX_DOUBLE)
    assert foo_kinds.ORIGIN == {"x": 1, "y": 0}
    assert foo_kinds.KINDS_COUNTER_STEP_SMALLEST == -1


def test_lines_are_short_and_loops_within_loops_have_names_of_their_own(package: Path) -> None:
    lines = [line for path in package.glob("*.py") for line in path.read_text().splitlines()]

    assert [line for line in lines if len(line) > 120] == []
    assert any("[[list(inner_item) for inner_item in item] for item in names]" in line for line in lines)
