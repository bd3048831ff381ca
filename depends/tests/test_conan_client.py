"""What Conan is told, and what is read back from it."""

import json
from pathlib import Path

import pytest

from depends.conan_client import locked_versions, package_folders, profile_text
from depends.toolchain import Compiler


def compiler(kind: str) -> Compiler:
    return Compiler(kind, "12.2.0", "detail", "target", Path("/usr/bin/cc"), Path("/usr/bin/c++"))


@pytest.mark.parametrize(
    ("kind", "triplet", "expected"),
    [
        ("gcc", "x86_64-linux-gnu", {"os=Linux", "arch=x86_64", "compiler.version=12", "compiler.libcxx=libstdc++11"}),
        ("clang", "aarch64-linux-gnu", {"arch=armv8", "compiler=clang", "compiler.libcxx=libstdc++11"}),
        ("apple-clang", "aarch64-apple-darwin", {"os=Macos", "compiler=apple-clang", "compiler.libcxx=libc++"}),
    ],
)
def test_profile_is_explicit(kind: str, triplet: str, expected: set[str]) -> None:
    lines = set(profile_text(compiler(kind), triplet, "Release").splitlines())

    assert expected | {"build_type=Release"} <= lines


def test_package_folders_are_read_from_the_graph(tmp_path: Path) -> None:
    nodes = {"0": {"name": None, "package_folder": None}, "1": {"name": "thing", "package_folder": "/cache/p"}}
    graph = tmp_path / "graph.json"
    graph.write_text(json.dumps({"graph": {"nodes": nodes}}))

    assert package_folders(graph) == {"thing": Path("/cache/p")}


def test_lockfile_keeps_revisions_but_not_of_packages_in_the_tree() -> None:
    text = json.dumps({"version": "0.5", "requires": ["ours/1.0#abc%12.5", "theirs/2.0#def%12.5"]})

    assert json.loads(locked_versions(text, in_tree=frozenset({"ours"})))["requires"] == ["ours/1.0", "theirs/2.0#def"]
