"""Reads moneyrocket.conf and the files it includes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from moneyrocket.common.args import CONFIG_FILE, ArgsManager, interpret_key, interpret_value
from moneyrocket.common.errors import ConfigError
from moneyrocket.common.json import Json
from moneyrocket.common.logging import log

Sections = dict[str, dict[str, list[Json]]]


def read_config_files(args: ArgsManager) -> None:
    """Puts the configuration file's values into the settings of `args`, and sets `args.config_path`.

    Raises:
        ConfigError: a file cannot be read or is malformed, or -datadir in it names no directory.
    """
    given = args.get_path("-conf", CONFIG_FILE)
    path = None if given is None else args.absolute(given, net_specific=False)
    args.config_path = path
    args.config_sections = []
    args.settings = replace(args.settings, config={})
    if path is not None:
        if path.is_dir():
            raise ConfigError(f'Config file "{path}" is a directory.')
        text = _read(path)
        if text is not None:
            values: Sections = {}
            _add(args, text, str(path), values)
            args.settings = replace(args.settings, config=values)
            _read_includes(args, values)
            args.settings = replace(args.settings, config=values)
        elif args.is_set("-conf"):
            raise ConfigError(f'specified config file "{path}" could not be opened.')
    if not args.datadir_exists():
        raise ConfigError(f'specified data directory "{args.get("-datadir")}" does not exist.')


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _read_includes(args: ArgsManager, values: Sections) -> None:
    # Only -noincludeconf can be on the command line.
    if "includeconf" in args.settings.command_line:
        return
    chain = args.chain_argument
    named = {section: len(values.get(section, {}).get("includeconf", [])) for section in (chain, "")}
    for name in [*_includes(values, chain, 0), *_includes(values, "", 0)]:
        path = args.absolute(Path(name), net_specific=False)
        if path.is_dir():
            raise ConfigError(f'Included config file "{path}" is a directory.')
        text = _read(path)
        if text is None:
            raise ConfigError(f"Failed to include configuration file {name}")
        _add(args, text, name, values)
        log.info("Included configuration file %s", name)
    args.settings = replace(args.settings, config=values)
    final_chain = args.chain_argument
    nested = [*_includes(values, chain, named[chain]), *_includes(values, "", named[""])]
    if final_chain != chain:
        nested.extend(_includes(values, final_chain, 0))
    for name in nested:
        print(
            f"warning: -includeconf cannot be used from included files; ignoring -includeconf={name}", file=sys.stderr
        )


def _includes(values: Sections, section: str, skip: int) -> list[str]:
    given = values.get(section, {}).get("includeconf", [])
    negations = max((number for number, value in enumerate(given, 1) if value is False), default=0)
    return [str(value) for value in given[max(skip, negations) :]]


def _add(args: ArgsManager, text: str, file: str, values: Sections) -> None:
    for key, value in _lines(args, text, file):
        section, name, negated = interpret_key(key)
        if name == "conf":
            raise ConfigError(
                "conf cannot be set in the configuration file; use includeconf= if you want to include additional "
                "config files"
            )
        if name == "reindex":
            log.warning(
                "reindex=1 is set in the configuration file, which will significantly slow down startup. Consider "
                "removing it, unless the indexes need to be rebuilt."
            )
        option = args.spec(f"-{name}")
        if option is None:
            log.warning("Ignoring unknown configuration value %s", key)
            continue
        stored = interpret_value(option, name, negated, value)
        values.setdefault(section, {}).setdefault(name, []).append(stored)


def _lines(args: ArgsManager, text: str, file: str) -> Iterator[tuple[str, str]]:
    prefix = ""
    for number, raw in enumerate(text.split("\n"), 1):
        before, comment, _ = raw.partition("#")
        line = before.strip(" \t\r\n")
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            args.config_sections.append((line[1:-1], file, number))
            prefix = line[1:-1] + "."
            continue
        if line.startswith("-"):
            raise ConfigError(
                f"parse error on line {number}: {line}, options in configuration file must be specified without "
                "leading -"
            )
        key, equals, value = line.partition("=")
        if not equals:
            hint = f", if you intended to specify a negated option, use {line}=1 instead"
            raise ConfigError(f"parse error on line {number}: {line}{hint if line.startswith('no') else ''}")
        name = prefix + key.strip(" \t\r\n")
        if comment and "rpcpassword" in name:
            raise ConfigError(
                f"parse error on line {number}, using # in rpcpassword can be ambiguous and should be avoided"
            )
        section, dot, _ = name.rpartition(".")
        if dot and len(prefix) <= len(section):
            args.config_sections.append((section, file, number))
        yield name, value.strip(" \t\r\n")
