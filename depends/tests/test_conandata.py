"""The reader of recipe files understands them as YAML does, or refuses."""

from pathlib import Path

import pytest

from depends.conandata import read_mapping
from depends.errors import FatalError


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_maps_lists_and_scalars(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '# a comment\nsources:\n  "1.0":\n    url:\n      - "https://a.example/x"\n      - plain\n'
        '    sha256: "ab"\nlast: 1\n',
    )

    assert read_mapping(path) == {
        "sources": {"1.0": {"url": ["https://a.example/x", "plain"], "sha256": "ab"}},
        "last": "1",
    }


@pytest.mark.parametrize(
    "text",
    ["a: {b: c}\n", "a: [1]\n", "a: 'b'\n", "a: |\n  text\n", "- a\n", "a:\n", "a: b # c\n", "a\n", "a: b\n  c: d\n"],
)
def test_more_of_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FatalError):
        read_mapping(write(tmp_path, text))
