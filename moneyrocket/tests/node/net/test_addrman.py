from collections.abc import Iterator
from pathlib import Path

import pytest

from moneyrocket.common import clock
from moneyrocket.node.net.addrman import AddrMan
from moneyrocket.node.net.netaddress import Endpoint, NetAddress, Network, PeerAddress

NOW = 1_700_000_000
SOURCE = NetAddress.from_ip("5.5.5.5")


@pytest.fixture(autouse=True)
def _fixed_time() -> Iterator[None]:
    clock.set_mock_time(NOW)
    yield
    clock.set_mock_time(0)


def _peer(text: str, time: int = NOW) -> PeerAddress:
    return PeerAddress(Endpoint(NetAddress.from_ip(text), 8333), 9, time)


def test_address_is_drawn_once_it_was_told(tmp_path: Path) -> None:
    addrman = AddrMan(None, key=bytes(32))

    assert addrman.add([_peer("8.8.8.8")], SOURCE)
    assert not addrman.add([_peer("8.8.8.8")], SOURCE)

    drawn = addrman.select()
    assert drawn is not None
    assert str(drawn[0].endpoint) == "8.8.8.8:8333"


def test_unroutable_addresses_are_not_kept() -> None:
    addrman = AddrMan(None, key=bytes(32))

    assert not addrman.add([_peer("192.168.1.1")], SOURCE)
    assert len(addrman) == 0


def test_one_source_cannot_fill_the_table() -> None:
    addrman = AddrMan(None, key=bytes(32))

    addrman.add([_peer(f"{8 + n // 60000}.{n // 250 % 240}.{n % 250}.1") for n in range(20_000)], SOURCE)

    buckets = {bucket for (bucket, _), _ in addrman.entries(tried=False)}
    assert len(buckets) <= 64


def test_tables_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "peers.dat"
    addrman = AddrMan(path)
    addrman.add([_peer("8.8.8.8"), _peer("9.9.9.9")], SOURCE)
    addrman.add_tried(_peer("9.9.9.9").endpoint)
    addrman.save()

    loaded = AddrMan(path)

    for tried in (False, True):
        assert [(place, str(info.endpoint)) for place, info in loaded.entries(tried=tried)] == [
            (place, str(info.endpoint)) for place, info in addrman.entries(tried=tried)
        ]


def test_hopeless_addresses_are_not_given_away() -> None:
    addrman = AddrMan(None, key=bytes(32))
    addrman.add([_peer("8.8.8.8", NOW - 31 * 24 * 3600), _peer("9.9.9.9")], SOURCE)

    given = addrman.addresses(0, 0)

    assert [str(address.endpoint.address) for address in given] == ["9.9.9.9"]
    assert addrman.addresses(0, 0, Network.IPV6) == []
