"""Options for what Moneyrocket cannot do, yet or on this system: refused, never ignored, when they ask for it."""

from __future__ import annotations

import sys

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError

_BOOLEAN = (
    "-cjdnsreachable",
    "-coinstatsindex",
    "-peerblockfilters",
    "-privatebroadcast",
    "-rest",
    "-txospenderindex",
    "-txreconciliation",
)
"""Off by default; an error when on."""

_VALUED = (
    "-alertnotify",
    "-asmap",
    "-blockfilterindex",
    "-i2psam",
    "-loadblock",
    "-onion",
    "-proxy",
    "-signer",
    "-walletnotify",
    "-zmqpubhashblock",
    "-zmqpubhashtx",
    "-zmqpubrawblock",
    "-zmqpubrawtx",
    "-zmqpubsequence",
)
"""Empty by default; an error with any value but 0."""

_NOT_ON_WINDOWS = ("-daemonwait", "-daemon")
"""Windows has no fork; a service manager or a window of its own does what they do elsewhere."""


def refuse_unsupported(args: ArgsManager, platform: str = sys.platform) -> None:
    """Refuses options whose feature this operating system does not have.

    Args:
        args: the settings.
        platform: as in `sys.platform`.

    Raises:
        InitError: naming the first such option.
    """
    for name in _NOT_ON_WINDOWS if platform == "win32" else ():
        if args.get_bool(name, False):
            raise InitError(f"{name} is not supported on this operating system; leave it out to run in the foreground")


def refuse_unbuilt(args: ArgsManager) -> None:
    """Refuses options whose feature does not exist yet.

    Raises:
        InitError: naming the first such option.
    """
    for name in _BOOLEAN:
        if args.get_bool(name, False):
            raise _refusal(name)
    for name in _VALUED:
        value = args.get_opt(name)
        if value is not None and value != "0":
            raise _refusal(f"{name}={value}" if value else name)


def _refusal(option: str) -> InitError:
    return InitError(f"{option} is not supported by this version of Moneyrocket.")
