import pytest

from moneyrocket.node.net.netaddress import NetAddress
from moneyrocket.node.net.permissions import (
    Permission,
    WhitelistError,
    granted,
    parse_whitebind,
    parse_whitelist,
    permission_names,
)

HERE = NetAddress.from_ip("127.0.0.1")


def _grant(*texts: str, relay: bool = True, force_relay: bool = False, inbound: bool = True) -> list[str]:
    entries = [parse_whitelist(text) for text in texts]
    flags = granted(Permission.NONE, entries, HERE, inbound=inbound, relay=relay, force_relay=force_relay)
    return permission_names(flags)


def test_plain_address_gives_the_default_permissions() -> None:
    assert _grant("127.0.0.1") == ["noban", "relay", "mempool", "download"]
    assert _grant("127.0.0.1", relay=False) == ["noban", "mempool", "download"]


def test_named_permissions_imply_others() -> None:
    assert _grant("noban@127.0.0.1") == ["noban", "download"]
    assert _grant("forcerelay@127.0.0.1") == ["forcerelay", "relay"]


def test_permissions_of_several_entries_add_up() -> None:
    assert _grant("addr@127.0.0.0/8", "bloom@127.0.0.1", "mempool@10.0.0.0/8") == ["bloomfilter", "addr"]


def test_direction_is_inbound_unless_said_otherwise() -> None:
    assert _grant("noban@127.0.0.1", inbound=False) == []
    assert _grant("noban,out@127.0.0.1", inbound=False) == ["noban", "download"]
    assert _grant("noban,out@127.0.0.1") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oopsie@127.0.0.1", "Invalid P2P permission: 'oopsie'"),
        ("in,out@127.0.0.1", "Only direction was set, no permissions: 'in,out@127.0.0.1'"),
        ("noban@127.0.0.1:230", "Invalid netmask specified in -whitelist: '127.0.0.1:230'"),
    ],
)
def test_bad_whitelist_is_explained(text: str, message: str) -> None:
    with pytest.raises(WhitelistError) as caught:
        parse_whitelist(text)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noban@127.0.0.1", "Need to specify a port with -whitebind: '127.0.0.1'"),
        ("noban,out@127.0.0.1:5", 'whitebind may only be used for incoming connections ("out" was passed)'),
    ],
)
def test_bad_whitebind_is_explained(text: str, message: str) -> None:
    with pytest.raises(WhitelistError) as caught:
        parse_whitebind(text)

    assert str(caught.value) == message
