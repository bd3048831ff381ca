"""Python stacks of running processes, for tests that hang."""

import shutil
import subprocess
import sys
from pathlib import Path

from functional_tests.framework.process import ProcessInfo


def _py_spy() -> str | None:
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


def dump_stacks(processes: list[ProcessInfo]) -> str:
    """The stacks of every thread of every process, as text; or why they cannot be had."""
    py_spy = _py_spy()
    if py_spy is None:
        return "py-spy is not installed: no stacks"
    dumps = []
    for process in processes:
        done = subprocess.run(
            [py_spy, "dump", "--pid", str(process.pid)], capture_output=True, text=True, timeout=30, check=False
        )
        dumps.append(f"{process.pid}: {' '.join(process.command)}\n{done.stdout or done.stderr}")
    return "\n".join(dumps)
