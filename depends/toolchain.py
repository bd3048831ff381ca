"""Which compiler is used, and what identifies it in a build id."""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.errors import ToolchainError

_VERSION = re.compile(r"(?P<apple>Apple )?(?P<kind>gcc|clang)(?: version|.*? version) (?P<version>\d+(?:\.\d+)*)")
INSTALL_HINT = {
    "linux": "on Debian or Ubuntu: apt install build-essential python3-dev python3-venv",
    "darwin": "run: xcode-select --install",
}


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C and C++ compiler.

    Attributes:
        kind: Conan's name of it: gcc, clang or apple-clang.
        version: Full version, for example 12.2.0.
        detail: The whole version line, which tells builds of one version apart.
        target: The triplet that it compiles for, as it says itself.
        cc: Path of the C compiler.
        cxx: Path of the C++ compiler.
    """

    kind: str
    version: str
    detail: str
    target: str
    cc: Path
    cxx: Path

    @property
    def identity(self) -> str:
        """What a build id takes of the compiler."""
        return f"{self.kind} {self.version} [{self.detail}; {self.target}]"

    @property
    def major(self) -> str:
        """The version as Conan's settings spell it."""
        parts = self.version.split(".")
        return f"{parts[0]}.{parts[1]}" if self.kind == "gcc" and int(parts[0]) < 5 else parts[0]


def parse_compiler(output: str, cc: Path, cxx: Path) -> Compiler:
    """Reads what a compiler prints for `-v`.

    Raises:
        ToolchainError: It is neither GCC nor Clang.
    """
    for line in output.splitlines():
        match = _VERSION.match(line) or _VERSION.search(line)
        if match and " version " in line:
            target = re.search(r"^Target: (\S+)", output, re.MULTILINE)
            kind = "apple-clang" if match["apple"] else match["kind"]
            return Compiler(kind, match["version"], line.strip(), target[1] if target else "", cc, cxx)
    raise ToolchainError(f"{cxx} is neither GCC nor Clang; set CC and CXX to one that is ({install_hint()})")


def find_compiler(environ: Mapping[str, str]) -> Compiler:
    """Finds the compiler that `CC` and `CXX` name, or else the system's.

    Raises:
        ToolchainError: There is none, or it can't be run.
    """
    cxx = _executable(environ, "CXX", ("c++", "g++", "clang++"), "C++")
    cc = _executable(environ, "CC", ("cc", "gcc", "clang"), "C")
    command = [str(cxx), "-v"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**environ, "LC_ALL": "C"})
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolchainError(f"{cxx} -v failed ({error}); {install_hint()}") from error
    return parse_compiler(done.stderr, cc, cxx)


def python_headers() -> Path:
    """Where the running Python's C headers should be; they are needed to build pycapnp."""
    return Path(sysconfig.get_path("include")) / "Python.h"


def python_abi() -> str:
    """Identifies the Python that wheels with native code are built for, for example `cpython-311-x86_64-linux-gnu`."""
    return str(sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag)


def install_hint() -> str:
    """The command that installs a compiler and the Python headers on this system."""
    return INSTALL_HINT.get(sys.platform, "install a C++ compiler and the Python headers")


def _executable(environ: Mapping[str, str], variable: str, candidates: tuple[str, ...], language: str) -> Path:
    wanted = environ.get(variable)
    names = (wanted,) if wanted else candidates
    for name in names:
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Path(found)
    said = f"{variable}={wanted} is not there" if wanted else f"no {language} compiler found ({', '.join(candidates)})"
    raise ToolchainError(f"{said}; {install_hint()}")
