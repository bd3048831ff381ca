"""Programs on Windows that start another one and stay between it and who started them."""

import os
import sys
from collections.abc import Mapping


def without_launcher(command: list[str]) -> tuple[list[str], Mapping[str, str] | None]:
    """A command line that starts the interpreter where ``command`` would start its virtual environment's launcher.

    Returns:
        The command line, and its environment variables; None for this process's own.
    """
    base = getattr(sys, "_base_executable", sys.executable)
    if command[0] != sys.executable or base == sys.executable:
        return command, None
    # By this variable the interpreter learns which environment it is to use, as the launcher would tell it.
    return [base, *command[1:]], {**os.environ, "__PYVENV_LAUNCHER__": sys.executable}
