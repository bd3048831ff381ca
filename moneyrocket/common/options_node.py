"""Options of the node."""

from __future__ import annotations

from moneyrocket.common.options import Flag, Group, OptionSpec
from moneyrocket.common.options_base import CHAIN_OPTIONS, DATA_OPTIONS, HELP_OPTIONS, LOG_OPTIONS
from moneyrocket.common.options_wallet import WALLET_OPTIONS

_O, _N, _Z, _D = Group.OPTIONS, Group.CONNECTION, Group.ZMQ, Group.DEBUG
_Y, _M, _R, _I = Group.RELAY, Group.MINING, Group.RPC, Group.IPC
_DEBUG_ONLY, _NETWORK, _SECRET = Flag.DEBUG_ONLY, Flag.NETWORK_ONLY, Flag.SENSITIVE

_GENERAL = (
    OptionSpec("-help-debug", "Show this text with the options for debugging, and exit", _D),
    OptionSpec("-alertnotify=<cmd>", "Command to run on an alert; %s stands for the message", _O),
    OptionSpec("-allowignoredconf", "Only warn of a configuration file in the data directory that is not used", _O),
    OptionSpec("-assumevalid=<hex>", "Block whose ancestors need no script checks; 0 to check all scripts", _O),
    OptionSpec(
        "-blockfilterindex=<type>",
        "Keep an index of compact block filters (BIP158): basic, or 1 for all (default: 0)",
        _O,
    ),
    OptionSpec("-blocknotify=<cmd>", "Command to run on a new tip; %s stands for the block's hash", _O),
    OptionSpec(
        "-blockreconstructionextratxn=<n>", "Further transactions kept to rebuild compact blocks (default: 100)", _O
    ),
    OptionSpec("-blocksdir=<dir>", "Folder that holds the blocks folder (default: the data directory)", _O),
    OptionSpec("-blocksonly", "Take no transactions from peers (default: 0)", _O),
    OptionSpec("-blocksxor", "Obfuscate new block files with a random key (default: 1)", _O),
    OptionSpec("-coinstatsindex", "Keep an index of statistics of the UTXO set (default: 0)", _O),
    OptionSpec("-daemon", "Run in the background (default: 0)", _O),
    OptionSpec("-daemonwait", "Run in the background and return when start-up is over (default: 0)", _O),
    OptionSpec("-dbbatchsize", "Largest database write in bytes", _O, _DEBUG_ONLY),
    OptionSpec("-dbcache=<n>", "Memory for database caches in MiB (default: 450)", _O),
    OptionSpec("-includeconf=<file>", "Further configuration file, relative to the data directory; in a file only", _O),
    OptionSpec("-loadblock=<file>", "Import blocks from a file at start", _O),
    OptionSpec("-maxmempool=<n>", "Largest size of the mempool in MB (default: 300)", _O),
    OptionSpec("-mempoolexpiry=<n>", "Hours that a transaction stays in the mempool (default: 336)", _O),
    OptionSpec("-minimumchainwork=<hex>", "Least work of a chain that counts as synchronised", _O, _DEBUG_ONLY),
    OptionSpec("-par=<n>", "Threads that check scripts; 0 for automatic (default: 0)", _O),
    OptionSpec("-persistmempool", "Save the mempool at stop and load it at start (default: 1)", _O),
    OptionSpec("-persistmempoolv1", "Write mempool.dat in the old format (default: 0)", _O),
    OptionSpec(
        "-pid=<file>", "File for the process id, relative to the chain's folder (default: moneyrocketd.pid)", _O
    ),
    OptionSpec("-prevoutfetchthreads=<n>", "Threads that read spent outputs ahead", _O),
    OptionSpec(
        "-prune=<n>", "Delete old blocks: 1 when asked to, 550 and more to stay below so many MiB (default: 0)", _O
    ),
    OptionSpec("-reindex", "Build the block index and the chain state again from the block files", _O),
    OptionSpec("-reindex-chainstate", "Build the chain state again from the block files", _O),
    OptionSpec(
        "-settings=<file>",
        "File for settings that change at run time, relative to the chain's folder; -nosettings for none "
        "(default: settings.json)",
        _O,
    ),
    OptionSpec("-shutdownnotify=<cmd>", "Command to run before shutdown; shutdown waits for it", _O),
    OptionSpec("-startupnotify=<cmd>", "Command to run when start-up is over", _O),
    OptionSpec("-txindex", "Keep an index of all transactions (default: 0)", _O),
    OptionSpec("-txospenderindex", "Keep an index of what spent each output (default: 0)", _O),
)

