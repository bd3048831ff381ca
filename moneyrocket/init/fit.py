"""Whether components that find one another fit together."""

from __future__ import annotations

from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.interfaces.init import PROTOCOL_VERSION, Component, NotOfferedError


def require_fit(component: Component, chain: str, what: str) -> None:
    """Refuse a component of another version or chain.

    Args:
        component: the other one.
        chain: name of the chain of this one.
        what: this one, as in "this node".

    Raises:
        NotOfferedError: naming both.
    """
    if component.protocol != PROTOCOL_VERSION:
        raise NotOfferedError(
            f"{component.program} {component.version} (protocol {component.protocol}) and {what}, {CLIENT_NAME} "
            f"{VERSION_TEXT} (protocol {PROTOCOL_VERSION}), do not fit together. Use the same version of both."
        )
    if component.chain != chain:
        raise NotOfferedError(
            f"{component.program} is set to the chain {component.chain}, and {what} to {chain}. Give both the same "
            "chain."
        )


def component_title(component: Component) -> str:
    """What a component says of itself, fit for a line of the log."""
    return f"{_printable(component.program)} {_printable(component.version)}"


def _printable(text: str) -> str:
    return "".join(char for char in text[:40] if char.isprintable())
