"""Options of the wallet."""

from __future__ import annotations

from moneyrocket.common.options import Flag, Group, OptionSpec

_W, _T = Group.WALLET, Group.WALLET_DEBUG
_DEBUG_ONLY = Flag.DEBUG_ONLY

WALLET_OPTIONS = (
    OptionSpec("-addresstype", "Kind of new addresses: legacy, p2sh-segwit, bech32 or bech32m (default: bech32)", _W),
    OptionSpec(
        "-avoidpartialspends",
        "Spend all coins of an address together or none, which is better for privacy and may cost more (default: 0)",
        _W,
    ),
    OptionSpec("-changetype", "Kind of change addresses (default: chosen for each payment)", _W),
    OptionSpec(
        "-consolidatefeerate=<amt>",
        "Fee rate in BTC/kvB up to which payments may use more coins than they need (default: 0.0001)",
        _W,
    ),
    OptionSpec("-disablewallet", "Run without wallets", _W),
    OptionSpec("-discardfee=<amt>", "Fee rate in BTC/kvB at which change is not worth keeping (default: 0.0001)", _W),
    OptionSpec(
        "-fallbackfee=<amt>",
        "Fee rate in BTC/kvB when there is no estimate; 0 for none (default: 0)",
        _W,
    ),
    OptionSpec("-keypool=<n>", "Number of keys prepared in advance (default: 1000)", _W),
    OptionSpec("-maxapsfee=<n>", "Further fee in BTC that -avoidpartialspends may cost (default: 0)", _W),
    OptionSpec("-maxtxfee=<amt>", "Highest fee in BTC of one payment (default: 0.10)", Group.DEBUG),
    OptionSpec("-mintxfee=<amt>", "Lowest fee rate in BTC/kvB of a payment (default: 0.00001)", _W),
    OptionSpec("-signer=<cmd>", "Program that signs for wallets with an external signer", _W),
    OptionSpec("-spendzeroconfchange", "Spend unconfirmed change (default: 1)", _W),
    OptionSpec("-txconfirmtarget=<n>", "Blocks within which payments should confirm (default: 6)", _W),
    OptionSpec(
        "-wallet=<path>",
        "Wallet to load at start; relative to -walletdir; may be given more than once",
        _W,
        Flag.NETWORK_ONLY,
    ),
    OptionSpec("-walletbroadcast", "Send the wallet's transactions to peers (default: 1)", _W),
    OptionSpec(
        "-walletdir=<dir>",
        "Folder of the wallets (default: wallets in the data directory if that exists, else the data directory)",
        _W,
        Flag.NETWORK_ONLY,
    ),
    OptionSpec(
        "-walletnotify=<cmd>",
        "Command to run when a transaction of a wallet changes; %s stands for its id, %w for the wallet, %b for the "
        "block's hash and %h for its height",
        _W,
    ),
    OptionSpec("-walletrbf", "Signal replaceability in payments; going away (default: 1)", _W),
    OptionSpec(
        "-unsafesqlitesync",
        "Do not wait for the disk when writing wallets; a crash may destroy them (default: 0)",
        _T,
        _DEBUG_ONLY,
    ),
    OptionSpec("-walletcrosschain", "Allow wallets of another chain (default: 0)", _T, _DEBUG_ONLY),
    OptionSpec(
        "-walletrejectlongchains", "Refuse payments that the mempool's limits forbid (default: 1)", _T, _DEBUG_ONLY
    ),
)