_CONNECTION = (
    OptionSpec("-addnode=<ip>", "Peer to keep a connection to; may be given more than once", _N, _NETWORK),
    OptionSpec("-asmap=<file>", "File that maps addresses to networks, to spread peers", _N),
    OptionSpec("-bantime=<n>", "Seconds that a ban lasts (default: 86400)", _N),
    OptionSpec("-bind=<addr>[:<port>][=onion]", "Address to listen on; =onion for Tor connections", _N, _NETWORK),
    OptionSpec("-cjdnsreachable", "Addresses in fc00::/8 are CJDNS (default: 0)", _N),
    OptionSpec("-connect=<ip>", "Connect only to this peer; -noconnect for none; may be repeated", _N, _NETWORK),
    OptionSpec("-discover", "Find out the own addresses (default: 1 when listening)", _N),
    OptionSpec("-dns", "Look up host names (default: 1)", _N),
    OptionSpec("-dnsseed", "Ask DNS seeds for peers when few are known (default: 1 without -connect)", _N),
    OptionSpec("-externalip=<ip>", "Own public address", _N),
    OptionSpec("-fixedseeds", "Use built-in peers when there are no others (default: 1)", _N),
    OptionSpec("-forcednsseed", "Always ask DNS seeds (default: 0)", _N),
    OptionSpec("-i2pacceptincoming", "Accept I2P connections (default: 1)", _N),
    OptionSpec("-i2psam=<ip:port>", "I2P SAM proxy", _N),
    OptionSpec("-inboundrelaypercent=<n>", "Share of inbound peers that may relay transactions, in percent", _N),
    OptionSpec("-listen", "Accept connections (default: 1 without -proxy and -connect)", _N),
    OptionSpec("-listenonion", "Make a Tor onion service (default: 1)", _N),
    OptionSpec("-maxconnections=<n>", "Largest number of automatic connections (default: 125)", _N),
    OptionSpec("-maxreceivebuffer=<n>", "Receive buffer of a connection in kB (default: 5000)", _N),
    OptionSpec("-maxsendbuffer=<n>", "Send buffer of a connection in kB (default: 1000)", _N),
    OptionSpec(
        "-maxuploadtarget=<n>", "Bytes to send in 24 hours, with unit k, K, m, M, g, G, t, T; 0 for no limit", _N
    ),
    OptionSpec("-natpmp", "Ask the router to forward the port (default: 1)", _N),
    OptionSpec("-networkactive", "Use the network at all (default: 1)", _N),
    OptionSpec("-onion=<ip:port|path>", "SOCKS5 proxy for Tor onion services", _N),
    OptionSpec("-onlynet=<net>", "Connect automatically only to this network: ipv4, ipv6, onion, i2p, cjdns", _N),
    OptionSpec("-peerblockfilters", "Serve compact block filters to peers, BIP157 (default: 0)", _N),
    OptionSpec("-peerbloomfilters", "Serve bloom filters to peers, BIP37 (default: 0)", _N),
    OptionSpec("-peertimeout=<n>", "Seconds without an answer after which a peer is dropped", _N, _DEBUG_ONLY),
    OptionSpec("-port=<port>", "Port to listen on (default: 8333, regtest: 18444)", _N, _NETWORK),
    OptionSpec("-proxy=<ip>[:<port>][=<network>]", "SOCKS5 proxy to connect through", _N, Flag.NO_ELISION),
    OptionSpec("-proxyrandomize", "New proxy credentials for each connection (default: 1)", _N),
    OptionSpec("-seednode=<ip>", "Peer to ask for addresses at start", _N),
    OptionSpec("-timeout=<n>", "Milliseconds until a connection attempt fails (default: 5000)", _N),
    OptionSpec("-torcontrol=<ip>:<port>", "Tor control port", _N),
    OptionSpec("-torpassword=<pass>", "Tor control password", _N, _SECRET),
    OptionSpec("-txreconciliation", "Reconcile transactions with peers, BIP330 (default: 0)", _N, _DEBUG_ONLY),
    OptionSpec("-v2transport", "Encrypt connections where the peer can, BIP324 (default: 1)", _N),
    OptionSpec("-whitebind=<[permissions@]addr>", "Address to listen on whose peers get permissions", _N),
    OptionSpec("-whitelist=<[permissions@]IP address or network>", "Permissions for peers from addresses", _N),
)

