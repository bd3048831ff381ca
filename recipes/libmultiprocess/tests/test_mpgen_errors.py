"""What the generator refuses, and what it says then; and what it accepts that is easily refused."""

import itertools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libmultiprocess import SchemaError
from libmultiprocess.mpgen import generate

Write = Callable[[str, str], str]

_numbers = itertools.count()

CLASSES = """\
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from libmultiprocess import CustomType
from libmultiprocess.chrono import Seconds
@dataclass
class Point:
    x: int
class Base(ABC):
    def go(self) -> None: ...
class Thing(ABC):
"""

SCHEMA = """\
@0xa5f0b2d3c4e51607;
using Proxy = import "/mp/proxy.capnp";
struct Point $Proxy.wrap("MODULE.Point") { x @0 :Int32; }
struct Pair(A, B) { a @0 :A; b @1 :B; }
interface Thing $Proxy.wrap("MODULE.Thing") {
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Generates from a class `Thing` with these methods, and an interface with these; gives the module's text."""
    monkeypatch.syspath_prepend(tmp_path)
    module = f"errors_{next(_numbers)}"

    def write_both(methods: str, schema: str) -> str:
        (tmp_path / f"{module}.py").write_text(CLASSES + methods)
        (tmp_path / "thing.capnp").write_text((SCHEMA + schema).replace("MODULE", module))
        generate([tmp_path / "thing.capnp"], tmp_path / "out", "out")
        text = (tmp_path / "out" / "thing.py").read_text()
        compile(text, "thing.py", "exec")
        return text

    yield write_both
    sys.modules.pop(module, None)


