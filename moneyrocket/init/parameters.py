"""Options that change the defaults of others, and options that contradict one another."""

from __future__ import annotations

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.logging import log
from moneyrocket.common.messages import show_warning
from moneyrocket.rpc.server import split_host_port

DEFAULT_MAX_CONNECTIONS = 125
_BLOCKS_ONLY_MAX_MEMPOOL = 5
_TEST_OPTIONS = ("addrman", "reindex_after_failure_noninteractive_yes", "bip94")
_HOST_OPTIONS = (
    # Name, whether unix: paths are allowed, whether "=something" may follow.
    ("-i2psam", False, False),
    ("-onion", True, False),
    ("-proxy", True, True),
    ("-bind", False, True),
    ("-rpcbind", False, False),
    ("-torcontrol", False, False),
    ("-whitebind", False, False),
    ("-zmqpubhashblock", True, False),
    ("-zmqpubhashtx", True, False),
    ("-zmqpubrawblock", True, False),
    ("-zmqpubrawtx", True, False),
    ("-zmqpubsequence", True, False),
)


def interact(args: ArgsManager) -> None:
    """Sets options that follow from others and were not given themselves."""

    def imply(reason: str, name: str, value: bool) -> None:
        if args.soft_set_bool(name, value):
            log.info("parameter interaction: %s -> setting %s=%d", reason, name, value)

    args.soft_set_bool("-server", True)
    if args.get_bool("-daemonwait", False):
        imply("-daemonwait=1", "-daemon", True)
    for bind in ("-bind", "-whitebind"):
        if args.get_list(bind):
            imply(f"{bind} set", "-listen", True)
    few_peers = args.get_int("-maxconnections", DEFAULT_MAX_CONNECTIONS) <= 0
    if args.get_list("-connect") or args.is_negated("-connect") or few_peers:
        imply("-connect or -maxconnections=0 set", "-dnsseed", False)
        imply("-connect or -maxconnections=0 set", "-listen", False)
    if args.get("-proxy") not in ("", "0"):
        for name in ("-listen", "-natpmp", "-discover"):
            imply("-proxy set", name, False)
    if not args.get_bool("-listen", True):
        for name in ("-natpmp", "-discover", "-listenonion", "-i2pacceptincoming"):
            imply("-listen=0", name, False)
    if args.get_list("-externalip"):
        imply("-externalip set", "-discover", False)
    if args.get_bool("-blocksonly", False):
        imply("-blocksonly=1", "-whitelistrelay", False)
        if args.soft_set("-maxmempool", str(_BLOCKS_ONLY_MAX_MEMPOOL)):
            log.info("parameter interaction: -blocksonly=1 -> setting -maxmempool=%d", _BLOCKS_ONLY_MAX_MEMPOOL)
    if args.get_bool("-whitelistforcerelay", False):
        imply("-whitelistforcerelay=1", "-whitelistrelay", True)
    networks = args.get_list("-onlynet")
    if networks and not {"ipv4", "ipv6"} & {name.lower() for name in networks}:
        imply("-onlynet excludes IPv4 and IPv6", "-dnsseed", False)


def check(args: ArgsManager) -> None:
    """Refuses settings that contradict one another, warns of those without effect, and sets the mock time.

    Raises:
        InitError: settings that cannot go together or are out of range.
    """
    _warn_of_removed(args)
    check_sections(args)
    _check_blocks_dir(args)
    _check_combinations(args)
    _check_test_options(args, args.chain_name)
    set_mock_time(args)


def check_sections(args: ArgsManager) -> None:
    """Refuses options of the configuration file that do not count for the chain, and warns of unknown sections.

    Raises:
        InitError: naming the options.
    """
    chain = args.chain_name
    lines = [
        f"Config setting for {name} only applied on {chain} network when in [{chain}] section."
        for name in args.unsuitable_section_only_options()
    ]
    if lines:
        raise InitError("\n".join(lines) + "\n")
    sections = [
        f"{file}:{line} Section [{name}] is not recognized." for name, file, line in args.unrecognized_sections()
    ]
    if sections:
        show_warning("\n".join(sections) + "\n")


