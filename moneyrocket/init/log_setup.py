"""Sets logging up from the options."""

from __future__ import annotations

from moneyrocket.common import logging
from moneyrocket.common.args import ArgsManager, default_data_dir
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import LogOptions, log

_LEVELS = "info, debug, trace"


def log_options(args: ArgsManager) -> LogOptions:
    """Returns where the log goes and what its lines look like."""
    file = args.get_path("-debuglogfile", "debug.log")
    return LogOptions(
        file=None if file is None else args.absolute(file),
        console=args.get_bool("-printtoconsole", not args.get_bool("-daemon", False)),
        timestamps=args.get_bool("-logtimestamps", True),
        time_micros=args.get_bool("-logtimemicros", False),
        thread_names=args.get_bool("-logthreadnames", False),
        source_locations=args.get_bool("-logsourcelocations", False),
        level_always=args.get_bool("-loglevelalways", False),
    )


def set_categories(args: ArgsManager) -> None:
    """Turns categories on and sets their levels.

    Raises:
        InitError: a category or level does not exist.
    """
    wanted = args.get_list("-debug")
    last_off = max((number for number, name in enumerate(wanted, 1) if name in ("0", "none")), default=0)
    for name in wanted[last_off:]:
        if not logging.enable_category(name):
            raise InitError(f"Unsupported logging category -debug={name}.")
    for name in args.get_list("-debugexclude"):
        if not logging.disable_category(name):
            raise InitError(f"Unsupported logging category -debugexclude={name}.")
    for text in args.get_list("-loglevel"):
        category, colon, level = text.rpartition(":")
        if not colon and not logging.set_level(level):
            raise InitError(f"Unsupported global logging level -loglevel={text}. Valid values: {_LEVELS}.")
        if colon and not (category and logging.set_level(level, category)):
            raise InitError(
                f"Unsupported category-specific logging level -loglevel={text}. Expected "
                f"-loglevel=<category>:<loglevel>. Valid categories: {', '.join(logging.CATEGORIES)}. Valid "
                f"loglevels: {_LEVELS}."
            )


def start_log(args: ArgsManager) -> None:
    """Opens the log and writes where this run's settings come from.

    Raises:
        InitError: debug.log cannot be opened.
    """
    options = log_options(args)
    if options.file is not None and args.get_bool("-shrinkdebugfile", not any(logging.category_states().values())):
        logging.shrink_log(options.file)
    try:
        logging.start_logging(options)
    except OSError:
        raise InitError(f"Could not open debug log file {options.file}") from None
    log.info("Log output may contain privacy-sensitive information. Be cautious when sharing logs.")
    log.info("Default data directory %s", default_data_dir())
    log.info("Using data directory %s", args.datadir_net)
    if args.config_path is None:
        log.info("Config file: <disabled>")
    elif args.config_path.exists():
        log.info("Config file: %s", args.config_path)
    else:
        log.info("Config file: %s (not found, skipping)", args.config_path)
    args.log_settings()
