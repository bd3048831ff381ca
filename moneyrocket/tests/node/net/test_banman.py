from collections.abc import Iterator
from pathlib import Path

import pytest

from moneyrocket.common import clock
from moneyrocket.node.net.banman import DEFAULT_BAN_SECONDS, BanMan
from moneyrocket.node.net.netaddress import NetAddress, Subnet

NOW = 1_700_000_000


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    clock.set_mock_time(NOW)
    yield
    clock.set_mock_time(0)


def test_ban_covers_the_subnet_until_it_ends(tmp_path: Path) -> None:
    banman = BanMan(tmp_path / "banlist.json")

    banman.ban(Subnet.parse("10.0.0.0/8"), 60)

    assert banman.is_banned(NetAddress.from_ip("10.9.8.7"))
    assert not banman.is_banned(NetAddress.from_ip("11.0.0.1"))
    clock.set_mock_time(NOW + 60)
    assert not banman.is_banned(NetAddress.from_ip("10.9.8.7"))


def test_bans_survive_a_restart_in_order(tmp_path: Path) -> None:
    path = tmp_path / "banlist.json"
    banman = BanMan(path)
    for text in ("127.0.0.0/32", "127.0.0.0/24", "2001:4000::/19"):
        banman.ban(Subnet.parse(text))
    banman.ban(Subnet.parse("1.1.1.1"), 1)
    clock.set_mock_time(NOW + 2)

    bans = BanMan(path).banned()

    assert [str(subnet) for subnet, _ in bans] == ["127.0.0.0/24", "127.0.0.0/32", "2001:4000::/19"]
    assert {ban.until - ban.created for _, ban in bans} == {DEFAULT_BAN_SECONDS}


def test_shorter_ban_does_not_replace_a_longer_one(tmp_path: Path) -> None:
    banman = BanMan(tmp_path / "banlist.json")
    subnet = Subnet.parse("1.2.3.4")

    banman.ban(subnet, NOW + 500, absolute=True)
    banman.ban(subnet, 100)

    assert [ban.until for _, ban in banman.banned()] == [NOW + 500]


def test_damaged_file_gives_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "banlist.json"
    path.write_text("{")

    banman = BanMan(path)

    assert banman.banned() == []
    assert BanMan(path).banned() == []


def test_unban_needs_the_exact_subnet(tmp_path: Path) -> None:
    banman = BanMan(tmp_path / "banlist.json")
    banman.ban(Subnet.parse("127.0.0.0/24"))

    assert not banman.unban(Subnet.parse("127.0.0.1"))
    assert banman.unban(Subnet.parse("127.0.0.0/24"))
    assert banman.banned() == []
