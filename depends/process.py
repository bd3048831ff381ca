"""Runs external commands with their output in a log file."""

import os
import queue
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from depends.errors import BuildError, FatalError
from depends.progress import Progress, describe_progress, format_seconds

_NINJA = re.compile(r"^\[(\d+)/(\d+)\] ")
# Steps that Conan and setuptools announce; other lines are mostly compiler warnings.
_STAGE = re.compile(r"^(?:>>> (?P<conan>.*?)(?: for .*)?|\s*running (?P<setuptools>\w+))$")
_TAIL_LINES = 40
# Flags in the caller's environment would change binaries without changing their build id.
_NOT_PASSED_ON = frozenset(
    {
        *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"),
        *("LIBRARY_PATH", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR", "CMAKE_PREFIX_PATH", "CMAKE_GENERATOR"),
        *("CONAN_HOME", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS", "DESTDIR"),
        *("DEBUG", "HOST", "LOG"),
    }
)


def clean_environment(environ: Mapping[str, str], **changes: str) -> dict[str, str]:
    """The environment of a build step: the caller's without what would leak into binaries, plus `changes`."""
    return {key: value for key, value in environ.items() if key not in _NOT_PASSED_ON} | changes


def run_logged(
    argv: Sequence[str],
    *,
    title: str,
    log: Path,
    progress: Progress,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    echo: bool = False,
    error: type[FatalError] = BuildError,
) -> None:
    """Runs a command, its output going to `log` and its progress to the terminal.

    Args:
        argv: Command and arguments.
        title: What it does, for the progress line and error messages.
        log: File for standard output and standard error, appended to.
        progress: Where progress is shown.
        env: Its whole environment; the caller's when None.
        cwd: Its working directory.
        echo: Print the output too.
        error: Kind of error to raise.

    Raises:
        FatalError: (of kind `error`) it can't be started or fails; the message ends with the end of the log.
    """
    progress.command(argv)
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    start = time.monotonic()
    status = title
    with log.open("a", encoding="utf-8", errors="replace") as stream:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=dict(os.environ if env is None else env),
                cwd=cwd,
            )
        except OSError as failure:
            raise error(f"{title}: can't run {argv[0]}: {failure}") from failure
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read_lines, args=(process, lines), name="output", daemon=True)
        reader.start()
        try:
            while True:
                try:
                    line = lines.get(timeout=0.5)
                except queue.Empty:
                    progress.update(f"{status} ({format_seconds(time.monotonic() - start)})")
                    continue
                if line is None:
                    break
                stream.write(line)
                tail.append(line.rstrip("\n"))
                if echo:
                    progress.line(line.rstrip("\n"))
                match = _NINJA.match(line)
                if match:
                    elapsed = time.monotonic() - start
                    progress.update(describe_progress(title, int(match[1]), int(match[2]), elapsed))
                    status = f"{title}: {match[1]} of {match[2]}"
                elif stage := _STAGE.match(line):
                    status = f"{title}: {stage['conan'] or stage['setuptools']}"
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode:
        text = "\n".join(f"    {entry}" for entry in tail)
        raise error(f"{title} failed with status {process.returncode}; the end of {log}:\n{text}")


def _read_lines(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    process.wait()
    lines.put(None)
