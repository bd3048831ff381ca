"""Errors that end a command: what happened, why, and what to do next.

Each kind has an exit status of its own, so that scripts can tell them apart.
"""


class FatalError(Exception):
    """Ends the command with `exit_code` after its message is printed."""

    exit_code = 1


class OptionError(FatalError):
    """An option is unknown or its value makes no sense."""

    exit_code = 2


class SourceError(FatalError):
    """A source could not be fetched, or is not the file that was pinned."""

    exit_code = 3


class ToolchainError(FatalError):
    """A compiler, header or tool is missing or not supported."""

    exit_code = 4


class BuildError(FatalError):
    """An external command failed; the message ends with the end of its log."""

    exit_code = 5


class RequirementsError(FatalError):
    """A Python environment could not be made from its pinned requirements."""

    exit_code = 6
