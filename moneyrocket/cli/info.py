"""-getinfo and -addrinfo: summaries that moneyrocket-cli makes of several answers."""

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


def as_dict(value: Json) -> Reply:
    """Returns an object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def call_all(client: RpcClient, methods: tuple[str, ...], wallet: str | None) -> list[Reply]:
    """Calls methods without parameters in one batch; returns their replies in the same order.

    Raises:
        CliError: the server cannot be asked.
    """
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
    network, chain, wallet_info, balances = call_all(client, _PARTS, wallet)
    for needed in (network, chain):
        if needed.get("error") is not None:
            return needed
    paint = _painter(client.args)
    net, blocks = as_dict(network.get("result")), as_dict(chain.get("result"))
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
    own = as_dict(wallet_info.get("result"))
    if own:
        lines.append(paint("magenta", f"Wallet: {show(own.get('walletname')) or _EMPTY_NAME}"))
        lines.append(f"Keypool size: {show(own.get('keypoolsize'))}")
        if own.get("unlocked_until") is not None:
            lines.append(f"Unlocked until: {show(own['unlocked_until'])}")
    balance = as_dict(as_dict(balances.get("result")).get("mine")).get("trusted")
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
    wallets = as_dict(client.call(request("listwallets", [], 1))).get("result")
    if not isinstance(wallets, list) or len(wallets) <= 1:
        return []
    rows = []
    for name in wallets:
        balances = as_dict(as_dict(client.call(request("getbalances", [], 1), str(name))).get("result"))
        rows.append((show(as_dict(balances.get("mine")).get("trusted")), str(name) or _EMPTY_NAME))
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
        entry = as_dict(network)
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
    reply = as_dict(client.call(request("getaddrmaninfo", None, 1), wallet))
    if reply.get("error") is not None:
        return reply
    counts: Reply = {}
    for network, numbers in as_dict(reply.get("result")).items():
        counts["total" if network == "all_networks" else network] = as_dict(numbers).get("total")
    return {"result": {"addresses_known": counts}, "error": None}
