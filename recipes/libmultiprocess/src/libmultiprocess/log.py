"""What the library reports, and how it is written."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

Describe = Callable[[str, Mapping[str, Any]], str]


class Log(Protocol):
    """Where messages go. ``enabled`` is asked before a message is made."""

    @property
    def enabled(self) -> bool:
        """Whether anyone wants messages now."""

    def __call__(self, message: str) -> None:
        """Take one line."""


class NoLog:
    """Wants no messages."""

    enabled = False

    def __call__(self, message: str) -> None:
        """Do nothing."""


class FunctionLog:
    """Passes every message to a function."""

    enabled = True

    def __init__(self, function: Callable[[str], None]) -> None:
        self._function = function

    def __call__(self, message: str) -> None:
        """Pass ``message`` on."""
        self._function(message)


def thread_name(process_name: str) -> str:
    """Process, process id, thread and operating system's thread id of the running thread."""
    thread = threading.current_thread()
    return f"{process_name}-{os.getpid()}/{thread.name}-{threading.get_native_id()}"


class Describer:
    """Writes arguments in the manner of Cap'n Proto text, cut to ``max_chars``.

    Args:
        max_chars: where to cut.
        redact: names such as ``Wallet.unlock`` whose arguments are not written.
    """

    def __init__(self, max_chars: int = 200, redact: frozenset[str] = frozenset()) -> None:
        self._max_chars = max_chars
        self._redact = redact

    def __call__(self, method: str, values: Mapping[str, Any]) -> str:
        """Text for the arguments or results of ``method``."""
        if method in self._redact and values:
            return "(...)"
        pieces: list[str] = []
        self._write(values, pieces, self._max_chars)
        text = "".join(pieces)
        return text if len(text) <= self._max_chars else text[: self._max_chars] + "..."

    def _write(self, value: Any, pieces: list[str], room: int) -> int:
        if isinstance(value, Mapping):
            return self._write_all("(", ")", ((f"{key} = ", item) for key, item in value.items()), pieces, room)
        if isinstance(value, list):
            return self._write_all("[", "]", (("", item) for item in value), pieces, room)
        if isinstance(value, str):
            text = '"' + value[: room + 1].encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
        elif isinstance(value, bytes):
            text = '0x"' + value[: room // 2 + 1].hex() + '"'
        elif value is None:
            text = "null"
        elif isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, int | float):
            text = repr(value)
        else:
            text = "<external capability>"
        pieces.append(text)
        return room - len(text)

    def _write_all(self, start: str, end: str, items: Any, pieces: list[str], room: int) -> int:
        pieces.append(start)
        separator = ""
        for label, item in items:
            if room <= 0:
                break
            pieces.append(separator + label)
            room = self._write(item, pieces, room - len(label) - 2)
            separator = ", "
        pieces.append(end)
        return room - 2
