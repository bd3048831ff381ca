"""What goes wrong with a sandbox."""

from __future__ import annotations

from moneyrocket.common.errors import MoneyrocketError


class SandboxError(MoneyrocketError):
    """A sandbox cannot be had or was not entered; the text says why."""
