"""Reads the configuration before anything else starts: files, chain, data directory, settings.json."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from moneyrocket.common.args import CONFIG_FILE, ArgsManager
from moneyrocket.common.config_file import read_config_files
from moneyrocket.common.errors import ConfigError, InitError
from moneyrocket.common.logging import log
from moneyrocket.common.settings_file import SettingsFileError, read_settings, write_settings


def read_configuration(
    args: ArgsManager, *, for_node: bool = True, after_files: Callable[[ArgsManager], None] = lambda args: None
) -> None:
    """Completes the settings of `args` after the command line, and makes the data directory.

    Args:
        args: the settings.
        for_node: also write settings.json, which a node does at every start.
        after_files: called with `args` once the configuration files are read, before settings.json is.

    Raises:
        InitError: a file or directory is missing or malformed.
    """
    if not args.datadir_exists():
        raise InitError(f'Specified data directory "{args.get("-datadir")}" does not exist.')
    original_datadir = args.datadir_base
    given = args.get_path("-conf", CONFIG_FILE)
    original_config = None if given is None else args.absolute(given, net_specific=False)
    try:
        read_config_files(args)
    except ConfigError as error:
        raise InitError(f"Error reading configuration file: {error}") from None
    try:
        args.select_network(args.chain_name)
    except ConfigError as error:
        raise InitError(str(error)) from None
    for folder in (args.datadir_base, args.datadir_net):
        _make_data_dir(folder)
    _check_ignored_config(args, original_datadir, original_config)
    after_files(args)
    try:
        read_settings(args)
        if for_node:
            write_settings(args)
    except SettingsFileError as error:
        raise InitError(f"{error.message}:\n- {error.details}") from None


def _make_data_dir(folder: Path) -> None:
    if folder.exists():
        return
    try:
        # Wallets have a folder of their own in every data directory that is made from now on.
        (folder / "wallets").mkdir(parents=True)
    except OSError as error:
        raise InitError(f'Cannot create data directory "{folder}": {error.strerror}') from None


def _check_ignored_config(args: ArgsManager, original_datadir: Path, original_config: Path | None) -> None:
    base = args.datadir_base
    unused = base / CONFIG_FILE
    if not unused.exists():
        return
    if original_config is None:
        log.info(
            'Data directory "%s" contains a "%s" file which is explicitly ignored using -noconf.', base, CONFIG_FILE
        )
        return
    if original_config.exists() and original_config.samefile(unused):
        return
    cli = args.get("-conf")
    source = f'command line argument "-conf={cli}"' if cli else f'data directory "{original_datadir}"'
    message = (
        f'Data directory "{base}" contains a "{CONFIG_FILE}" file which is ignored, because a different configuration '
        f'file "{original_config}" from {source} is being used instead. Possible ways to address this would be to:\n'
        f'- Delete or rename the "{CONFIG_FILE}" file in data directory "{base}".\n'
        "- Change datadir= or conf= options to specify one configuration file, not two, and use includeconf= to "
        "include any other configuration files."
    )
    if args.get_bool("-allowignoredconf", False):
        log.warning("%s", message)
        return
    raise InitError(f"{message}\n- Set allowignoredconf=1 option to treat this condition as a warning, not an error.")
