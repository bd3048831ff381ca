"""How a command-line option is declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag


class Flag(IntFlag):
    """Properties of an option."""

    NONE = 0
    DEBUG_ONLY = 1
    """Shown only with -help-debug."""
    NETWORK_ONLY = 2
    """Outside sections the configuration file sets it for the main chain alone."""
    SENSITIVE = 4
    """Its value is not logged."""
    NO_NEGATION = 8
    NO_ELISION = 16
    """A value must follow."""


class Group(IntEnum):
    """Heading in the help text, in its order."""

    OPTIONS = 0
    CONNECTION = 1
    WALLET = 2
    WALLET_DEBUG = 3
    ZMQ = 4
    DEBUG = 5
    CHAIN = 6
    RELAY = 7
    MINING = 8
    RPC = 9
    IPC = 10
    GUI = 11
    CLI_COMMANDS = 12
    COMMANDS = 13
    HIDDEN = 99


GROUP_TITLES = {
    Group.OPTIONS: "Options:",
    Group.CONNECTION: "Connection options:",
    Group.WALLET: "Wallet options:",
    Group.WALLET_DEBUG: "Wallet debugging/testing options:",
    Group.ZMQ: "ZeroMQ notification options:",
    Group.DEBUG: "Debugging/Testing options:",
    Group.CHAIN: "Chain selection options:",
    Group.RELAY: "Node relay options:",
    Group.MINING: "Block creation options:",
    Group.RPC: "RPC server options:",
    Group.IPC: "IPC interprocess connection options:",
    Group.GUI: "UI Options:",
    Group.CLI_COMMANDS: "CLI Commands:",
    Group.COMMANDS: "Commands:",
}


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option that a program knows.

    Attributes:
        name: with its leading dash; what follows ``=`` names the value in the help text.
        help: what it does; empty for an option that help does not show.
        group: heading in the help text.
        flags: properties.
    """

    name: str
    help: str = ""
    group: Group = Group.HIDDEN
    flags: Flag = Flag.NONE

    @property
    def key(self) -> str:
        """The name with dash and without the value's name."""
        return self.name.partition("=")[0]
