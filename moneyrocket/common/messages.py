"""What start-up tells the user on the terminal, and in the log."""

from __future__ import annotations

import sys

from moneyrocket.common.logging import log


def show_error(message: str, *, prefix: str = "Error: ") -> None:
    """Prints ``Error: …``."""
    log.error("%s", message)
    print(f"{prefix}{message}", file=sys.stderr, flush=True)


def show_warning(message: str) -> None:
    """Prints ``Warning: …``."""
    log.warning("%s", message)
    print(f"Warning: {message}", file=sys.stderr, flush=True)
