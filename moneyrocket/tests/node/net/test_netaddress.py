import pytest

from moneyrocket.node.net.netaddress import (
    AddressError,
    Endpoint,
    NetAddress,
    Network,
    PeerAddress,
    Subnet,
    parse_endpoint,
    split_host_port,
)
from moneyrocket.primitives.serialize import DeserializeError, Reader

ONION = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
I2P = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("1.2.3.4", Network.IPV4),
        ("::ffff:1.2.3.4", Network.IPV4),
        ("2001:4860::1", Network.IPV6),
        (ONION, Network.ONION),
        (I2P, Network.I2P),
    ],
)
def test_address_keeps_its_network(text: str, network: Network) -> None:
    address = NetAddress.from_ip(text)

    assert address.network is network
    assert NetAddress.from_ip(str(address)) == address


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "1.2.3.4/8", ONION.replace("a", "b")])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(AddressError):
        NetAddress.from_ip(text)


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fe80::1", "0.0.0.0", "2001:db8::1"])
def test_private_addresses_are_not_routable(text: str) -> None:
    address = NetAddress.from_ip(text)

    assert not address.is_routable
    assert address.reachable_network is Network.UNROUTABLE


def test_groups_follow_the_prefix() -> None:
    a, b, c = (NetAddress.from_ip(text).group for text in ("8.8.1.1", "8.8.200.3", "8.9.1.1"))

    assert a == b != c


@pytest.mark.parametrize("v2", [False, True])
def test_peer_address_survives_the_wire(v2: bool) -> None:
    address = PeerAddress(Endpoint(NetAddress.from_ip("9.9.9.9"), 8333), 0x409, 1_700_000_000)

    if v2:
        assert PeerAddress.read_v2(Reader(address.serialize_v2())) == address
    else:
        assert PeerAddress.read_v1(Reader(address.serialize_v1())) == address


def test_unknown_network_is_skipped_not_refused() -> None:
    reader = Reader(bytes.fromhex("61bc66490199" + "02abab" + "208d"))

    assert PeerAddress.read_v2(reader) is None
    assert reader.remaining == 0


@pytest.mark.parametrize(
    ("raw", "message"),
    [("01fd0102" + "ab" * 513, "Address too long: 513 > 512"), ("0105" + "ab" * 5, "IPV4 address with length 5")],
)
def test_wrong_lengths_are_refused(raw: str, message: str) -> None:
    with pytest.raises(DeserializeError, match=message):
        NetAddress.read_v2(Reader(bytes.fromhex(raw)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3.4", ("1.2.3.4", 99)),
        ("1.2.3.4:5", ("1.2.3.4", 5)),
        ("[::1]:5", ("::1", 5)),
        ("::1", ("::1", 99)),
        ("[::1]", ("::1", 99)),
        ("example.org:8333", ("example.org", 8333)),
    ],
)
def test_host_and_port_are_taken_apart(text: str, expected: tuple[str, int]) -> None:
    assert split_host_port(text, 99) == expected


def test_endpoint_spells_ipv6_in_brackets() -> None:
    assert str(parse_endpoint("[::1]:5", 0)) == "[::1]:5"


@pytest.mark.parametrize(
    ("net", "inside", "outside"),
    [
        ("127.0.0.0/24", "127.0.0.255", "127.0.1.0"),
        ("1.2.3.4", "1.2.3.4", "1.2.3.5"),
        ("2001:4d48::/19", "2001:4d48:ac57::1", "2001:6d48::1"),
        ("10.0.0.0/255.0.0.0", "10.255.0.1", "11.0.0.1"),
    ],
)
def test_subnet_contains(net: str, inside: str, outside: str) -> None:
    subnet = Subnet.parse(net)

    assert subnet.contains(NetAddress.from_ip(inside))
    assert not subnet.contains(NetAddress.from_ip(outside))


@pytest.mark.parametrize("text", ["127.0.0.1/42", f"{ONION}/8", "x/8"])
def test_bad_subnets_are_refused(text: str) -> None:
    with pytest.raises(AddressError):
        Subnet.parse(text)
