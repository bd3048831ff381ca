"""What the command line says about networking."""

from dataclasses import dataclass

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.node.net.netaddress import AddressError, Endpoint, NetAddress, parse_endpoint
from moneyrocket.node.net.permissions import (
    WhitebindEntry,
    WhitelistEntry,
    WhitelistError,
    parse_whitebind,
    parse_whitelist,
)

DEFAULT_MAX_CONNECTIONS = 200
MAX_OUTBOUND_FULL_RELAY = 8
MAX_BLOCK_RELAY_ONLY = 2
MAX_FEELERS = 1
MAX_ADDNODE = 8
MAX_USER_AGENT = 256

_UA_COMMENT_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;-_?@")
_UNITS = {"k": 1000, "K": 1 << 10, "m": 10**6, "M": 1 << 20, "g": 10**9, "G": 1 << 30, "t": 10**12, "T": 1 << 40}


@dataclass(frozen=True, slots=True)
class NetOptions:
    """Settings of the connection manager.

    Attributes:
        listen: whether to accept connections.
        binds: addresses to listen on.
        onion_binds: those whose connections come from Tor.
        whitebinds: those that give permissions.
        bind_on_any: listen on all addresses as well.
        port: port to listen on where a bind names none.
        external: own public addresses (-externalip).
        discover: whether to believe peers about them.
        max_connections: automatic connections in all, inbound included.
        inbound_relay_percent: share of inbound peers that may take transactions.
        added_nodes: -addnode.
        connect: -connect; None if automatic connections are wanted, empty for none at all.
        seed_nodes: -seednode.
        dns_seed: whether DNS seeds may be asked.
        peer_timeout: seconds a new peer has to get through the handshake.
        connect_timeout: seconds to wait for a TCP connection.
        send_buffer: bytes (-maxsendbuffer).
        receive_buffer: bytes (-maxreceivebuffer).
        max_upload: bytes a day, 0 for no limit.
        network_active: whether networking is on at start.
        blocks_only: whether to refuse transactions from peers.
        peer_bloom_filters: whether to offer NODE_BLOOM.
        user_agent: name of this software with all comments (BIP14).
        log_ips: whether log lines name peer addresses.
    """

    listen: bool
    binds: tuple[Endpoint, ...]
    onion_binds: tuple[Endpoint, ...]
    whitebinds: tuple[WhitebindEntry, ...]
    bind_on_any: bool
    port: int
    external: tuple[Endpoint, ...]
    discover: bool
    max_connections: int
    inbound_relay_percent: int
    added_nodes: tuple[str, ...]
    connect: tuple[str, ...] | None
    seed_nodes: tuple[str, ...]
    dns_seed: bool
    peer_timeout: int
    connect_timeout: float
    whitelist: tuple[WhitelistEntry, ...]
    whitelist_relay: bool
    whitelist_force_relay: bool
    send_buffer: int
    receive_buffer: int
    max_upload: int
    network_active: bool
    blocks_only: bool
    peer_bloom_filters: bool
    user_agent: str
    log_ips: bool


