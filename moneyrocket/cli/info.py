"""-getinfo, -netinfo and -addrinfo: summaries that moneyrocket-cli makes of several answers."""

from __future__ import annotations

import sys

from moneyrocket.cli.client import RpcClient, request
from moneyrocket.cli.errors import CliError
from moneyrocket.cli.verbatim_json import show
from moneyrocket.common.args import ArgsManager
from moneyrocket.interfaces.json import Json

_PARTS = ("getnetworkinfo", "getblockchaininfo", "getwalletinfo", "getbalances")
_SHOWN_COMPLETE = 0.99
_BAR_STEPS = 20
_COLOURS = {"green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36}

Reply = dict[str, Json]


def _as_dict(value: Json) -> Reply:
    return value if isinstance(value, dict) else {}


def _batch(client: RpcClient, methods: tuple[str, ...], wallet: str | None) -> list[Reply]:
    reply = client.call([request(method, None, number) for number, method in enumerate(methods)], wallet)
    if not isinstance(reply, list):
        raise CliError("Batch must be an array")
    answers: list[Reply] = [{} for _ in methods]
    for answer in reply:
        if not isinstance(answer, dict):
            raise CliError("Batch member must be an object")
        number = answer.get("id")
        if not isinstance(number, int) or not 0 <= number < len(methods):
            raise CliError("Batch member id is larger than batch size")
        answers[number] = answer
    return answers


def getinfo(client: RpcClient, arguments: list[str], wallet: str | None) -> Reply:
    """Returns a reply whose result is the text of -getinfo, or the error of one of its requests.

    Raises:
        CliError: there are arguments, or the server cannot be asked.
    """
    if arguments:
        raise CliError("-getinfo takes no arguments")
    network, chain, wallet_info, balances = _batch(client, _PARTS, wallet)
    for needed in (network, chain):
        if needed.get("error") is not None:
            return needed
    paint = _painter(client.args)
    net, blocks = _as_dict(network.get("result")), _as_dict(chain.get("result"))
    lines = [
        paint("blue", f"Chain: {show(blocks.get('chain'))}"),
        f"Blocks: {show(blocks.get('blocks'))}",
        f"Headers: {show(blocks.get('headers'))}",
        f"Verification progress: {_progress(blocks.get('verificationprogress'))}",
        f"Difficulty: {show(blocks.get('difficulty'))}",
        "",
        paint(
            "green",
            f"Network: in {show(net.get('connections_in'))}, out {show(net.get('connections_out'))}, "
            f"total {show(net.get('connections'))}",
        ),
        f"Version: {show(net.get('version'))}",
        f"Time offset (s): {show(net.get('timeoffset'))}",
        f"Proxies: {_proxies(net.get('networks'))}",
        f"Min tx relay fee rate (BTC/kvB): {show(net.get('relayfee'))}",
        "",
    ]
    own = _as_dict(wallet_info.get("result"))
    if own:
        lines.append(paint("magenta", f"Wallet: {show(own.get('walletname')) or _EMPTY_NAME}"))
        lines.append(f"Keypool size: {show(own.get('keypoolsize'))}")
        if own.get("unlocked_until") is not None:
            lines.append(f"Unlocked until: {show(own['unlocked_until'])}")
    balance = _as_dict(_as_dict(balances.get("result")).get("mine")).get("trusted")
    if balance is not None:
        lines.extend((f"{paint('cyan', 'Balance:')} {show(balance)}", ""))
    if wallet is None:
        lines.extend(_all_balances(client, paint("cyan", "Balances")))
    warnings = net.get("warnings")
    text = ", ".join(show(item) for item in warnings) if isinstance(warnings, list) else show(warnings or "")
    lines.append(f"{paint('yellow', 'Warnings:')} {text or '(none)'}")
    return {"result": "\n".join(lines), "error": None}


_EMPTY_NAME = '""'


def _all_balances(client: RpcClient, title: str) -> list[str]:
    wallets = _as_dict(client.call(request("listwallets", [], 1))).get("result")
    if not isinstance(wallets, list) or len(wallets) <= 1:
        return []
    rows = []
    for name in wallets:
        balances = _as_dict(_as_dict(client.call(request("getbalances", [], 1), str(name))).get("result"))
        rows.append((show(_as_dict(balances.get("mine")).get("trusted")), str(name) or _EMPTY_NAME))
    width = max(10, *(len(amount) for amount, _ in rows))
    return [title, *(f"{amount:>{width}} {name}" for amount, name in rows), ""]


def _progress(value: Json) -> str:
    share = float(value) if isinstance(value, int | float) else 0.0
    bar = ""
    if 0 <= share < _SHOWN_COMPLETE:
        done = -int(-share * _BAR_STEPS // 1)
        bar = "\u2592" * done + "\u2591" * (_BAR_STEPS - done) + " "
    return f"{bar}{share * 100:.4f}%"


def _proxies(networks: Json) -> str:
    users: dict[str, list[str]] = {}
    for network in networks if isinstance(networks, list) else ():
        entry = _as_dict(network)
        if entry.get("proxy"):
            users.setdefault(show(entry["proxy"]), []).append(show(entry.get("name")))
    return ", ".join(f"{proxy} ({', '.join(names)})" for proxy, names in users.items()) or "n/a"


class _Painter:
    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._on else text


def _painter(args: ArgsManager) -> _Painter:
    when = args.get("-color", "auto")
    if when not in ("always", "never", "auto"):
        raise CliError("Invalid value for -color option. Valid values: always, auto, never.")
    return _Painter(when == "always" or (when == "auto" and sys.platform != "win32" and sys.stdout.isatty()))


def addrinfo(client: RpcClient, arguments: list[str], wallet: str | None) -> Reply:
    """Returns a reply whose result tells how many addresses the node knows.

    Raises:
        CliError: there are arguments, or the server cannot be asked.
    """
    if arguments:
        raise CliError("-addrinfo takes no arguments")
    reply = _as_dict(client.call(request("getaddrmaninfo", None, 1), wallet))
    if reply.get("error") is not None:
        return reply
    counts: Reply = {}
    for network, numbers in _as_dict(reply.get("result")).items():
        counts["total" if network == "all_networks" else network] = _as_dict(numbers).get("total")
    return {"result": {"addresses_known": counts}, "error": None}


def netinfo(client: RpcClient, arguments: list[str], wallet: str | None) -> Reply:
    """Returns a reply whose result is a table of connections by network and direction.

    Raises:
        CliError: a list of peers is asked for, which does not exist yet, or the server cannot be asked.
    """
    if arguments and arguments[0] not in ("0", "h", "help"):
        raise CliError("-netinfo shows totals only (level 0); lists of peers are not supported yet")
    peers, network = _batch(client, ("getpeerinfo", "getnetworkinfo"), wallet)
    for needed in (peers, network):
        if needed.get("error") is not None:
            return needed
    entries = [_as_dict(peer) for peer in _list(peers.get("result"))]
    names = ["ipv4", "ipv6", "onion", "i2p", "cjdns", "not_publicly_routable"]
    rows = []
    for title, chosen in (
        ("in", [peer for peer in entries if peer.get("inbound")]),
        ("out", [peer for peer in entries if not peer.get("inbound")]),
        ("total", entries),
    ):
        counts = [sum(peer.get("network") == name for peer in chosen) for name in names]
        kinds = [sum(peer.get("connection_type") == kind for peer in chosen) for kind in ("block-relay-only", "manual")]
        rows.append(f"{title:<5}" + "".join(f"{count:>8}" for count in (*counts, len(chosen), *kinds)))
    header = " " * 5 + "".join(f"{name:>8}" for name in (*names[:5], "npr", "total", "block", "manual"))
    net = _as_dict(network.get("result"))
    addresses = [
        f"{show(_as_dict(entry).get('address'))} port {show(_as_dict(entry).get('port'))} "
        f"score {show(_as_dict(entry).get('score'))}"
        for entry in _list(net.get("localaddresses"))
    ]
    local = "\n".join(("Local addresses", *addresses)) if addresses else "Local addresses: n/a"
    title = f"Server {show(net.get('subversion'))}, protocol {show(net.get('protocolversion'))}"
    return {"result": "\n".join((title, "", header, *rows, "", local)), "error": None}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
