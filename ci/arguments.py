"""Splits what stands after `--` into options of depends, flags of the build, and pytest's arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from depends.options import is_option

_CONFIG_SITE = "CONFIG_SITE="
_MULTIPROCESS = {"--enable-multiprocess": True, "--disable-multiprocess": False}


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments of a session.

    Attributes:
        options: `NAME=value` words for depends.
        config_site: Path given as `CONFIG_SITE=…`, or None.
        multiprocess: `--enable-multiprocess` or `--disable-multiprocess`, or None when neither is given.
        rest: Everything else.
    """

    options: tuple[str, ...] = ()
    config_site: Path | None = None
    multiprocess: bool | None = None
    rest: tuple[str, ...] = ()


def split_arguments(words: Sequence[str], config_site: str | None = None) -> Arguments:
    """Sorts the arguments of a session.

    Args:
        words: What stands after `--`.
        config_site: Value of the environment variable CONFIG_SITE; the word of that name wins.
    """
    options: list[str] = []
    rest: list[str] = []
    multiprocess: bool | None = None
    for word in words:
        if word.startswith(_CONFIG_SITE):
            config_site = word.removeprefix(_CONFIG_SITE)
        elif word in _MULTIPROCESS:
            multiprocess = _MULTIPROCESS[word]
        elif is_option(word):
            options.append(word)
        else:
            rest.append(word)
    return Arguments(tuple(options), Path(config_site) if config_site else None, multiprocess, tuple(rest))