def net_options(args: ArgsManager, default_port: int, client_name: str, client_version: str) -> NetOptions:
    """Read the networking options.

    Args:
        args: the settings.
        default_port: P2P port of the chain.
        client_name: name for the user agent, such as ``Moneyrocket``.
        client_version: version for the user agent.

    Raises:
        InitError: if one of them makes no sense.
    """
    port = _port(args, default_port)
    binds, onion_binds = _binds(args, port)
    try:
        whitebinds = tuple(parse_whitebind(text) for text in args.get_list("-whitebind"))
        whitelist = tuple(parse_whitelist(text) for text in args.get_list("-whitelist"))
    except WhitelistError as error:
        raise InitError(str(error)) from None
    max_connections = args.get_int("-maxconnections", DEFAULT_MAX_CONNECTIONS)
    if max_connections < 0:
        raise InitError("-maxconnections must be greater or equal than zero")
    peer_timeout = args.get_int("-peertimeout", 60)
    if peer_timeout <= 0:
        raise InitError("peertimeout must be a positive integer.")
    connect = _connect(args)
    listen = _listen(args, bool(binds or onion_binds or whitebinds), connect is not None or max_connections <= 0)
    bind_on_any = not args.get_list("-bind") and not args.get_list("-whitebind")
    if bind_on_any:
        onion_binds = (Endpoint(NetAddress.from_ip("127.0.0.1"), port + 1),)
    timeout_ms = args.get_int("-timeout", 5000)
    force_relay = args.get_bool("-whitelistforcerelay", False)
    blocks_only = args.get_bool("-blocksonly", False)
    return NetOptions(
        listen=listen,
        binds=binds,
        onion_binds=onion_binds,
        whitebinds=whitebinds,
        bind_on_any=bind_on_any,
        port=port,
        external=_external(args, port),
        discover=args.get_bool("-discover", True),
        max_connections=max_connections,
        inbound_relay_percent=min(max(args.get_int("-inboundrelaypercent", 50), 0), 100),
        added_nodes=tuple(text for text in args.get_list("-addnode") if text.strip()),
        connect=connect,
        seed_nodes=tuple(args.get_list("-seednode")),
        dns_seed=args.get_bool("-dnsseed", connect is None and max_connections > 0),
        peer_timeout=peer_timeout,
        connect_timeout=(timeout_ms if timeout_ms > 0 else 5000) / 1000,
        whitelist=whitelist,
        whitelist_relay=args.get_bool("-whitelistrelay", force_relay or not blocks_only),
        whitelist_force_relay=force_relay,
        send_buffer=1000 * args.get_int("-maxsendbuffer", 1000),
        receive_buffer=1000 * args.get_int("-maxreceivebuffer", 5000),
        max_upload=_byte_units("-maxuploadtarget", args.get("-maxuploadtarget", "0M")),
        network_active=args.get_bool("-networkactive", True),
        blocks_only=blocks_only,
        peer_bloom_filters=args.get_bool("-peerbloomfilters", False),
        user_agent=_user_agent(args, client_name, client_version),
        log_ips=args.get_bool("-logips", False),
    )


def _port(args: ArgsManager, default_port: int) -> int:
    text = args.get("-port", str(default_port))
    port = args.get_int("-port", default_port)
    if not 0 < port <= 0xFFFF:
        raise InitError(f"Invalid port specified in -port: '{text}'")
    return port


def _binds(args: ArgsManager, port: int) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    binds: list[Endpoint] = []
    onion_binds: list[Endpoint] = []
    for text in args.get_list("-bind"):
        address, equals, suffix = text.rpartition("=")
        try:
            if not equals:
                binds.append(parse_endpoint(text, port))
            elif suffix == "onion":
                onion_binds.append(parse_endpoint(address, port + 1))
            else:
                raise AddressError(text)
        except AddressError:
            raise InitError(f"Cannot resolve -bind address: '{text}'") from None
    return tuple(binds), tuple(onion_binds)


def _external(args: ArgsManager, port: int) -> tuple[Endpoint, ...]:
    endpoints = []
    for text in args.get_list("-externalip"):
        try:
            endpoints.append(parse_endpoint(text, port))
        except AddressError:
            raise InitError(f"Cannot resolve -externalip address: '{text}'") from None
    return tuple(endpoint for endpoint in endpoints if endpoint.address.is_routable)


def _connect(args: ArgsManager) -> tuple[str, ...] | None:
    nodes = tuple(args.get_list("-connect"))
    if not nodes and not args.is_negated("-connect"):
        return None
    return () if nodes in ((), ("0",)) else nodes


def _listen(args: ArgsManager, has_binds: bool, no_automatic: bool) -> bool:
    if args.is_set("-listen"):
        listen = args.get_bool("-listen", True)
        if not listen and has_binds:
            raise InitError("Cannot set -bind or -whitebind together with -listen=0")
        if not listen and args.is_set("-listenonion") and args.get_bool("-listenonion", False):
            raise InitError("Cannot set -listen=0 together with -listenonion=1")
        return listen
    return has_binds or not (no_automatic or (args.is_set("-proxy") and not args.is_negated("-proxy")))


def _byte_units(name: str, text: str) -> int:
    digits, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "M")
    if not digits.isascii() or not digits.isdigit():
        raise InitError(f"Unable to parse {name}: '{text}'")
    return int(digits) * _UNITS[unit]


def _user_agent(args: ArgsManager, name: str, version: str) -> str:
    comments = args.get_list("-uacomment")
    for comment in comments:
        if not _UA_COMMENT_CHARS.issuperset(comment):
            raise InitError(f"User Agent comment ({comment}) contains unsafe characters.")
    agent = f"/{name}:{version}{'(' + '; '.join(comments) + ')' if comments else ''}/"
    if len(agent) > MAX_USER_AGENT:
        raise InitError(
            f"Total length of network version string ({len(agent)}) exceeds maximum length ({MAX_USER_AGENT})."
            " Reduce the number or size of uacomments."
        )
    return agent