def set_mock_time(args: ArgsManager) -> None:
    """Sets the clock as -mocktime says.

    Raises:
        InitError: the time is negative.
    """
    time = args.get_int("-mocktime", 0)
    if time < 0:
        raise InitError("-mocktime must not be negative")
    clock.set_mock_time(time)


def check_ports(args: ArgsManager) -> None:
    """Refuses malformed ports.

    Raises:
        InitError: naming the option and its value.
    """
    for name in ("-port", "-rpcport"):
        value = args.get_opt(name)
        if value is not None and not (value.isdecimal() and 0 < int(value) <= 65535):
            raise _bad_port(name, value)
    for name, unix, suffix in _HOST_OPTIONS:
        for value in args.get_list(name):
            host = value.rpartition("=")[0] if suffix and "=" in value else value
            host = host.rpartition("@")[2]
            try:
                split_host_port(host, 1)
            except ValueError:
                if not (unix and value.startswith("unix:")):
                    raise _bad_port(name, value) from None


def _bad_port(name: str, value: str) -> InitError:
    return InitError(f"Invalid port specified in {name}: '{value}'")


def _warn_of_removed(args: ArgsManager) -> None:
    if args.is_set("-checkpoints"):
        show_warning("Option '-checkpoints' is set but checkpoints were removed. This option has no effect.")
    for what in ("ancestor", "descendant"):
        if args.is_set(f"-limit{what}size"):
            show_warning(
                f"Option '-limit{what}size' is given but {what} size limits have been replaced with cluster size "
                "limits (see -limitclustersize). This option has no effect."
            )


def _check_blocks_dir(args: ArgsManager) -> None:
    given = args.get_path("-blocksdir")
    if given is not None and not given.absolute().is_dir():
        raise InitError(f'Specified blocks directory "{args.get("-blocksdir")}" does not exist.')
    args.blocks_dir.mkdir(parents=True, exist_ok=True)


def _check_combinations(args: ArgsManager) -> None:
    index = args.get("-blockfilterindex", "0")
    if index not in ("", "0", "1"):
        for name in args.get_list("-blockfilterindex"):
            if name != "basic":
                raise InitError(f"Unknown -blockfilterindex value {name}.")
    if args.get_bool("-peerblockfilters", False) and index == "0":
        raise InitError("Cannot set -peerblockfilters without -blockfilterindex.")
    if args.get_int("-prune", 0):
        for name in ("-txindex", "-txospenderindex"):
            if args.get_bool(name, False):
                raise InitError(f"Prune mode is incompatible with {name}.")
        if args.get_bool("-reindex-chainstate", False):
            raise InitError("Prune mode is incompatible with -reindex-chainstate. Use full -reindex instead.")
    if args.get_bool("-forcednsseed", False) and not args.get_bool("-dnsseed", True):
        raise InitError("Cannot set -forcednsseed to true when setting -dnsseed to false.")
    listen = args.get_bool("-listen", True)
    if not listen and (args.get_list("-bind") or args.get_list("-whitebind")):
        raise InitError("Cannot set -bind or -whitebind together with -listen=0")
    if not listen and args.get_bool("-listenonion", True):
        raise InitError("Cannot set -listen=0 together with -listenonion=1")
    if args.get_int("-maxconnections", DEFAULT_MAX_CONNECTIONS) < 0:
        raise InitError("-maxconnections must be greater or equal than zero")
    if args.get_int("-peertimeout", 60) <= 0:
        raise InitError("peertimeout must be a positive integer.")


def _check_test_options(args: ArgsManager, chain: str) -> None:
    options = args.get_list("-test")
    if options and chain != "regtest":
        raise InitError("-test=<option> can only be used with regtest")
    for option in options:
        if option not in _TEST_OPTIONS:
            show_warning(f'Unrecognised option "{option}" provided in -test=<option>.')
    if chain == "main":
        for name in ("-testactivationheight", "-vbparams"):
            if args.is_set(name):
                raise InitError(f"The {name} option may not be used on mainnet.")
