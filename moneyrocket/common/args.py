"""The settings of a process, read by option name."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from moneyrocket.common.chain_names import BASE_CHAINS
from moneyrocket.common.errors import ConfigError
from moneyrocket.common.json import Json
from moneyrocket.common.logging import log
from moneyrocket.common.options import Flag, OptionSpec
from moneyrocket.common.settings import Settings

CONFIG_FILE = "moneyrocket.conf"

_LEADING_INT = re.compile(r"\s*([+-]?)([0-9]+)", re.ASCII)
_INT64_MAX = (1 << 63) - 1


def to_int(text: str) -> int:
    """Reads the integer at the start of a text; 0 when there is none, saturating at 64 bits (as C's atoi would)."""
    match = _LEADING_INT.match(text)
    if not match:
        return 0
    value = int(match[2]) * (-1 if match[1] == "-" else 1)
    return max(-_INT64_MAX - 1, min(_INT64_MAX, value))


def to_bool(text: str) -> bool:
    """Reads a boolean: an empty text is true, any other is true when it starts with a number other than 0."""
    return not text or to_int(text) != 0


def default_data_dir() -> Path:
    """Returns the data directory that is used without -datadir."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Moneyrocket"
    home = Path(os.environ.get("HOME") or "/")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "Moneyrocket"
    return home / ".moneyrocket"


class ArgsManager:
    """Settings, read by option name with its leading dash.

    The settings themselves are an immutable `Settings`; the manager replaces it when the program changes one.

    Attributes:
        settings: where everything was given.
        config_path: the configuration file, None with -noconf; set when it was read.
        config_sections: section names seen in configuration files, as ``(name, file, line)``.
    """

    def __init__(self, options: Iterable[OptionSpec], settings: Settings | None = None) -> None:
        self.options: dict[str, OptionSpec] = {option.key: option for option in options}
        self.settings = settings or Settings()
        self.config_path: Path | None = None
        self.config_sections: list[tuple[str, str, int]] = []

    def spec(self, name: str) -> OptionSpec | None:
        """Returns the declaration of an option, None when there is no such option."""
        return self.options.get(name)

    # Values

    def setting(self, name: str) -> Json:
        """Returns the value as stored: None when not set, False when negated, mostly text otherwise."""
        return self.settings.value(name[1:], skip_default_section=self.skips_default_section(name))

    def is_set(self, name: str) -> bool:
        """Whether the option was given, negated or not."""
        return self.setting(name) is not None

    def is_negated(self, name: str) -> bool:
        """Whether the option was given as -no… (or =0 of that)."""
        return self.setting(name) is False

    def get_opt(self, name: str) -> str | None:
        """Returns the value as text (``"0"`` when negated), None when the option was not given."""
        value = self.setting(name)
        return None if value is None else _text(value)

    def get(self, name: str, default: str = "") -> str:
        """Returns the value as text, or `default`."""
        value = self.get_opt(name)
        return default if value is None else value

    def get_int(self, name: str, default: int) -> int:
        """Returns the value as an integer, or `default`; a text that is no number counts as 0."""
        value = self.get_opt(name)
        return default if value is None else to_int(value)

    def get_bool(self, name: str, default: bool) -> bool:
        """Returns the value as a boolean, or `default`; an option without a value is true."""
        value = self.setting(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        return to_bool(_text(value))

    def get_list(self, name: str) -> list[str]:
        """Returns all values of an option that may be given more than once."""
        skip = self.skips_default_section(name)
        return [_text(value) for value in self.settings.values(name[1:], skip_default_section=skip)]

    def get_path(self, name: str, default: str = "") -> Path | None:
        """Returns the value as a normalised path, None when it is negated or there is none."""
        value = self.setting(name)
        text = "" if value is None or value is False else _text(value)
        text = text or ("" if value is False else default)
        return Path(os.path.normpath(text)) if text else None

    def has_test_option(self, name: str) -> bool:
        """Whether -test=<name> was given."""
        return name in self.get_list("-test")

    # Changes by the program

    def soft_set(self, name: str, value: str) -> bool:
        """Sets an option that was not given; returns whether it did."""
        if self.is_set(name):
            return False
        self.force_set(name, value)
        return True

    def soft_set_bool(self, name: str, value: bool) -> bool:
        """Sets a boolean option that was not given; returns whether it did."""
        return self.soft_set(name, "1" if value else "0")

    def force_set(self, name: str, value: str) -> None:
        """Sets an option, whatever was given."""
        self.settings = replace(self.settings, forced={**self.settings.forced, name[1:]: value})

    def select_network(self, chain: str) -> None:
        """Makes the section of a chain count."""
        self.settings = replace(self.settings, network=chain)

    # Chain and paths

    @property
    def chain_name(self) -> str:
        """Name of the chain that -chain, -regtest and their like choose.

        Raises:
            ConfigError: more than one was given, or there is no such chain.
        """
        name = self.chain_argument
        if name not in BASE_CHAINS:
            raise ConfigError(f"Unknown chain {name}.")
        return name

    @property
    def chain_argument(self) -> str:
        """Like `chain_name`, but takes an unknown name as it is.

        Raises:
            ConfigError: more than one was given.
        """
        flags = [
            chain
            for option, chain in (
                ("regtest", "regtest"),
                ("signet", "signet"),
                ("testnet", "test"),
                ("testnet4", "testnet4"),
            )
            if self._chain_flag(option)
        ]
        named = self.get_opt("-chain")
        if len(flags) + (named is not None) > 1:
            raise ConfigError(
                "Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain. Can use at most one."
            )
        if named is not None:
            return named
        return flags[0] if flags else "main"

    @property
    def datadir_base(self) -> Path:
        """The data directory, absolute."""
        given = self.get_path("-datadir")
        return given.absolute() if given else default_data_dir()

    @property
    def datadir_net(self) -> Path:
        """The chain's folder in the data directory."""
        return self.datadir_base / BASE_CHAINS[self.chain_name].folder

    @property
    def blocks_dir(self) -> Path:
        """The folder of the block files, which may lie outside the data directory (-blocksdir); not created here."""
        given = self.get_path("-blocksdir")
        base = given.absolute() if given else self.datadir_base
        return base / BASE_CHAINS[self.chain_name].folder / "blocks"

    def datadir_exists(self) -> bool:
        """Whether -datadir is not given or names a directory."""
        given = self.get_path("-datadir")
        return given is None or given.is_dir()

    def absolute(self, path: Path, *, net_specific: bool = True) -> Path:
        """Returns a path of a setting; a relative one lies in the data directory."""
        return (self.datadir_net if net_specific else self.datadir_base) / path

    # Messages

    def unsuitable_section_only_options(self) -> list[str]:
        """Returns options that the file sets outside sections although they count for the main chain only."""
        if self.settings.network in ("", "main"):
            return []
        return sorted(
            key
            for key, option in self.options.items()
            if Flag.NETWORK_ONLY in option.flags and self.settings.only_in_default_section(key[1:])
        )

    def unrecognized_sections(self) -> list[tuple[str, str, int]]:
        """Returns sections of configuration files that name no chain, as ``(name, file, line)``."""
        return [section for section in self.config_sections if section[0] not in BASE_CHAINS]

    def log_settings(self) -> None:
        """Logs where every setting was given, hiding secrets."""
        for section, values in sorted(self.settings.config.items()):
            self._log_group("Config file arg:", f"[{section}] " if section else "", values)
        for name, value in sorted(self.settings.rw.items()):
            log.info("Setting file arg: %s = %s", name, json.dumps(value, separators=(",", ":")))
        self._log_group("Command-line arg:", "", self.settings.command_line)

    def _log_group(self, prefix: str, section: str, values: object) -> None:
        assert isinstance(values, dict)
        for name, given in sorted(values.items()):
            option = self.options.get(f"-{name}")
            if option is None:
                continue
            for value in given:
                shown = "****" if Flag.SENSITIVE in option.flags else json.dumps(value, ensure_ascii=False)
                log.info("%s %s%s=%s", prefix, section, name, shown)

    def skips_default_section(self, name: str) -> bool:
        """Whether the configuration file's part outside sections does not count for an option on this chain."""
        option = self.options.get(name)
        return self.settings.network != "main" and option is not None and Flag.NETWORK_ONLY in option.flags

    def _chain_flag(self, name: str) -> bool:
        settings = replace(self.settings, network="")
        value = settings.value(name, skip_default_section=False, chain_type=True)
        if value is None or isinstance(value, bool):
            return bool(value)
        return to_bool(_text(value))


def interpret_key(key: str) -> tuple[str, str, bool]:
    """Splits ``[section.][no]name`` into section, name and whether it is negated."""
    section, dot, rest = key.partition(".")
    name = rest if dot else key
    negated = name.startswith("no")
    return (section if dot else ""), (name[2:] if negated else name), negated


def interpret_value(option: OptionSpec, name: str, negated: bool, value: str | None) -> Json:
    """Returns what to store for an option as given.

    Raises:
        ConfigError: the option cannot be negated, or needs a value.
    """
    if negated:
        if Flag.NO_NEGATION in option.flags:
            raise ConfigError(f"Negating of -{name} is meaningless and therefore forbidden")
        if value is not None and not to_bool(value):
            log.warning("Parsed potentially confusing double-negative -%s=%s", name, value)
            return True
        return False
    if value is None and Flag.NO_ELISION in option.flags:
        raise ConfigError(f"Can not set -{name} with no value. Please specify value with -{name}=value.")
    return value or ""


def parse_command_line(args: ArgsManager, arguments: Sequence[str], *, commands: bool = False) -> list[str]:
    """Reads command-line arguments into the settings of `args`.

    Args:
        args: the manager whose options are known.
        arguments: without the program's name.
        commands: the first argument without a dash ends the options (a client's method and its parameters).

    Returns:
        That argument and everything after it.

    Raises:
        ConfigError: an option is unknown or malformed.
    """
    found: dict[str, list[Json]] = {}
    rest: list[str] = []
    for number, argument in enumerate(arguments):
        if argument == "-":
            break
        if not argument.startswith("-"):
            if not commands:
                raise ConfigError(f"Invalid command '{argument}'")
            rest = list(arguments[number:])
            break
        key, equals, value = argument.partition("=")
        key = key[2:] if key.startswith("--") else key[1:]
        section, name, negated = interpret_key(key)
        option = args.spec(f"-{name}")
        if option is None or section:
            raise ConfigError(f"Invalid parameter {argument}")
        found.setdefault(name, []).append(interpret_value(option, name, negated, value if equals else None))
    includes = found.get("includeconf", [])
    if includes and includes[-1] is not False:
        last_negation = max((n for n, v in enumerate(includes, 1) if v is False), default=0)
        shown = json.dumps(includes[last_negation], ensure_ascii=False)
        raise ConfigError(f"-includeconf cannot be used from commandline; -includeconf={shown}")
    args.settings = replace(args.settings, command_line=found)
    return rest


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
