"""-netinfo: connections to peers, counted and, at levels above 0, listed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from moneyrocket.cli.client import RpcClient
from moneyrocket.cli.errors import CliError
from moneyrocket.cli.info import Reply, as_dict, call_all
from moneyrocket.cli.verbatim_json import show
from moneyrocket.common.version import CLIENT_NAME, VERSION_TEXT
from moneyrocket.interfaces.json import Json

_MAX_LEVEL = 4
_SHORT = {"not_publicly_routable": "npr", "internal": "int"}
_KINDS = {
    "outbound-full-relay": "full",
    "block-relay-only": "block",
    "addr-fetch": "addr",
    "private-broadcast": "priv",
    "manual": "manual",
    "feeler": "feeler",
}
_SERVICE_LETTERS = {"NETWORK_LIMITED": "l", "P2P_V2": "2"}
_HELP = f"""-netinfo (level [outonly]) | help

Shows the node's connections; the layout may change. The numbers come from getpeerinfo and getnetworkinfo.

1. level (integer 0-{_MAX_LEVEL}, optional, default 0)
     0 - counts by network and direction, and the own addresses
     1 - a list of peers as well
     2 - the list with addresses
     3 - the list with versions
     4 - the list with both
2. outonly ("outonly" or "o", optional) Leave inbound peers out of the list

