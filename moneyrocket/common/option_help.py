"""Writes the -help text of an executable from its option table."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.options import GROUP_TITLES, Flag, Group, OptionSpec
from moneyrocket.common.version import LICENSE_TEXT

_WIDTH = 79


def help_requested(args: ArgsManager) -> bool:
    """Whether one of the help options was given."""
    return any(args.is_set(name) for name in ("-?", "-h", "-help", "-help-debug"))


def print_information(args: ArgsManager, title: str, description: str) -> bool:
    """Prints what -version or one of the help options asks for; returns whether it was asked for.

    Args:
        args: the settings.
        title: the first line, which names the program and its version.
        description: what it does, and how it is used.
    """
    version = args.get_bool("-version", False)
    if not (version or help_requested(args)):
        return False
    print(title)
    if version:
        print(LICENSE_TEXT, end="")
    else:
        print(f"\n{description}\n")
        print(options_help(args.options.values(), show_debug=args.get_bool("-help-debug", False)), end="")
    sys.stdout.flush()
    return True


def options_help(options: Iterable[OptionSpec], *, show_debug: bool) -> str:
    """Returns all options by group.

    Args:
        options: the table.
        show_debug: include options for debugging.
    """
    table = list(options)
    parts = []
    for group in Group:
        shown = sorted(
            (
                option
                for option in table
                if option.group is group and option.help and (show_debug or Flag.DEBUG_ONLY not in option.flags)
            ),
            key=lambda option: option.key,
        )
        if shown:
            parts.append(f"{GROUP_TITLES[group]}\n\n")
            parts.extend(f"  {option.name}\n{_paragraph(option.help)}\n\n" for option in shown)
    return "".join(parts)


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=" " * 7, subsequent_indent=" " * 7)
