"""Options for what Moneyrocket cannot do yet: refused, never ignored, when they ask for it."""

from __future__ import annotations

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
    "-zmqpubhashblock",
    "-zmqpubhashtx",
    "-zmqpubrawblock",
    "-zmqpubrawtx",
    "-zmqpubsequence",
)
"""Empty by default; an error with any value but 0."""


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
