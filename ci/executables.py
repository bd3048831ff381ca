"""The executables: which there are in each shape, and the scripts that start them."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SHEBANG_LIMIT = 120


class Shape(enum.Enum):
    """How many processes a node is made of."""

    MONOLITHIC = "monolithic"
    MULTIPROCESS = "multiprocess"


@dataclass(frozen=True, slots=True)
class Executable:
    """A command of a build.

    Attributes:
        name: Name of the file in `bin/`.
        module: Module whose `main() -> int` it runs.
        multiprocess_only: It exists in the multiprocess shape alone.
        needs_qt: It is left out with NO_QT=1.
    """

    name: str
    module: str
    multiprocess_only: bool = False
    needs_qt: bool = False


EXECUTABLES = (
    Executable("moneyrocketd", "moneyrocket.init.moneyrocketd"),
    Executable("moneyrocket-qt", "moneyrocket.init.moneyrocket_qt", needs_qt=True),
    Executable("moneyrocket-node", "moneyrocket.init.moneyrocket_node", multiprocess_only=True),
    Executable("moneyrocket-wallet", "moneyrocket.init.moneyrocket_wallet", multiprocess_only=True),
    Executable("moneyrocket-gui", "moneyrocket.init.moneyrocket_gui", multiprocess_only=True, needs_qt=True),
    Executable("moneyrocket-cli", "moneyrocket.cli.cli"),
    Executable("moneyrocket", "moneyrocket.cli.dispatcher"),
)
DAEMONS = {Shape.MONOLITHIC: "moneyrocketd", Shape.MULTIPROCESS: "moneyrocket-node"}


def executables(shape: Shape, *, qt: bool) -> tuple[Executable, ...]:
    """The executables of a shape, with or without the desktop programs."""
    return tuple(
        entry
        for entry in EXECUTABLES
        if (shape is Shape.MULTIPROCESS or not entry.multiprocess_only) and (qt or not entry.needs_qt)
    )


def launcher_text(executable: Executable, python: Path) -> str:
    """Returns the script that starts `executable` with the interpreter `python`.

    The interpreter is named in the first line, so the process carries the executable's own name and no shell stands
    between; only where the kernel could not read that line does a shell find the interpreter beside the script.
    """
    if len(str(python)) < _SHEBANG_LIMIT and " " not in str(python):
        first = f"#!{python} -I\n"
    else:
        first = "#!/bin/sh\n'''exec' \"${0%/*}/python\" -I \"$0\" \"$@\"\n' '''\n"
    return f"{first}import sys\n\nfrom {executable.module} import main\n\nsys.exit(main())\n"


def write_launchers(bin_directory: Path, chosen: Sequence[Executable]) -> None:
    """Writes the scripts of the chosen executables and removes every other command but the interpreter."""
    for path in bin_directory.iterdir():
        if not path.name.startswith("python"):
            path.unlink()
    for executable in chosen:
        path = bin_directory / executable.name
        path.write_text(launcher_text(executable, bin_directory / "python"), encoding="utf-8")
        path.chmod(0o755)
