"""Commands run with their output in a log, and fail with the end of it."""

import io
import sys
from pathlib import Path

import pytest

from depends.errors import BuildError, SourceError
from depends.process import clean_environment, run_logged
from depends.progress import Progress, describe_progress, format_seconds


def run(code: str, log: Path, stream: io.StringIO) -> None:
    run_logged([sys.executable, "-c", code], title="thing", log=log, progress=Progress(stream))


def test_output_goes_to_the_log_and_the_command_is_echoed(tmp_path: Path) -> None:
    stream, log = io.StringIO(), tmp_path / "logs" / "thing.log"

    run("import sys; print('to stdout'); print('to stderr', file=sys.stderr)", log, stream)

    assert sorted(log.read_text().splitlines()) == ["to stderr", "to stdout"]
    assert stream.getvalue().startswith("+ ")


def test_failure_shows_status_and_the_end_of_the_log_only(tmp_path: Path) -> None:
    log = tmp_path / "thing.log"

    with pytest.raises(BuildError) as caught:
        run("print('\\n'.join(f'line {i}' for i in range(100))); raise SystemExit(3)", log, io.StringIO())

    message = str(caught.value)
    assert f"thing failed with status 3; the end of {log}" in message
    assert "line 99" in message
    assert "line 10\n" not in message


def test_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="thing: can't run /nowhere/tool"):
        run_logged(
            ["/nowhere/tool"], title="thing", log=tmp_path / "log", progress=Progress(io.StringIO()), error=SourceError
        )


def test_flags_of_the_caller_do_not_reach_a_build() -> None:
    environ = clean_environment({"CXXFLAGS": "-O0", "PATH": "/bin", "PYTHONPATH": "/x"}, CONAN_HOME="/home")

    assert environ == {"PATH": "/bin", "CONAN_HOME": "/home"}


def test_step_is_marked_and_failure_too() -> None:
    stream = io.StringIO()
    progress = Progress(stream)

    with progress.step("good"):
        pass
    with pytest.raises(ValueError, match="x"), progress.step("bad"):
        raise ValueError("x")

    marks = [line.split(" (")[0] for line in stream.getvalue().splitlines() if not line.startswith("  ")]
    assert marks in (["✓ good", "✕ bad"], ["ok good", "FAILED bad"])


def test_progress_says_how_far_and_how_long() -> None:
    assert describe_progress("capnproto", 30, 90, 40.0) == "capnproto: 30 of 90, 40 s, about 80 s left"
    assert describe_progress("capnproto", 1, 90, 1.0) == "capnproto: 1 of 90, 1.00 s"


@pytest.mark.parametrize(("seconds", "text"), [(0.04, "0.04 s"), (12.4, "12 s"), (125, "2:05")])
def test_durations(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text