REFUSED = {
    "union in a tuple": (
        "    def f(self, a: tuple[int, int]) -> None: ...\n",
        "f @0 (a :U) -> (); }\nstruct U { union { b @0 :Int32; c @1 :Int32; } }",
        r"thing\.capnp:6: Thing\.f / .*errors_\d+\.py:14: parameter a: .*U: b: unions and groups",
    ),
    "group in a wrapped struct": (
        "    pass\n@dataclass\nclass G:\n    a: int\n",
        '}\nstruct G $Proxy.wrap("MODULE.G") {\n  a :group { b @0 :Int32; } }',
        r"thing\.capnp:7: G: a: unions and groups",
    ),
    "union among parameters": (
        "    def f(self, a: int) -> None: ...\n",
        "f @0 P -> (); }\nstruct P { union { a @0 :Int32; b @1 :Int32; } }",
        r"thing\.capnp:6: Thing\.f: a: unions and groups",
    ),
    "generic struct with a wrap": (
        "    pass\n",
        '}\nstruct G(T) $Proxy.wrap("MODULE.Point") { x @0 :T; }',
        r"thing\.capnp:7: G: a generic struct",
    ),
    "None in a list": (
        "    def f(self, a: list[str | None]) -> None: ...\n",
        "f @0 (a :List(Text)) -> (); }",
        r"Thing\.f / .*: parameter a: an element that may be None needs",
    ),
    "list of anything": (
        "    def f(self, a: list) -> None: ...\n",
        "f @0 (a :List(Text)) -> (); }",
        r"parameter a: a list without the type of its elements",
    ),
    "too few parameters to count": (
        "    def f(self, a: int, b: int) -> None: ...\n",
        "f @0 (b :Int32, r :Pair(Text, Text) $Proxy.count(2)) -> (); }",
        r"thing\.capnp:6: Thing\.f / .*: parameter a is missing",
    ),
    "nothing left to count": (
        "    def f(self) -> None: ...\n",
        "f @0 (r :Pair(Text, Text) $Proxy.count(2)) -> (); }",
        r"schema parameter r has no Python 2 parameters in a row",
    ),
    "counted parameters of the wrong type": (
        "    def f(self, a: int, b: str) -> None: ...\n",
        "f @0 (r :Pair(Text, Text) $Proxy.count(2)) -> (); }",
        r"Thing\.f / .*: parameter a, b: int does not fit Text",
    ),
    "negative count": (
        "    def f(self) -> None: ...\n",
        "f @0 (r :Text $Proxy.count(-1)) -> (); }",
        r"Thing\.f: r: \$Proxy\.count\(-1\) is negative",
    ),
    "generic of the wrong type": (
        "    def f(self, a: tuple[str, str]) -> None: ...\n",
        "f @0 (a :Pair(Text, List(Int32))) -> (); }",
        r"parameter a: str does not fit List\(Int32\)",
    ),
    "same method in two bases": (
        "    pass\nclass B(ABC):\n    def f(self) -> None: ...\nclass D(B): ...\n",
        'f @0 () -> (); }\ninterface B $Proxy.wrap("MODULE.B") { f @0 () -> (); }\n'
        'interface D extends(Thing, B) $Proxy.wrap("MODULE.D") {}',
        r"thing\.capnp:8: D has two methods f: that of Thing .* and that of B",
    ),
    "base without a wrap": (
        "    pass\n",
        '}\ninterface B {}\ninterface D extends(B) $Proxy.wrap("MODULE.Base") {}',
        r"thing\.capnp:8: D extends .*B, which has no \$Proxy\.wrap",
    ),
    "base that the class has not": (
        "    pass\n",
        '}\ninterface B extends(Thing) $Proxy.wrap("MODULE.Base") {}',
        r"thing\.capnp:7: B extends Thing \(.*\), so errors_\d+\.Base \(.*\) must derive from errors_\d+\.Thing",
    ),
    "two methods of one Python name": (
        "    def f(self) -> None: ...\n",
        'f @0 () -> ();\n g @1 () -> () $Proxy.name("f"); }',
        r"thing\.capnp:7: Thing\.g: f is f in Python already",
    ),
    "two parameters of one Python name": (
        "    def f(self, a_bc: int) -> None: ...\n",
        "f @0 (aBc :Int32, aBC :Int32) -> (); }",
        r"Thing\.f / .*: schema parameter aBC has no Python parameter a_bc",
    ),
    "two structs of one Python name": (
        "    pass\n",
        'struct Nested $Proxy.wrap("MODULE.Point") { x @0 :Int32; } }\n'
        'struct ThingNested $Proxy.wrap("MODULE.Point") { x @0 :Int32; }',
        r"thing\.capnp:7: build_thing_nested is already what line 6 is called",
    ),
    "context of another name": (
        "    def f(self) -> None: ...\n",
        "f @0 (where :Proxy.Context) -> (); }",
        r"Thing\.f / .*: where: a parameter of type Context is called context",
    ),
    "property": (
        "    @property\n    @abstractmethod\n    def f(self) -> int: ...\n",
        "}",
        r"errors_\d+\.py:14: Thing\.f is a property, which cannot cross \(.*thing\.capnp:5\)",
    ),
    "any number of arguments": (
        "    def f(self, *a: int) -> None: ...\n",
        "f @0 (a :Int32) -> (); }",
        r"thing\.capnp:6: Thing\.f / .*errors_\d+\.py:14: .*\*a cannot cross processes",
    ),
    "default that cannot be written": (
        "    def f(self, a: int = object()) -> None: ...\n",
        "f @0 (a :Int32) -> (); }",
        r"Thing\.f / .*: parameter a: its default .* cannot be written down",
    ),
    "parameter that hides a function": (
        "    def f(self, to_ticks: Seconds) -> None: ...\n",
        "f @0 (toTicks :Int32) -> (); }",
        r"Thing\.f / .*: parameter to_ticks hides the function of that name",
    ),
    "number as an exception": (
        "    def f(self) -> None: ...\nclass Bad(Exception):\n    def __init__(self, code: int) -> None: ...\n",
        'f @0 () -> (error :Int32 $Proxy.exception("MODULE.Bad")); }',
        r"thing\.capnp:6: Thing\.f: error: an exception of Int32 needs a Bool field hasError",
    ),
    "no exception": (
        "    def f(self) -> None: ...\n",
        'f @0 () -> (error :Text $Proxy.exception("MODULE.Point")); }',
        r"Thing\.f: error: errors_\d+\.Point is not an exception",
    ),
    "duration as text": (
        "    def f(self, a: Seconds) -> None: ...\n",
        "f @0 (a :Text) -> (); }",
        r"parameter a: Seconds, a timedelta, does not fit Text",
    ),
    "enumeration with other numbers": (
        "    def f(self, a: 'E') -> None: ...\nclass E(IntEnum):\n    A = 1\n",
        "f @0 (a :E) -> (); }\nenum E { a @0; }",
        r"Thing\.f / .*: parameter a: values of E are \[1\], of E \[0\]",
    ),
    "struct without a wrap": (
        "    def f(self, a: Point) -> None: ...\n",
        "f @0 (a :P) -> (); }\nstruct P { x @0 :Int32; }",
        r"parameter a: struct P has no \$Proxy\.wrap",
    ),
    "anything": (
        "    def f(self, a: Any) -> None: ...\n",
        "f @0 (a :Int32) -> (); }",
        r"Thing\.f / .*: parameter a: .*Any does not fit Int32",
    ),
    "unknown name": (
        "    def f(self, a: 'Elsewhere') -> None: ...\n",
        "f @0 (a :Int32) -> (); }",
        r"Thing\.f / .*: parameter a: annotation 'Elsewhere': .* name its module with \$Proxy\.include",
    ),
    "callable of any number": (
        "    pass\n",
        '}\ninterface F $Proxy.wrap("Callable[..., int]") { call @0 () -> (result :Int32); }',
        r"thing\.capnp:7: F\.call has 0 parameters, .* has any number",
    ),
    "result without a field": (
        "    def f(self) -> int: ...\n",
        "f @0 () -> (); }",
        r"thing\.capnp:6: Thing\.f / .*: returns a value, but the schema has no result",
    ),
}


