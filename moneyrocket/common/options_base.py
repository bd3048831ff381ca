"""Options that every executable with a data directory has: help, files, chain, logging."""

from __future__ import annotations

from moneyrocket.common.options import Flag, Group, OptionSpec

_O, _D, _C = Group.OPTIONS, Group.DEBUG, Group.CHAIN
_DEBUG_ONLY = Flag.DEBUG_ONLY

HELP_OPTIONS = (
    OptionSpec("-help", "Show this text and exit (also -h or -?)", _O),
    OptionSpec("-h"),
    OptionSpec("-?"),
    OptionSpec("-version", "Show the version and exit", _O),
)

CHAIN_OPTIONS = (
    OptionSpec("-chain=<chain>", "Chain to use: main, test, testnet4, signet or regtest (default: main)", _C),
    OptionSpec(
        "-regtest",
        "Use the regression test chain, where blocks can be made at once. Same as -chain=regtest",
        _C,
        _DEBUG_ONLY,
    ),
    OptionSpec("-signet", "Use the signet chain (see -signetchallenge). Same as -chain=signet", _C),
    OptionSpec(
        "-signetchallenge",
        "Script that blocks of a signet must satisfy (default: that of the public signet)",
        _C,
        Flag.NO_NEGATION,
    ),
    OptionSpec(
        "-signetseednode",
        "Host and port of a seed node of a signet; may be given more than once",
        _C,
        Flag.NO_NEGATION,
    ),
    OptionSpec("-testnet", "Use the testnet3 chain, which is going away. Same as -chain=test", _C),
    OptionSpec("-testnet4", "Use the testnet4 chain. Same as -chain=testnet4", _C),
    OptionSpec(
        "-testactivationheight=name@height.",
        "Height at which a soft fork (segwit, bip34, dersig, cltv, csv) becomes active, for tests",
        _D,
        _DEBUG_ONLY,
    ),
    OptionSpec(
        "-vbparams=deployment:start:end[:min_activation_height]",
        "Start and end time and lowest activation height of a deployment, for tests",
        _C,
        _DEBUG_ONLY,
    ),
)

DATA_OPTIONS = (
    OptionSpec(
        "-conf=<file>",
        "Configuration file, which is only read; relative to the data directory; command line only "
        "(default: moneyrocket.conf)",
        _O,
    ),
    OptionSpec("-datadir=<dir>", "Data directory", _O, Flag.NO_NEGATION),
)

LOG_OPTIONS = (
    OptionSpec(
        "-debug=<category>",
        "Log details of a category; all of them without a name, with 1 or all; none with 0. May be given more than "
        "once. Categories: addrman, bench, blockstorage, cmpctblock, coindb, estimatefee, http, i2p, ipc, kernel, "
        "leveldb, mempool, mempoolrej, net, privatebroadcast, proxy, prune, qt, rand, reindex, rpc, scan, "
        "selectcoins, tor, txpackages, txreconciliation, validation, walletdb, zmq",
        _D,
    ),
    OptionSpec("-debugexclude=<category>", "Leave a category out again; stronger than -debug", _D),
    OptionSpec(
        "-debuglogfile=<file>",
        "Log file, relative to the chain's folder; -nodebuglogfile writes none (default: debug.log)",
        _O,
    ),
    OptionSpec("-logips", "Log addresses of peers (default: 0)", _D),
    OptionSpec(
        "-loglevel=<level>|<category>:<level>",
        "Lowest severity that is logged, for all categories that -debug chose or for one: info, debug, trace "
        "(default: debug)",
        _D,
        _DEBUG_ONLY | Flag.NO_NEGATION | Flag.NO_ELISION,
    ),
    OptionSpec("-loglevelalways", "Put category and severity on every line (default: 0)", _D),
    OptionSpec("-logratelimit", "Limit how much one place may log in an hour (default: 1)", _D),
    OptionSpec("-logsourcelocations", "Put file, line and function on every line (default: 0)", _D),
    OptionSpec("-logthreadnames", "Put the thread's name on every line (default: 0)", _D),
    OptionSpec("-logtimemicros", "Log times with microseconds (default: 0)", _D, _DEBUG_ONLY),
    OptionSpec("-logtimestamps", "Put the time on every line (default: 1)", _D),
    OptionSpec("-printtoconsole", "Print the log, too (default: 1 without -daemon)", _D),
    OptionSpec("-shrinkdebugfile", "Cut a large log file at start (default: 1 without -debug)", _D),
)