Columns of the list: direction; type of connection; network; services (first letters, l for network limited, 2 for v2);
version of the transport; lowest and last ping in ms; seconds since something was sent and received; minutes since the
last transaction and block; compact blocks (. we asked for them, * the peer did); addresses processed and refused;
minutes connected; peer id."""


@dataclass(frozen=True, slots=True)
class _Request:
    level: int = 0
    outbound_only: bool = False


def netinfo(client: RpcClient, arguments: list[str], wallet: str | None) -> Reply:
    """Returns a reply whose result is the text of -netinfo, or the error of one of its requests.

    Raises:
        CliError: an argument is wrong, or the server cannot be asked.
    """
    if arguments and arguments[0] in ("h", "help"):
        return {"result": _HELP, "error": None}
    wanted = _parse(arguments)
    peer_reply, network_reply = call_all(client, ("getpeerinfo", "getnetworkinfo"), wallet)
    for needed in (peer_reply, network_reply):
        if needed.get("error") is not None:
            return needed
    peers = [as_dict(peer) for peer in _list(peer_reply.get("result"))]
    network = as_dict(network_reply.get("result"))
    services = [show(name) for name in _list(network.get("localservicesnames"))]
    chain = client.args.chain_name
    title = (
        f"{CLIENT_NAME} client {VERSION_TEXT}{'' if chain == 'main' else ' ' + chain} - server "
        f"{show(network.get('protocolversion'))}{show(network.get('subversion'))}"
    )
    parts = [title + (f" - services {_letters(services)}" if wanted.level else "")]
    if wanted.level:
        parts.append(_peer_table(peers, wanted))
    parts.append(_counts(peers, network))
    if not wanted.level:
        parts.append("Local services: " + ", ".join(name.lower().replace("_", " ") for name in services))
    parts.append(_addresses(network))
    return {"result": "\n\n".join(part for part in parts if part), "error": None}


def _parse(arguments: list[str]) -> _Request:
    hint = "For more information, run: moneyrocket-cli -netinfo help"
    if not arguments:
        return _Request()
    text, *rest = arguments
    if not (text.isascii() and text.isdecimal() and int(text) <= 255):
        raise CliError(f"invalid -netinfo level argument: {text}\n{hint}")
    level = min(int(text), _MAX_LEVEL)
    if not rest:
        return _Request(level)
    if not level:
        raise CliError(
            f"invalid -netinfo outonly argument: {rest[0]}\nThe outonly argument is only valid for a level greater "
            f"than 0 (the first argument). {hint}"
        )
    if rest[0] not in ("o", "outonly"):
        raise CliError(f"invalid -netinfo outonly argument: {rest[0]}\n{hint}")
    return _Request(level, True)


def _letters(services: list[str]) -> str:
    return "".join(_SERVICE_LETTERS.get(name, name[:1].lower()) for name in services)


def _peer_table(peers: list[Reply], wanted: _Request) -> str:
    header = ["<->", "type", "net", "serv", "v", "mping", "ping", "send", "recv", "txn", "blk", "hb", "addrp", "addrl"]
    header += ["age", "id"]
    header += ["address"] if wanted.level in (2, 4) else []
    header += ["version"] if wanted.level in (3, 4) else []
    listed = [peer for peer in peers if not (wanted.outbound_only and peer.get("inbound"))]
    listed.sort(key=lambda peer: (not peer.get("inbound"), _number(peer.get("minping"), -1.0)))
    if not listed:
        return ""
    rows = [header, *(_peer_row(peer, wanted.level) for peer in listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join(
        " ".join(
            cell.ljust(width) if title in ("address", "version") else cell.rjust(width)
            for cell, width, title in zip(row, widths, header, strict=True)
        ).rstrip()
        for row in rows
    )


def _peer_row(peer: Reply, level: int) -> list[str]:
    now = int(time.time())

    def since(key: str, unit: int, missing: str = "") -> str:
        moment = _number(peer.get(key), 0.0)
        return str(int(now - moment) // unit) if moment else missing

    def milliseconds(key: str) -> str:
        return "" if peer.get(key) is None else str(round(1000 * _number(peer[key], 0.0)))

    network = show(peer.get("network"))
    row = [
        "in" if peer.get("inbound") else "out",
        _KINDS.get(show(peer.get("connection_type")), ""),
        _SHORT.get(network, network),
        _letters([show(name) for name in _list(peer.get("servicesnames"))]),
        show(peer.get("transport_protocol_type") or "v1").removeprefix("v")[:1],
        milliseconds("minping"),
        milliseconds("pingtime"),
        since("lastsend", 1),
        since("lastrecv", 1),
        since("last_transaction", 60, "" if peer.get("relaytxes", True) else "*"),
        since("last_block", 60),
        ("." if peer.get("bip152_hb_to") else " ") + ("*" if peer.get("bip152_hb_from") else " "),
        show(peer.get("addr_processed") or ("" if peer.get("addr_relay_enabled") else ".")),
        show(peer.get("addr_rate_limited") or ""),
        since("conntime", 60),
        show(peer.get("id")),
    ]
    if level in (2, 4):
        row.append(show(peer.get("addr")))
    if level in (3, 4):
        row.append(f"{show(peer.get('version'))}{show(peer.get('subver'))}" if peer.get("version") else "")
    return row


def _counts(peers: list[Reply], network: Reply) -> str:
    names = [
        show(as_dict(entry).get("name")) for entry in _list(network.get("networks")) if as_dict(entry).get("reachable")
    ]
    names += [name for name in _SHORT if any(peer.get("network") == name for peer in peers)]
    manual = sum(peer.get("connection_type") == "manual" for peer in peers)
    header = [_SHORT.get(name, name) for name in names] + ["total", "block"] + (["manual"] if manual else [])
    lines = ["     " + "".join(f"{name:>8}" for name in header)]
    for title, chosen in (
        ("in", [peer for peer in peers if peer.get("inbound")]),
        ("out", [peer for peer in peers if not peer.get("inbound")]),
        ("total", peers),
    ):
        numbers = [sum(peer.get("network") == name for peer in chosen) for name in names] + [len(chosen)]
        if title == "out":
            numbers.append(sum(peer.get("connection_type") == "block-relay-only" for peer in chosen))
            numbers += [manual] if manual else []
        lines.append(f"{title:<5}" + "".join(f"{number:>8}" for number in numbers))
    return "\n".join(lines)


def _addresses(network: Reply) -> str:
    entries = [as_dict(entry) for entry in _list(network.get("localaddresses"))]
    if not entries:
        return "Local addresses: n/a"
    width = max(len(show(entry.get("address"))) for entry in entries) + 1
    return "\n".join(
        (
            "Local addresses",
            *(
                f"{show(entry.get('address')):<{width}}    port {show(entry.get('port')):>6}    score "
                f"{show(entry.get('score')):>6}"
                for entry in entries
            ),
        )
    )


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _number(value: Json, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default
