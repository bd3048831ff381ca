"""Amounts, payment links, times, and console lines as text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from moneyrocket.gui.bip21 import PaymentUri, PaymentUriError, parse_payment_uri
from moneyrocket.gui.console_parser import ConsoleError, is_secret, parse_line, run_call, spell
from moneyrocket.gui.sync import SyncEstimator, judge
from moneyrocket.gui.times import byte_size, duration, number, relative_time
from moneyrocket.gui.units import Unit, format_amount, format_fee_rate, parse_amount, split_amount
from moneyrocket.gui.widgets.address import shorten
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node_values import RpcArgument, RpcMethodInfo
from moneyrocket.primitives.amount import MAX_MONEY


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (0, Unit.BTC, "0.00000000 BTC"),
        (150_000_000, Unit.BTC, "1.50000000 BTC"),
        (-1, Unit.BTC, "\u22120.00000001 BTC"),
        (MAX_MONEY, Unit.BTC, "21\u2009000\u2009000.00000000 BTC"),
        (123_456_789, Unit.MBTC, "1\u2009234.56789 mBTC"),
        (123_456, Unit.UBTC, "1\u2009234.56 \u00b5BTC"),
        (1_234_567, Unit.SAT, "1\u2009234\u2009567 sat"),
    ],
)
def test_amounts_are_spelled_with_all_decimals(amount: int, unit: Unit, text: str) -> None:
    assert format_amount(amount, unit) == text


def test_zeros_that_only_fill_up_are_told_apart() -> None:
    assert split_amount(150_000_000, Unit.BTC, plus=True) == ("+1.50", "000000")
    assert split_amount(1, Unit.BTC) == ("0.00000001", "")
    assert split_amount(5, Unit.SAT) == ("5", "")


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("1.5", Unit.BTC, 150_000_000),
        ("1,5", Unit.BTC, 150_000_000),
        (".00000001", Unit.BTC, 1),
        ("1 000", Unit.SAT, 1000),
        ("21000000", Unit.BTC, MAX_MONEY),
        ("21000000.00000001", Unit.BTC, None),
        ("0.000000001", Unit.BTC, None),
        ("1.5", Unit.SAT, None),
        ("-1", Unit.BTC, None),
        ("1,000.5", Unit.BTC, None),
        ("", Unit.BTC, None),
        (".", Unit.BTC, None),
        ("one", Unit.BTC, None),
    ],
)
def test_amounts_are_read(text: str, unit: Unit, amount: int | None) -> None:
    assert parse_amount(text, unit) == amount


def test_what_is_spelled_is_read_again() -> None:
    for unit in Unit:
        for amount in (0, 1, 99, 12_345_678_901, MAX_MONEY):
            assert parse_amount(format_amount(amount, unit, with_unit=False), unit) == amount


def test_fee_rates() -> None:
    assert format_fee_rate(1000) == "1 sat/vB"
    assert format_fee_rate(12_345) == "12.35 sat/vB"


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("bitcoin:bc1qxyz", PaymentUri("bc1qxyz")),
        ("  bc1qxyz ", PaymentUri("bc1qxyz")),
        ("BITCOIN:BC1QXYZ?amount=0.5", PaymentUri("BC1QXYZ", 50_000_000)),
        ("bitcoin://bc1qxyz?amount=50", PaymentUri("bc1qxyz", 5_000_000_000)),
        ("bitcoin:bc1qxyz?label=Luke%20Jr&message=a%26b", PaymentUri("bc1qxyz", None, "Luke Jr", "a&b")),
        ("bitcoin:bc1qxyz?somethingelse=5", PaymentUri("bc1qxyz")),
    ],
)
def test_payment_links_are_read(text: str, request_: PaymentUri) -> None:
    assert parse_payment_uri(text) == request_


@pytest.mark.parametrize(
    "text",
    [
        "litecoin:abc",
        "bitcoin:",
        "bitcoin:bc1qxyz?amount=x",
        "bitcoin:bc1qxyz?amount=-1",
        "bitcoin:bc1qxyz?amount=0.000000001",
        "bitcoin:bc1qxyz?amount=21000001",
        "bitcoin:bc1qxyz?req-future=1",
        "two words",
    ],
)
def test_links_that_cannot_be_followed_are_refused(text: str) -> None:
    with pytest.raises(PaymentUriError):
        parse_payment_uri(text)


def test_payment_links_survive_the_way_round() -> None:
    for request in (PaymentUri("bc1q", 123, "a b&c=d?", "100 % \u20bf"), PaymentUri("bc1q"), PaymentUri("bc1q", 10**8)):
        assert parse_payment_uri(request.to_text()) == request
    assert PaymentUri("bc1q", 10**8).to_text() == "bitcoin:bc1q?amount=1"


def test_times_and_sizes() -> None:
    assert duration(59) == "59 s"
    assert duration(3661) == "1 h 1 min"
    assert duration(90_000) == "1 d 1 h"
    assert relative_time(1000, 1010) == "just now"
    assert relative_time(1000, 1000 + 7200) == "2 h ago"
    assert relative_time(0, 3 * 86_400) == "3 days ago"
    assert byte_size(999) == "999 B"
    assert byte_size(1_500_000) == "1.5 MB"
    assert number(1_234_567) == "1\u2009234\u2009567"
    assert shorten("a" * 40) == "aaaaaaaa\u2026aaaaaaaa"
    assert shorten("short") == "short"


def test_time_left_follows_from_progress() -> None:
    estimator = SyncEstimator()
    assert estimator.add(0.10, 0) == (None, None)
    rate, left = estimator.add(0.20, 600)
    assert rate == pytest.approx(0.6)
    assert left == pytest.approx(4800)
    # A chain that was rolled back begins anew.
    assert estimator.add(0.05, 700) == (None, None)


def test_when_the_node_counts_as_caught_up() -> None:
    now = 1_000_000
    assert judge(100, 100, now - 60, now - 60, 1.0, False, now).synced
    assert not judge(100, 500, now - 60, now - 9000, 0.5, False, now).synced
    reading_headers = judge(0, 2000, now - 10 * 86_400, now - 20 * 86_400, 0.0, True, now)
    assert reading_headers.headers and not reading_headers.synced
    assert judge(100, 500, now, 0, 1.0, True, now).progress < 1


METHODS = {
    "getblock": RpcMethodInfo(
        "getblock", "blockchain", (RpcArgument("blockhash", False), RpcArgument("verbosity", True))
    ),
    "getblockhash": RpcMethodInfo("getblockhash", "blockchain", (RpcArgument("height", True),)),
    "echo": RpcMethodInfo("echo", "hidden", (RpcArgument("a|alias", False), RpcArgument("b", True))),
}


def execute(method: str, params: Json) -> Json:
    """Answer with the question."""
    return {"method": method, "params": params, "list": [10, {"x": "deep"}]}


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("getblockhash 5", [5]),
        ("getblockhash(5)", [5]),
        ("getblock 00ff 2", ["00ff", 2]),
        ('echo "two words" [1,{"a": 2}]', ["two words", [1, {"a": 2}]]),
        ("echo 'single \"quotes\"' true", ['single "quotes"', True]),
        ("echo alias=x b=3", {"alias": "x", "b": 3}),
        ("echo 007", ["007"]),
        ("unknown 5 x", ["5", "x"]),
        ("getblock(00ff, 1)", ["00ff", 1]),
    ],
)
def test_console_lines_are_read(line: str, params: Json) -> None:
    result = run_call(parse_line(line), METHODS, execute)
    assert isinstance(result, dict)
    assert result["params"] == params


def test_calls_within_calls_run_first() -> None:
    result = run_call(parse_line("getblock(getblockhash(0)[method], 1)"), METHODS, execute)
    assert isinstance(result, dict)
    assert result["params"] == ["getblockhash", 1]
    assert run_call(parse_line("getblockhash(0)[list][1][x]"), METHODS, execute) == "deep"


@pytest.mark.parametrize(
    "line",
    ["", "getblockhash(5", "getblockhash 5)", 'echo "open', "echo [1", "getblockhash x", "echo x b=1", "echo(1)[no]"],
)
def test_lines_that_cannot_be_run_are_refused(line: str) -> None:
    with pytest.raises(ConsoleError):
        run_call(parse_line(line), METHODS, execute)


def test_secrets_are_known_wherever_they_stand() -> None:
    assert is_secret("walletpassphrase horse 60")
    assert is_secret("echo(walletpassphrase(horse))")
    assert not is_secret("getblockcount")


def test_results_are_spelled_as_json_and_texts_as_they_are() -> None:
    assert spell("text") == "text"
    assert spell(None) == ""
    assert (
        spell({"a": Decimal("0.00000001"), "b": [True, None]})
        == '{\n  "a": 0.00000001,\n  "b": [\n    true,\n    null\n  ]\n}'
    )
