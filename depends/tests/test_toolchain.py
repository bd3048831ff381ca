"""Compilers are told apart by what they print for `-v`."""

from pathlib import Path

import pytest

from depends.errors import ToolchainError
from depends.toolchain import find_compiler, parse_compiler

GCC = """Using built-in specs.
Target: x86_64-linux-gnu
Configured with: ../src/configure -v --with-pkgversion='Debian 12.2.0-14' --enable-languages=c,c++
Thread model: posix
gcc version 12.2.0 (Debian 12.2.0-14)
"""
CLANG = """Ubuntu clang version 18.1.3 (1ubuntu1)
Target: x86_64-pc-linux-gnu
Thread model: posix
"""
APPLE = """Apple clang version 15.0.0 (clang-1500.3.9.4)
Target: arm64-apple-darwin23.5.0
"""


@pytest.mark.parametrize(
    ("output", "kind", "version", "major"),
    [
        (GCC, "gcc", "12.2.0", "12"),
        (CLANG, "clang", "18.1.3", "18"),
        (APPLE, "apple-clang", "15.0.0", "15"),
        (GCC.replace("12.2.0", "4.9.4"), "gcc", "4.9.4", "4.9"),
    ],
)
def test_parse(output: str, kind: str, version: str, major: str) -> None:
    compiler = parse_compiler(output, Path("cc"), Path("c++"))

    assert (compiler.kind, compiler.version, compiler.major) == (kind, version, major)


def test_identity_tells_builds_of_one_version_apart() -> None:
    first = parse_compiler(GCC, Path("cc"), Path("c++"))
    second = parse_compiler(GCC.replace("(Debian 12.2.0-14)", "(Debian 12.2.0-15)"), Path("cc"), Path("c++"))

    assert first.identity != second.identity


def test_another_program_is_refused() -> None:
    with pytest.raises(ToolchainError, match="neither GCC nor Clang"):
        parse_compiler("tcc version 0.9.27\n", Path("cc"), Path("c++"))


def test_missing_compiler_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"no C\+\+ compiler found .*install|xcode-select"):
        find_compiler({"PATH": str(tmp_path)})


def test_wrong_cxx_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="CXX=nowhere is not there"):
        find_compiler({"PATH": str(tmp_path), "CXX": "nowhere"})
