"""Progress on the terminal: timed steps with a mark at the end, and one status line while a step runs."""

import contextlib
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TextIO

_QUIET_INTERVAL = 15.0
_REDRAW_INTERVAL = 0.1


class Progress:
    """Writes steps to a stream; a terminal gets a line that redraws itself, a file a line now and then."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._drawn = False
        self._last = 0.0
        try:
            "✓✕→".encode(self._stream.encoding or "ascii")
            self._ok, self._failed = "✓", "✕"
        except UnicodeEncodeError:
            self._ok, self._failed = "ok", "FAILED"

    def line(self, text: str) -> None:
        """Writes a line that stays."""
        self._clear()
        try:
            print(text, file=self._stream, flush=True)
        except UnicodeEncodeError:
            print(text.encode("ascii", "replace").decode(), file=self._stream, flush=True)

    def command(self, argv: Sequence[str]) -> None:
        """Echoes an external command, quoted so that it can be pasted."""
        self.line("+ " + shlex.join(argv))

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Times a step and writes how it ended."""
        start = time.monotonic()
        self._last = start
        self._status(title)
        try:
            yield
        except BaseException:
            self.line(f"{self._failed} {title} ({format_seconds(time.monotonic() - start)})")
            raise
        self.line(f"{self._ok} {title} ({format_seconds(time.monotonic() - start)})")

    def update(self, text: str) -> None:
        """Shows how far the running step is; cheap enough to call for every line of output."""
        now = time.monotonic()
        if now - self._last < (_REDRAW_INTERVAL if self._live else _QUIET_INTERVAL):
            return
        self._last = now
        self._status(text)

    def _status(self, text: str) -> None:
        if not self._live:
            self.line(f"  {text}")
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\x1b[K" + f"  {text}"[:width])
        self._stream.flush()
        self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._drawn = False


def format_seconds(seconds: float) -> str:
    """Formats a duration: `0.04 s`, `12 s` or `2:05`."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def describe_progress(title: str, done: int, total: int, elapsed: float) -> str:
    """Says what, how far and how long: `capnproto: 34 of 130, 0:42, about 75 s left`."""
    text = f"{title}: {done} of {total}, {format_seconds(elapsed)}"
    if done >= 5 and elapsed > 3:
        text += f", about {format_seconds(elapsed / done * (total - done))} left"
    return text