_ZMQ = tuple(
    OptionSpec(f"-zmqpub{topic}{suffix}", text.format(topic=topic), _Z)
    for topic in ("hashblock", "hashtx", "rawblock", "rawtx", "sequence")
    for suffix, text in (
        ("=<address>", "Publish {topic} at a ZeroMQ address"),
        ("hwm=<n>", "High water mark for {topic} messages (default: 1000)"),
    )
)

_DEBUG = (
    OptionSpec("-acceptstalefeeestimates", "Use old fee estimates, for tests", _D, _DEBUG_ONLY),
    OptionSpec("-capturemessages", "Write all P2P messages to disk", _D, _DEBUG_ONLY),
    OptionSpec("-checkaddrman=<n>", "Check the address manager now and then", _D, _DEBUG_ONLY),
    OptionSpec("-checkblockindex", "Check the block index now and then", _D, _DEBUG_ONLY),
    OptionSpec("-checkblocks=<n>", "Blocks to check at start, 0 for all (default: 6)", _D, _DEBUG_ONLY),
    OptionSpec("-checklevel=<n>", "How thoroughly -checkblocks checks, 0 to 4 (default: 3)", _D, _DEBUG_ONLY),
    OptionSpec("-checkmempool=<n>", "Check the mempool now and then", _D, _DEBUG_ONLY),
    OptionSpec("-checkpoints"),
    OptionSpec("-deprecatedrpc=<method>", "Allow what is going away of an RPC method", _D, _DEBUG_ONLY),
    OptionSpec("-fastprune", "Small block files and pruning heights, for tests", _D, _DEBUG_ONLY),
    OptionSpec("-limitancestorcount=<n>", "Most unconfirmed ancestors of a payment of the wallet", _D, _DEBUG_ONLY),
    OptionSpec("-limitancestorsize"),
    OptionSpec(
        "-limitclustercount=<n>", "Most transactions in a cluster of the mempool (default: 64)", _D, _DEBUG_ONLY
    ),
    OptionSpec("-limitclustersize=<n>", "Largest cluster of the mempool in kvB (default: 101)", _D, _DEBUG_ONLY),
    OptionSpec(
        "-limitdescendantcount=<n>", "Most unconfirmed descendants for a payment of the wallet", _D, _DEBUG_ONLY
    ),
    OptionSpec("-limitdescendantsize"),
    OptionSpec("-maxsigcachesize=<n>", "Size of the signature cache in MiB", _D, _DEBUG_ONLY),
    OptionSpec(
        "-maxtipage=<n>", "Age in seconds of a tip that counts as synchronised (default: 86400)", _D, _DEBUG_ONLY
    ),
    OptionSpec("-mocktime=<n>", "Time to use instead of the clock's, unix seconds", _D, _DEBUG_ONLY),
    OptionSpec("-printpriority", "Log the fee rates of mined transactions", _D, _DEBUG_ONLY),
    OptionSpec("-stopafterblockimport", "Stop when blocks are imported", _D, _DEBUG_ONLY),
    OptionSpec("-stopatheight", "Stop at a height of the chain", _D, _DEBUG_ONLY),
    OptionSpec("-test=<option>", "Turn a behaviour on that tests need, regtest only", _D, _DEBUG_ONLY),
    OptionSpec("-uacomment=<cmt>", "Text to add to the user agent", _D),
    OptionSpec("-dbcrashratio"),
    OptionSpec("-forcecompactdb"),
)

_RELAY = (
    OptionSpec("-acceptnonstdtxn", "Relay non-standard transactions, test chains only (default: 0)", _Y, _DEBUG_ONLY),
    OptionSpec("-bytespersigop", "Virtual bytes that a signature operation counts for (default: 20)", _Y),
    OptionSpec("-datacarrier", "Relay data outputs (default: 1)", _Y),
    OptionSpec("-datacarriersize", "Most bytes in data outputs of a transaction (default: 100000)", _Y),
    OptionSpec("-dustrelayfee=<amt>", "Fee rate in BTC/kvB that defines dust (default: 0.00003)", _Y, _DEBUG_ONLY),
    OptionSpec(
        "-incrementalrelayfee=<amt>", "Step of fee rates for replacements, BTC/kvB (default: 0.000001)", _Y, _DEBUG_ONLY
    ),
    OptionSpec("-minrelaytxfee=<amt>", "Lowest fee rate that is relayed, BTC/kvB (default: 0.000001)", _Y),
    OptionSpec("-permitbaremultisig", "Relay bare multisig outputs (default: 1)", _Y),
    OptionSpec("-privatebroadcast", "Send own transactions over short Tor or I2P connections (default: 0)", _Y),
    OptionSpec("-txsendrate=<n>", "Transactions a second announced to a peer", _Y, _DEBUG_ONLY),
    OptionSpec("-whitelistforcerelay", "Peers with default permissions may force relay (default: 0)", _Y),
    OptionSpec("-whitelistrelay", "Peers with default permissions may relay with -blocksonly (default: 1)", _Y),
)

