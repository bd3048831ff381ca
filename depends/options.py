"""Options of `depends`: `NAME=value` words and environment variables of the same names."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from depends.errors import OptionError

_TRUE = frozenset({"1", "y", "yes", "on", "true"})
_FALSE = frozenset({"", "0", "n", "no", "off", "false"})

_FIELDS: Mapping[str, str] = {
    "NO_QT": "no_qt",
    "NO_WALLET": "no_wallet",
    "NO_ZMQ": "no_zmq",
    "MULTIPROCESS": "multiprocess",
    "DEBUG": "debug",
    "LOG": "log",
    "HOST": "host",
    "SOURCES_PATH": "sources_path",
    "BASE_CACHE": "base_cache",
}
NAMES = tuple(_FIELDS)
_TEXT = frozenset({"HOST"})
_PATHS = frozenset({"SOURCES_PATH", "BASE_CACHE"})


@dataclass(frozen=True, slots=True)
class Options:
    """What to build, for which host, and where the caches are.

    Attributes:
        no_qt: Leave the GUI's dependencies out.
        no_wallet: Leave the wallet's dependencies out.
        no_zmq: Leave the notification dependencies out.
        multiprocess: Build Cap'n Proto, pycapnp and libmultiprocess.
        debug: Unoptimized libraries with debug information.
        log: Print the output of the build steps instead of a progress line.
        host: Host triplet, or None for this machine.
        sources_path: Directory of fetched sources, or None for the default.
        base_cache: Directory of built packages, or None for the default.
    """

    no_qt: bool = False
    no_wallet: bool = False
    no_zmq: bool = False
    multiprocess: bool = False
    debug: bool = False
    log: bool = False
    host: str | None = None
    sources_path: Path | None = None
    base_cache: Path | None = None

    def build_set(self) -> dict[str, bool]:
        """The options that decide what is in a prefix, by their option name."""
        return {
            "DEBUG": self.debug,
            "MULTIPROCESS": self.multiprocess,
            "NO_QT": self.no_qt,
            "NO_WALLET": self.no_wallet,
            "NO_ZMQ": self.no_zmq,
        }

    def words(self) -> str:
        """The set as it would be typed, for messages."""
        return " ".join(f"{name}=1" for name, value in self.build_set().items() if value)


def is_option(word: str) -> bool:
    """Tells `NAME=value` words from other arguments."""
    name, equals, _ = word.partition("=")
    return bool(equals) and name.replace("_", "").isalpha() and name.isupper()


def parse_options(arguments: Sequence[str], environ: Mapping[str, str], base: Options | None = None) -> Options:
    """Reads options from words, which win, and the environment.

    Args:
        arguments: `NAME=value` words.
        environ: Environment variables; names that are no option are ignored.
        base: Values of what neither of them sets.

    Raises:
        OptionError: A word is no known option, or a value can't be understood.
    """
    options = base or Options()
    for name in NAMES:
        if name in environ:
            options = _with(options, name, environ[name], "environment variable")
    for word in arguments:
        name, equals, value = word.partition("=")
        if name not in _FIELDS:
            raise OptionError(_unknown(word, name))
        if not equals:
            raise OptionError(f"option {name} needs a value, for example {name}=1")
        options = _with(options, name, value, "option")
    return options


def _with(options: Options, name: str, value: str, origin: str) -> Options:
    change: dict[str, Any]
    if name in _TEXT:
        change = {_FIELDS[name]: value or None}
    elif name in _PATHS:
        change = {_FIELDS[name]: Path(value).expanduser().resolve() if value else None}
    elif value.lower() in _TRUE | _FALSE:
        change = {_FIELDS[name]: value.lower() in _TRUE}
    else:
        raise OptionError(f"{origin} {name}={value}: expected 1 or 0")
    return replace(options, **change)


def _unknown(word: str, name: str) -> str:
    near = difflib.get_close_matches(name.upper(), NAMES, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known options: {' '.join(NAMES)}"
    return f"unknown option {word}: {hint}"
