"""debug.log and the console: categories, levels and line format as in Bitcoin Core.

    log = category_logger("net")
    log.debug("received: %s (%d bytes) peer=%d", command, size, peer_id)

A debug line costs one attribute look-up and one test while its category is off. Lines are buffered until
`start_logging`, then written with one `write` on a descriptor opened for appending, so that the node and the wallet
process can share the file.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from types import FrameType

from moneyrocket.common import clock, own_files

CATEGORIES: tuple[str, ...] = (
    "addrman", "bench", "blockstorage", "cmpctblock", "coindb", "estimatefee", "http", "i2p", "ipc", "kernel",
    "leveldb", "mempool", "mempoolrej", "net", "privatebroadcast", "proxy", "prune", "qt", "rand", "reindex", "rpc",
    "scan", "selectcoins", "tor", "txpackages", "txreconciliation", "validation", "walletdb", "zmq",
)  # fmt: skip

_ALL_NAMES = ("", "1", "all")
_BUFFER_LINES = 5000
_KEEP_BYTES = 10_000_000
_PACKAGE_ROOT = str(Path(__file__).resolve().parent.parent) + os.sep
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code != 10}


class Level(IntEnum):
    """Severity of a line."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARNING = 3
    ERROR = 4


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What lines look like and where they go (the -log… options).

    Attributes:
        file: path of debug.log, or None for no file.
        console: also print to standard output.
        timestamps: prefix lines with the UTC time.
        time_micros: give that time in microseconds.
        thread_names: prefix lines with the thread's name.
        source_locations: prefix lines with file, line and function.
        level_always: print category and level on every line.
    """

    file: Path | None = None
    console: bool = False
    timestamps: bool = True
    time_micros: bool = False
    thread_names: bool = False
    source_locations: bool = False
    level_always: bool = False


class _Sink:
    """The one place lines go to; process-wide, since a process has one debug.log."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.options = LogOptions()
        self.buffer: deque[tuple[str, str, Level, str, int, str, int]] | None = deque(maxlen=_BUFFER_LINES)
        self.descriptor = -1
        self.enabled: set[str] = set()
        self.level = Level.DEBUG
        self.category_levels: dict[str, Level] = {}
        self.loggers: dict[str, CategoryLogger] = {}
        self.taps: dict[str, tuple[Callable[[str], None], ...]] = {}
        self.second = -1
        self.second_text = ""

    def time_text(self, micros: int) -> str:
        seconds = micros // 1_000_000
        if seconds != self.second:
            self.second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            self.second = seconds
        return self.second_text

    def format(self, category: str, thread: str, level: Level, where: str, micros: int, message: str, mock: int) -> str:
        options = self.options
        parts = []
        if options.timestamps:
            fraction = f".{micros % 1_000_000:06d}" if options.time_micros else ""
            parts.append(f"{self.time_text(micros)}{fraction}Z ")
            if mock:
                parts.append(f"(mocktime: {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(mock))}) ")
        if options.thread_names:
            parts.append(f"[{thread}] ")
        if options.source_locations:
            parts.append(where)
        shown = category or ("all" if options.level_always else "")
        if shown or level != Level.INFO:
            with_level = options.level_always or not category or level != Level.DEBUG
            separator = ":" if shown and with_level else ""
            parts.append(f"[{shown}{separator}{level.name.lower() if with_level else ''}] ")
        parts.append(message.translate(_CONTROL))
        if not message.endswith("\n"):
            parts.append("\n")
        return "".join(parts)

    def write(self, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace")
        if self.descriptor >= 0:
            os.write(self.descriptor, data)
        if self.options.console:
            try:
                sys.stdout.write(line)
                sys.stdout.flush()
            except (OSError, ValueError):
                # The reader of standard output is gone; the file still has the line.
                self.options = replace(self.options, console=False)

    def emit(self, category: str, level: Level, message: str, frame: FrameType | None) -> None:
        if level < Level.INFO:
            for tap in self.taps.get(category, ()):
                tap(message)
            if category not in self.enabled:
                return
        thread = threading.current_thread().name
        where = ""
        if frame is not None:
            code = frame.f_code
            where = f"[{code.co_filename.removeprefix(_PACKAGE_ROOT)}:{frame.f_lineno}] [{code.co_name}] "
        entry = (category, thread, level, where, clock.system_micros(), message, clock.mock_time())
        with self.lock:
            if self.buffer is not None:
                self.buffer.append(entry)
            else:
                self.write(self.format(*entry))

    def refresh(self) -> None:
        for logger in self.loggers.values():
            on = logger.category in self.enabled
            level = self.category_levels.get(logger.category, self.level)
            logger.debug_on = (on and level <= Level.DEBUG) or logger.category in self.taps
            logger.trace_on = on and level <= Level.TRACE


_sink = _Sink()
_reopened_elsewhere: list[Callable[[], None]] = []


class CategoryLogger:
    """Writes lines of one category; an empty category is the general log.

    Attributes:
        debug_on: debug lines are written now; test it before computing expensive arguments.
        trace_on: trace lines are written now.
    """

    __slots__ = ("category", "debug_on", "trace_on")

    def __init__(self, category: str) -> None:
        self.category = category
        self.debug_on = False
        self.trace_on = False

    def trace(self, text: str, *args: object) -> None:
        """Logs a very detailed line, if the category is on and its level is trace."""
        if self.trace_on:
            self._log(Level.TRACE, text, args)

    def debug(self, text: str, *args: object) -> None:
        """Logs a line if the category is on (``-debug=<category>``)."""
        if self.debug_on:
            self._log(Level.DEBUG, text, args)

    def info(self, text: str, *args: object) -> None:
        """Logs a line, always, and without the category's name (as Core does from this level up)."""
        self._log(Level.INFO, text, args)

    def warning(self, text: str, *args: object) -> None:
        """Logs a warning, always."""
        self._log(Level.WARNING, text, args)

    def error(self, text: str, *args: object) -> None:
        """Logs an error, always."""
        self._log(Level.ERROR, text, args)

    def _log(self, level: Level, text: str, args: tuple[object, ...]) -> None:
        # The location is only known once logging has started, so buffered lines always carry it.
        sink = _sink
        wanted = sink.options.source_locations or sink.buffer is not None
        frame = sys._getframe(2) if wanted else None
        category = self.category if level < Level.INFO else ""
        sink.emit(category, level, text % args if args else text, frame)


def category_logger(category: str = "") -> CategoryLogger:
    """Returns the logger of a category (one object each).

    Raises:
        ValueError: the category is not one of `CATEGORIES`.
    """
    if category and category not in CATEGORIES:
        raise ValueError(f"unknown log category {category!r}")
    with _sink.lock:
        logger = _sink.loggers.get(category)
        if logger is None:
            logger = _sink.loggers[category] = CategoryLogger(category)
            _sink.refresh()
        return logger


log = category_logger("")


def enable_category(name: str) -> bool:
    """Turns a category on (``all``, ``1`` or an empty name: all of them); returns whether the name is known."""
    return _switch(name, True)


def disable_category(name: str) -> bool:
    """Turns a category off; returns whether the name is known."""
    return _switch(name, False)


def _switch(name: str, on: bool) -> bool:
    if name in _ALL_NAMES:
        names: tuple[str, ...] = CATEGORIES
    elif name in CATEGORIES:
        names = (name,)
    else:
        return False
    with _sink.lock:
        _sink.enabled = _sink.enabled.union(names) if on else _sink.enabled.difference(names)
        _sink.refresh()
    return True


def category_states() -> dict[str, bool]:
    """Returns every category, sorted by name, and whether it is on."""
    return {name: name in _sink.enabled for name in CATEGORIES}


def add_tap(category: str, tap: Callable[[str], None]) -> Callable[[], None]:
    """Passes the debug lines of a category on, whether it is on or not; while it is off, they are not written.

    Args:
        category: one of `CATEGORIES`.
        tap: called with each message, on the thread that logs it; must neither wait nor log.

    Returns:
        What ends it; may be called more than once.
    """
    with _sink.lock:
        _sink.taps = {**_sink.taps, category: (*_sink.taps.get(category, ()), tap)}
        _sink.refresh()

    def remove() -> None:
        with _sink.lock:
            left = tuple(other for other in _sink.taps.get(category, ()) if other is not tap)
            others = {name: taps for name, taps in _sink.taps.items() if name != category}
            _sink.taps = {**others, category: left} if left else others
            _sink.refresh()

    return remove


def set_level(level: str, category: str = "") -> bool:
    """Sets the lowest severity that is logged, for all categories or for one; returns whether the names are known.

    Args:
        level: ``trace``, ``debug`` or ``info``.
        category: a category, or empty for the global level.
    """
    if level not in ("trace", "debug", "info") or (category and category not in CATEGORIES):
        return False
    with _sink.lock:
        if category:
            _sink.category_levels[category] = Level[level.upper()]
        else:
            _sink.level = Level[level.upper()]
        _sink.refresh()
    return True


def start_logging(options: LogOptions, *, first_lines: str = "\n\n\n\n\n") -> None:
    """Opens the log and writes what was buffered so far.

    Args:
        options: destination and format.
        first_lines: written to the file before anything else, to set this run apart from the previous one.

    Raises:
        OSError: the file cannot be opened.
    """
    with _sink.lock:
        if options.file is not None:
            _sink.descriptor = own_files.open_append(options.file)
            if first_lines:
                os.write(_sink.descriptor, first_lines.encode())
        _sink.options = options
        if options.console and isinstance(sys.stdout, io.TextIOWrapper):
            # Windows' encoding for pipes and files does not know every character.
            sys.stdout.reconfigure(errors="backslashreplace")
        buffered, _sink.buffer = _sink.buffer or (), None
        for category, thread, level, where, micros, message, mock in buffered:
            shown = where if options.source_locations else ""
            _sink.write(_sink.format(category, thread, level, shown, micros, message, mock))


def disable_logging() -> None:
    """Drops everything that is logged from now on (tools that print their own output)."""
    with _sink.lock:
        _sink.buffer = None
        _sink.options = LogOptions()


def reopen_log() -> None:
    """Opens the file again, after it was moved away (SIGHUP), here and wherever else it is written."""
    reopen_own_log()
    for reopen in list(_reopened_elsewhere):
        reopen()


def reopen_elsewhere(reopen: Callable[[], None]) -> Callable[[], None]:
    """Has `reopen_log` call this, too, for a process that writes to the same file; returns what ends it."""
    _reopened_elsewhere.append(reopen)

    def end() -> None:
        if reopen in _reopened_elsewhere:
            _reopened_elsewhere.remove(reopen)

    return end


def reopen_own_log() -> None:
    """Opens the file again in this process alone."""
    with _sink.lock:
        if _sink.descriptor >= 0 and _sink.options.file is not None:
            fresh = own_files.open_append(_sink.options.file)
            os.dup2(fresh, _sink.descriptor, inheritable=False)
            os.close(fresh)


def log_path() -> Path | None:
    """Returns the path of debug.log, None when there is none."""
    return _sink.options.file


def stop_logging() -> None:
    """Closes the file and buffers again, as before `start_logging`; settings of categories are forgotten."""
    with _sink.lock:
        if _sink.descriptor >= 0:
            os.close(_sink.descriptor)
        _sink.descriptor = -1
        _sink.options = LogOptions()
        _sink.buffer = deque(maxlen=_BUFFER_LINES)
        _sink.enabled = set()
        _sink.level = Level.DEBUG
        _sink.category_levels = {}
        _sink.refresh()


def shrink_log(path: Path) -> None:
    """Keeps only the last 10 MB of a log file that grew beyond 11 MB."""
    try:
        size = path.stat().st_size
    except OSError:
        return
    if size <= _KEEP_BYTES // 10 * 11:
        return
    with os.fdopen(own_files.open_file(path, os.O_RDONLY), "rb") as file:
        file.seek(size - _KEEP_BYTES)
        tail = file.read()
    own_files.write_bytes(path, tail)
