"""The node's options that the settings dialog offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import cast

from PySide6.QtCore import QT_TRANSLATE_NOOP as _QT_TRANSLATE_NOOP

from moneyrocket.interfaces.json import Json


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802 - lupdate looks for this name
    """Mark a text for translation later."""
    return cast(str, _QT_TRANSLATE_NOOP(context, text))


class OptionKind(Enum):
    """How an option is edited."""

    SWITCH = "switch"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class NodeOption:
    """An option of the node.

    Attributes:
        name: without dash.
        kind: how it is edited.
        title: what it is called, to be translated in the context NodeOptions.
        hint: what it does.
        default: what counts when nobody says anything.
        lowest, highest: bounds of a number.
        unit: what is printed after a number.
        choices: values to choose from.
        group: heading above it.
    """

    name: str
    kind: OptionKind
    title: str
    hint: str
    default: Json
    lowest: int = 0
    highest: int = 0
    unit: str = ""
    choices: tuple[str, ...] = ()
    group: str = "node"


NODE_OPTIONS = (
    NodeOption(
        "prune",
        OptionKind.NUMBER,
        QT_TRANSLATE_NOOP("NodeOptions", "Limit block storage to"),
        QT_TRANSLATE_NOOP("NodeOptions", "Older blocks are deleted. 0 keeps all; otherwise at least 550."),
        0,
        highest=10_000_000,
        unit=" MiB",
    ),
    NodeOption(
        "dbcache",
        OptionKind.NUMBER,
        QT_TRANSLATE_NOOP("NodeOptions", "Memory for the database"),
        QT_TRANSLATE_NOOP("NodeOptions", "More makes catching up with the network faster."),
        450,
        lowest=4,
        highest=65_536,
        unit=" MiB",
    ),
    NodeOption(
        "par",
        OptionKind.NUMBER,
        QT_TRANSLATE_NOOP("NodeOptions", "Threads that check scripts"),
        QT_TRANSLATE_NOOP("NodeOptions", "0 uses all processors, a negative number leaves so many free."),
        0,
        lowest=-15,
        highest=15,
    ),
    NodeOption(
        "maxmempool",
        OptionKind.NUMBER,
        QT_TRANSLATE_NOOP("NodeOptions", "Memory for waiting transactions"),
        "",
        300,
        lowest=5,
        highest=65_536,
        unit=" MB",
    ),
    NodeOption(
        "server",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "RPC server: accept commands of other programs"),
        "",
        False,
    ),
    NodeOption(
        "listen",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "Allow incoming connections"),
        QT_TRANSLATE_NOOP("NodeOptions", "Serves other nodes; your router may have to let them in."),
        True,
        group="network",
    ),
    NodeOption(
        "maxconnections",
        OptionKind.NUMBER,
        QT_TRANSLATE_NOOP("NodeOptions", "Most connections"),
        "",
        125,
        lowest=0,
        highest=10_000,
        group="network",
    ),
    NodeOption(
        "blocksonly",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "Blocks only: do not relay transactions of others"),
        QT_TRANSLATE_NOOP("NodeOptions", "Saves most of the traffic; fees can then not be estimated."),
        False,
        group="network",
    ),
    NodeOption(
        "addresstype",
        OptionKind.CHOICE,
        QT_TRANSLATE_NOOP("NodeOptions", "Type of new addresses"),
        "",
        "bech32",
        choices=("legacy", "p2sh-segwit", "bech32", "bech32m"),
        group="wallet",
    ),
    NodeOption(
        "spendzeroconfchange",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "Spend change that is not confirmed yet"),
        "",
        True,
        group="wallet",
    ),
    NodeOption(
        "walletrbf",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "Payments can be replaced by ones with a higher fee (RBF)"),
        "",
        True,
        group="wallet",
    ),
    NodeOption(
        "avoidpartialspends",
        OptionKind.SWITCH,
        QT_TRANSLATE_NOOP("NodeOptions", "Spend all coins of an address together, for privacy"),
        "",
        False,
        group="wallet",
    ),
)


def as_bool(value: Json, default: bool) -> bool:
    """Read a switch as the node would."""
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return as_bool(value[-1], default) if value else default
    if value is None:
        return default
    text = str(value).strip()
    return text == "" or (text.lstrip("-").isdigit() and int(text) != 0)


def as_number(value: Json, default: int) -> int:
    """Read a number as the node would."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return as_number(value[-1], default) if value else default
    try:
        return int(str(value)) if value is not None else default
    except ValueError:
        return default
