import base64
import stat
from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.rpc.auth import Authenticator, AuthError, make_authenticator

# User rt, password "cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM=", as a known HMAC.
RPCAUTH = "rt:93648e835a54c573682c2eb19f882535$7681e9c5b74bdd85e78166031d2058e1069b3ed7ed967c93fc63abba06f31144"


def authenticator(datadir: Path, *arguments: str) -> Authenticator:
    args = ArgsManager(NODE_OPTIONS)
    parse_command_line(args, [f"-datadir={datadir}", *arguments])
    return make_authenticator(args)


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_cookie_logs_in_and_goes_away(tmp_path: Path) -> None:
    auth = authenticator(tmp_path)
    cookie = tmp_path / ".cookie"
    user, _, password = cookie.read_text().partition(":")

    assert auth.login(header(user, password)) == "__cookie__"
    assert auth.login(header(user, password + "x")) is None
    auth.delete_cookie()
    assert not cookie.exists()


@pytest.mark.parametrize(("who", "mode"), [("owner", 0o600), ("group", 0o640), ("all", 0o644)])
def test_cookie_permissions(tmp_path: Path, who: str, mode: int) -> None:
    authenticator(tmp_path, f"-rpccookieperms={who}")

    assert stat.S_IMODE((tmp_path / ".cookie").stat().st_mode) == mode


def test_password_and_rpcauth(tmp_path: Path) -> None:
    auth = authenticator(tmp_path, "-rpcuser=u", "-rpcpassword=p:w", f"-rpcauth={RPCAUTH}")

    assert auth.login(header("u", "p:w")) == "u"
    assert auth.login(header("rt", "cA773lm788buwYe4g4WT+05pKyNruVKjQ25x3n0DQcM=")) == "rt"
    assert auth.login(header("rt", "p:w")) is None
    assert auth.login("Basic !!!") is None
    assert auth.login("Bearer x") is None
    assert not (tmp_path / ".cookie").exists()


@pytest.mark.parametrize("argument", ["-rpcauth=foo", "-rpcauth=foo:bar", "-rpcauth=a:b:c$d", "-rpccookieperms=me"])
def test_malformed_options(tmp_path: Path, argument: str) -> None:
    with pytest.raises(AuthError):
        authenticator(tmp_path, argument)


def test_whitelists(tmp_path: Path) -> None:
    auth = authenticator(
        tmp_path, "-rpcwhitelist=a:getblockcount,stop", "-rpcwhitelist=a:stop,help", "-rpcwhitelist=b:"
    )

    assert auth.may_call("a", "stop")
    assert not auth.may_call("a", "getblockcount")
    assert not auth.may_call("b", "stop")
    assert not auth.may_call("c", "stop")
    assert authenticator(tmp_path, "-rpcwhitelist=a:x", "-rpcwhitelistdefault=0").may_call("c", "stop")
