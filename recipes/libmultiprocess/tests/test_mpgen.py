"""What the generator accepts, refuses and writes."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libmultiprocess import SchemaError
from libmultiprocess.mpgen import generate

Generate = Callable[..., str]

CLASSES = """
from abc import ABC, abstractmethod
from dataclasses import dataclass

@dataclass
class Point:
    x: int
    y: int = 0

class Thing(ABC):
    @abstractmethod
    def move(self, point: Point, far: bool) -> Point: ...
    @abstractmethod
    def find(self, names: list[Point | None], *, limit: int | None = None) -> tuple[int, str]: ...
"""

EXTRA = """\
    @abstractmethod
    def extra(self) -> None: ...
    @abstractmethod
    def find"""

SCHEMA = """@0xa5f0b2d3c4e51607;
using Proxy = import "/mp/proxy.capnp";
interface Thing $Proxy.wrap("{module}.Thing") {{
    move @0 (context :Proxy.Context, point :Point, far :Bool) -> (result :Point);
    find @1 (names :List(MaybePoint), limit :Int32, hasLimit :Bool) -> (number :Int32, text :Text);
    later @2 () -> ();
}}
struct Point $Proxy.wrap("{module}.Point") {{
    x @0 :Int32;
    y @1 :Int32;
}}
struct MaybePoint {{
    value @0 :Point;
}}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Generate]:
    """Generates from `CLASSES` and `SCHEMA` with one piece of text replaced in either."""
    monkeypatch.syspath_prepend(tmp_path)
    module = f"classes_{abs(hash(request.node.name))}"

    def generate_with(old: str = "", new: str = "") -> str:
        (tmp_path / f"{module}.py").write_text(CLASSES.replace(old, new) if old else CLASSES)
        schema = SCHEMA.format(module=module)
        (tmp_path / "thing.capnp").write_text(schema.replace(old, new) if old else schema)
        assert not old or old in CLASSES or old in schema
        generate([tmp_path / "thing.capnp"], tmp_path / "out", "out")
        return (tmp_path / "out" / "thing.py").read_text().replace(module, "classes")

    yield generate_with
    sys.modules.pop(module, None)


def test_golden(run: Generate) -> None:
    text = run()
    expected = (Path(__file__).parent / "golden_thing.py.txt").read_text()
    assert text == expected


def test_second_run_writes_nothing(run: Generate, tmp_path: Path) -> None:
    run()
    assert generate([tmp_path / "thing.capnp"], tmp_path / "out", "out") == []


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("move @0", "moved @0", ["thing.capnp:4", "moved", r"classes_\d+\.py:10"]),
        ("far :Bool", "fur :Bool", ["thing.capnp:4", "parameter far", r"classes_\d+\.py:11"]),
        ("far :Bool)", "far :Bool, more :Int32)", ["thing.capnp:4", "schema parameter more", r"\.py:11"]),
        ("far :Bool", "far :Text", ["thing.capnp:4", "parameter far", "bool does not fit Text", r"\.py:11"]),
        ("-> (result :Point)", "-> ()", ["thing.capnp:4", "no result"]),
        ("    y @1 :Int32;\n", "", [r"thing.capnp:8", r"Point\.y", r"classes_\d+\.py:\d"]),
        ("y @1 :Int32", "y @1 :Float64", ["thing.capnp:10", "int does not fit Float64"]),
        (", hasLimit :Bool", "", ["thing.capnp:5", "limit", "hasLimit|'has'"]),
        ("    find @1", "    find @3", ["thing.capnp"]),
        (".Thing\")", ".Thong\")", ["thing.capnp:3", "Thong"]),
        ("    @abstractmethod\n    def find", EXTRA, [r"\.py:\d+", r"Thing\.extra", "thing.capnp:3"]),
        ("x @0 :Int32;", "x :union { a @0 :Int32; b @2 :Int32; }", ["unions and groups"]),
    ],
)  # fmt: skip
def test_mismatch_names_both_places(run: Generate, old: str, new: str, pieces: list[str]) -> None:
    import re

    with pytest.raises(SchemaError) as caught:
        run(old, new)
    for piece in pieces:
        assert re.search(piece, str(caught.value)), str(caught.value)


def test_command_line_reports_an_error_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from libmultiprocess.mpgen.__main__ import main

    (tmp_path / "bad.capnp").write_text("@0xa5f0b2d3c4e51608;\ninterface {")
    assert main(["--out", str(tmp_path / "out"), str(tmp_path / "bad.capnp")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("mpgen: error: ")
    assert error.count("\n") == 1
    assert "bad.capnp" in error