@pytest.mark.parametrize(("methods", "schema", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(write: Write, methods: str, schema: str, message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        write(methods, schema)

    assert re.search(message, str(caught.value)), str(caught.value)


def test_a_hook_that_cannot_be_imported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = f"errors_{next(_numbers)}"
    hook = f"TYPES = [CustomType('{module}.Point', lambda point: point.x, Point)]\n"
    (tmp_path / f"{module}.py").write_text(f"{CLASSES}    def f(self, a: Point) -> None: ...\n{hook}")
    schema = SCHEMA.replace("struct", f'$Proxy.includeTypes("{module}");\nstruct', 1) + "f @0 (a :Int32) -> (); }"
    (tmp_path / "thing.capnp").write_text(schema.replace("MODULE", module))

    with pytest.raises(SchemaError, match=r"parameter a: the hook of errors_\d+\.Point is .*lambda"):
        generate([tmp_path / "thing.capnp"], tmp_path / "out", "out")


def test_two_classes_of_one_name(write: Write, tmp_path: Path) -> None:
    (tmp_path / "other_classes.py").write_text(
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    y: int\n"
    )

    text = write(
        "    def f(self, a: Point, b: 'other.Point') -> None: ...\nimport other_classes as other\n",
        'f @0 (a :Point, b :Other) -> (); }\nstruct Other $Proxy.wrap("other_classes.Point") { y @0 :Int32; }',
    )

    assert re.search(r"def f\(self, a: (errors_\d+_)?Point, b: (other_classes_)?Point\) -> None", text)
    assert re.search(r"import Point as |Point as ", text)


def test_classes_may_have_names_that_proxies_use(write: Write) -> None:
    text = write(
        "    def f(self, a: 'Connection', b: 'Path', c: 'Callable[[int], int]') -> None: ...\n"
        "class Connection(ABC): ...\n@dataclass\nclass Path:\n    x: int\n",
        "f @0 (a :Connection, b :Path, c :Fn) -> (); }\n"
        'interface Connection $Proxy.wrap("MODULE.Connection") {}\n'
        'struct Path $Proxy.wrap("MODULE.Path") { x @0 :Int32; }\n'
        'interface Fn $Proxy.wrap("Callable[[int], int]") { call @0 (a :Int32) -> (result :Int32); }',
    )

    assert re.search(r"def f\(self, a: errors_\d+_Connection, b: errors_\d+_Path, c: Callable\[\[int\], int\]\)", text)
    assert re.search(r"def read_path\(wire: Wire \| None, connection: Connection\) -> errors_\d+_Path:", text)
    assert "from pathlib import Path\n" in text


def test_a_class_with_a_call_operator(write: Write) -> None:
    text = write(
        "    def f(self, fn: 'Fn') -> None: ...\nclass Fn(ABC):\n    def __call__(self, a: int) -> int: ...\n",
        'f @0 (fn :Fn) -> (); }\ninterface Fn $Proxy.wrap("MODULE.Fn") {\n'
        ' call @0 (a :Int32) -> (result :Int32) $Proxy.name("__call__"); }',
    )

    assert "def __call__(self, a: int) -> int:" in text
    assert 'self._impl.__call__(wire["a"])' in text


def test_a_value_that_is_never_none_says_that_it_is_there(write: Write) -> None:
    text = write("    def f(self, a: int) -> None: ...\n", "f @0 (a :Int32, hasA :Bool) -> (); }")

    assert '{"a": a, "hasA": True}' in text


def test_methods_may_be_positional_only(write: Write) -> None:
    text = write("    def f(self, a: int, /, b: int = 2) -> None: ...\n", "f @0 (a :Int32, b :Int32) -> (); }")

    assert "def f(self, a: int, /, b: int = 2) -> None:" in text


@pytest.mark.parametrize(
    ("default", "text"),
    [
        ("float('-inf')", 'float("-inf")'),
        ("'x'", '"x"'),
        ("(1, 'a')", '(1, "a")'),
        ("frozenset({2, 1})", "frozenset((1, 2,))"),
        ("Point(3)", "Point(x=3)"),
        ("{'a': [None]}", '{"a": [None]}'),
    ],
)
def test_defaults_are_written_down(write: Write, default: str, text: str) -> None:
    module = write(f"    def f(self, a: int = {default}) -> None: ...\n", "f @0 (a :Int32) -> (); }")

    assert f"a: int = {text}" in module
