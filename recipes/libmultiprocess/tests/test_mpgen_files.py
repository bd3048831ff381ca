"""From schema files to a package: what is copied, imported, followed and broken into lines."""

import importlib
import re
from pathlib import Path

import pytest

from libmultiprocess import SchemaError, mpgen
from libmultiprocess.mpgen import generate
from libmultiprocess.mpgen.python_types import evaluate
from libmultiprocess.mpgen.wrap import wrap


def test_a_module_that_does_not_exist_is_named_with_its_line(tmp_path: Path) -> None:
    schema = '@0xa5f0b2d3c4e51607;\nusing Proxy = import "/mp/proxy.capnp";\n$Proxy.include("no_such_module");\n'
    (tmp_path / "thing.capnp").write_text(schema)

    with pytest.raises(SchemaError, match=r"thing\.capnp:3: cannot import no_such_module"):
        generate([tmp_path / "thing.capnp"], tmp_path / "out", "out")


def test_imported_files_come_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, sources = tmp_path / "library" / "shared", tmp_path / "sources"
    library.mkdir(parents=True)
    (sources / "inner").mkdir(parents=True)
    (library / "units.capnp").write_text("@0xa5f0b2d3c4e51610;\nconst base :Int32 = 7;\n")
    (sources / "inner" / "names.capnp").write_text(
        '@0xa5f0b2d3c4e51611;\nusing Units = import "/shared/units.capnp";\nconst name :Int32 = Units.base;\n'
    )
    (sources / "main-file.capnp").write_text(
        '@0xa5f0b2d3c4e51612;\nusing Names = import "inner/names.capnp"; # import "nothing"\n'
        "const top :Int32 = Names.name;\n"
    )

    generate([sources / "main-file.capnp"], tmp_path / "imports_generated", "imports_generated", [tmp_path / "library"])

    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("imports_generated.main_file")
    assert (module.TOP, module._SCHEMA.top) == (7, 7)


def test_two_schema_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "main.capnp").write_text("@0xa5f0b2d3c4e51613;\nconst base :Int32 = 7;\n")
    (tmp_path / "main.capnp").write_text(
        '@0xa5f0b2d3c4e51614;\nusing Inner = import "inner/main.capnp";\nconst top :Int32 = Inner.base;\n'
    )

    with pytest.raises(SchemaError, match=r"inner/main\.capnp: .*main\.capnp has the same name"):
        generate([tmp_path / "main.capnp"], tmp_path / "out", "out")


def test_files_may_import_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    using = 'using Proxy = import "/mp/proxy.capnp";\nusing Other = import '
    wrap_text = '$Proxy.wrap("cycle_classes'
    (tmp_path / "cycle_classes.py").write_text(
        "class Left:\n    def turn(self) -> 'Right': ...\nclass Right:\n    def turn(self) -> Left: ...\n"
    )
    (tmp_path / "left.capnp").write_text(
        f'@0xa5f0b2d3c4e51615;\n{using}"right.capnp";\n'
        f'interface Left {wrap_text}.Left") {{ turn @0 () -> (result :Other.Right); }}\n'
    )
    (tmp_path / "right.capnp").write_text(
        f'@0xa5f0b2d3c4e51616;\n{using}"left.capnp";\n'
        f'interface Right {wrap_text}.Right") {{ turn @0 () -> (result :Other.Left); }}\n'
    )
    monkeypatch.syspath_prepend(tmp_path)

    generate([tmp_path / "left.capnp", tmp_path / "right.capnp"], tmp_path / "cycle_generated", "cycle_generated")

    right = importlib.import_module("cycle_generated.right")
    left = importlib.import_module("cycle_generated.left")
    assert left.RightServer is right.RightServer
    assert right.LeftClient is left.LeftClient


def test_a_file_of_constants_alone(tmp_path: Path) -> None:
    (tmp_path / "numbers.capnp").write_text("@0xa5f0b2d3c4e51609;\nconst b :UInt8 = 2;\nconst aB :Float32 = 1.5;\n")

    generate([tmp_path / "numbers.capnp"], tmp_path / "out", "out")

    text = (tmp_path / "out" / "numbers.py").read_text()
    assert text.endswith("\n\nB: Final[int] = 2\nA_B: Final[float] = 1.5\n")


def test_a_type_statement_is_followed() -> None:
    class TypeAliasType:
        """Stands for what a ``type`` statement makes, which Python 3.11 does not have."""

        __value__ = "int | None"

    assert evaluate(TypeAliasType(), {}, lambda _: False) == int | None


def test_a_long_line_is_broken_between_the_parts_of_what_it_holds() -> None:
    items = ", ".join(f'"{name * 20}, (": build({name})' for name in "abcd")

    lines = wrap(f"        wire: Wire = {{{items}}}")

    assert lines[0] == "        wire: Wire = {"
    assert lines[1] == f'            "{"a" * 20}, (": build(a),'
    assert lines[-1] == "        }"
    assert len(lines) == 6


def test_a_long_comprehension_is_broken_before_its_clauses() -> None:
    line = f"    return [None if item is None else read_{'x' * 60}(item) for item in ({'y' * 30} or ())]"

    assert wrap(line) == [
        "    return [",
        f"        None if item is None else read_{'x' * 60}(item)",
        f"        for item in ({'y' * 30} or ())",
        "    ]",
    ]


def test_the_generator_does_not_use_the_readers_of_the_runtime() -> None:
    # They keep schemas for the life of the process, and its schemas are gone when the generator is done.
    texts = [path.read_text() for path in Path(mpgen.__file__).parent.glob("*.py")]

    found = [match for text in texts for match in re.findall(r"from libmultiprocess.schema import (.*)", text)]

    assert set(", ".join(found).split(", ")) == {"INCLUDE_DIR", "SchemaSource"}