_MINING = (
    OptionSpec("-blockmaxweight=<n>", "Largest weight of new blocks (default: 4000000)", _M, _DEBUG_ONLY),
    OptionSpec("-blockmintxfee=<amt>", "Lowest fee rate in new blocks, BTC/kvB (default: 0.00000001)", _M),
    OptionSpec("-blockreservedweight=<n>", "Weight kept free for header and coinbase (default: 8000)", _M),
    OptionSpec("-blockversion=<n>", "Version of new blocks, for tests", _M, _DEBUG_ONLY),
)

_RPC = (
    OptionSpec("-rest", "Answer REST requests, without authentication (default: 0)", _R),
    OptionSpec("-rpcallowip=<ip>", "Address or network that may connect, besides this machine", _R),
    OptionSpec(
        "-rpcauth=<userpw>", "User and hashed password: <user>:<salt>$<HMAC-SHA256>; may be repeated", _R, _SECRET
    ),
    OptionSpec(
        "-rpcbind=<addr>[:port]", "Address to listen on; needs -rpcallowip (default: 127.0.0.1, ::1)", _R, _NETWORK
    ),
    OptionSpec("-rpccookiefile=<loc>", "Cookie file, relative to the chain's folder (default: .cookie)", _R),
    OptionSpec("-rpccookieperms=<readable-by>", "Who may read the cookie: owner, group or all (default: owner)", _R),
    OptionSpec("-rpcdoccheck", "Check results against the documentation, for tests (default: 0)", _R, _DEBUG_ONLY),
    OptionSpec("-rpcpassword=<pw>", "Password", _R, _SECRET),
    OptionSpec(
        "-rpcport=<port>",
        "Port (default: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443)",
        _R,
        _NETWORK,
    ),
    OptionSpec("-rpcservertimeout=<n>", "Seconds until an idle connection is closed (default: 30)", _R, _DEBUG_ONLY),
    OptionSpec("-rpcthreads=<n>", "Threads that run requests (default: 16)", _R),
    OptionSpec("-rpcuser=<user>", "User name", _R, _SECRET),
    OptionSpec("-rpcwhitelist=<whitelist>", "Methods that a user may call: <user>:<method>,<method>,…", _R),
    OptionSpec(
        "-rpcwhitelistdefault", "Users without a whitelist may call nothing (default: 1 with -rpcwhitelist)", _R
    ),
    OptionSpec("-rpcworkqueue=<n>", "Requests that may wait (default: 64)", _R, _DEBUG_ONLY),
    OptionSpec("-server", "Answer JSON-RPC requests (default: 1)", _R),
)

SANDBOX_OPTIONS = (
    OptionSpec(
        "-sandbox",
        "Keep each process from what is none of its business: the wallet's from the network and all files but its own, "
        "the node's and the GUI's from wallets (default: 1 where the system can)",
        _I,
    ),
    OptionSpec(
        "-sandboxallow=<dir>",
        "Folder that the processes may use although -sandbox is on, for wallets outside of -walletdir and files named "
        "in RPC calls; may be given more than once",
        _I,
    ),
)

IPC_OPTIONS = (
    OptionSpec(
        "-ipcbind=<address>",
        "Let other programs connect here: unix for node.sock in the chain's folder, unix:<path>, or tcp:<host>:<port> "
        "for those that 'moneyrocket pair' has made known. May be given several times",
        _I,
    ),
    OptionSpec(
        "-forwardwalletrpc",
        "Pass wallet methods of JSON-RPC on to the wallet processes; else only their own servers answer (default: 1)",
        _I,
    ),
    *SANDBOX_OPTIONS,
)

_GUI_ONLY = tuple(
    OptionSpec(name)
    for name in ("-choosedatadir", "-lang=<lang>", "-min", "-resetguisettings", "-splash", "-uiplatform")
)

NODE_OPTIONS = (
    *HELP_OPTIONS,
    *_GENERAL,
    *DATA_OPTIONS,
    *CHAIN_OPTIONS,
    *LOG_OPTIONS,
    *_CONNECTION,
    *WALLET_OPTIONS,
    *_ZMQ,
    *_DEBUG,
    *_RELAY,
    *_MINING,
    *_RPC,
    *_GUI_ONLY,
)
