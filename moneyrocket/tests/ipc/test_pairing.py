"""Keys of components, and the lines by which they come to trust one another."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from libmultiprocess import PeerRefused

from moneyrocket.ipc import keys
from moneyrocket.ipc.keys import PairingError, key_file, own_certificate, renew
from moneyrocket.ipc.peers import Peers, line_of, read_line
from moneyrocket.ipc.tls import TlsKeys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "regtest" / "ipc"


@pytest.fixture
def in_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that are made now hold until yesterday."""
    monkeypatch.setattr(keys, "_CLOCK_SKEW", timedelta(days=3))
    monkeypatch.setattr(keys, "_VALID_FOR", timedelta(days=-1))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Keys.


def test_a_key_is_made_once_for_each_role(folder: Path) -> None:
    node = own_certificate(folder, "node")
    wallet = own_certificate(folder, "wallet")

    assert own_certificate(folder, "node") == node
    assert (node.role, wallet.role) == ("node", "wallet")
    assert node.fingerprint != wallet.fingerprint
    assert not node.expired
    assert not node.expires_soon


def test_nobody_else_can_read_keys(folder: Path) -> None:
    before = os.umask(0)
    try:
        own_certificate(folder, "node")
        Peers(folder).add(own_certificate(folder, "wallet"))
    finally:
        os.umask(before)

    assert mode(folder) == 0o700
    assert mode(folder / "peers") == 0o700
    assert mode(key_file(folder, "node")) == 0o600


def test_two_that_make_a_key_at_once_get_the_same(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: own_certificate(folder, "node"), range(8)))

    assert len({certificate.der for certificate in made}) == 1
    assert [file.name for file in folder.iterdir()] == ["node.pem"]


def test_a_key_that_others_can_read_is_not_used(folder: Path) -> None:
    own_certificate(folder, "node")
    key_file(folder, "node").chmod(0o640)

    with pytest.raises(PairingError, match="Other users may read the private key"):
        own_certificate(folder, "node")


@pytest.mark.parametrize("text", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff\xfe"])
def test_a_damaged_key(folder: Path, text: bytes) -> None:
    own_certificate(folder, "node")
    key_file(folder, "node").write_bytes(text)

    with pytest.raises(PairingError, match=r"is damaged.*moneyrocket pair -role=node -renew"):
        own_certificate(folder, "node")
    assert renew(folder, "node") == own_certificate(folder, "node")


def test_a_renewed_key_is_another(folder: Path) -> None:
    before = own_certificate(folder, "node")

    after = renew(folder, "node")

    assert after.fingerprint != before.fingerprint
    assert own_certificate(folder, "node") == after


# Lines.


def test_a_line_carries_a_certificate(folder: Path) -> None:
    own = own_certificate(folder, "wallet")

    line = line_of(own)

    assert "\n" not in line
    assert " " not in line
    assert len(line) < 600
    assert read_line(line) == own
    assert read_line(f"  {line[:100]}\n  {line[100:]}\n") == own


def test_a_line_that_is_not_whole_is_refused(folder: Path) -> None:
    line = line_of(own_certificate(folder, "wallet"))
    start = line.rindex(":") + 1
    end = len(line.rstrip("="))
    changed = [line[:at] + ("A" if line[at] != "A" else "B") + line[at + 1 :] for at in range(start, end - 1)]

    for text in (line[:-5], line[:-8], line[:40], line + "AAAA", *changed):
        with pytest.raises(PairingError, match="The line is not whole"):
            read_line(text)


@pytest.mark.parametrize("text", ["", "hello", "moneyrocket", "moneyrocket:wallet", "bitcoin:wallet:AAAA"])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(PairingError, match="This is not a line of 'moneyrocket pair'"):
        read_line(text)


def test_a_line_with_another_role_than_its_certificate_is_refused(folder: Path) -> None:
    line = line_of(own_certificate(folder, "wallet"))

    with pytest.raises(PairingError, match="The line says node, and its certificate wallet"):
        read_line(line.replace(":wallet:", ":node:"))


@pytest.mark.usefixtures("in_the_past")
def test_an_expired_line_is_refused_with_what_to_do(folder: Path) -> None:
    line = line_of(own_certificate(folder, "wallet"))

    with pytest.raises(PairingError, match=r"has expired on .* moneyrocket pair -role=wallet -renew"):
        read_line(line)


# Peers.


def test_peers_are_trusted_until_they_are_forgotten(folder: Path) -> None:
    peers = Peers(folder)
    wallet, gui = own_certificate(folder, "wallet"), own_certificate(folder, "gui")

    for certificate in (wallet, gui, wallet):
        peers.add(certificate)
    assert peers.all() == [gui, wallet]

    assert peers.forget(wallet.shown_fingerprint[:9]) == wallet
    assert peers.all() == [gui]
    with pytest.raises(PairingError, match="No peer with the fingerprint"):
        peers.forget(wallet.fingerprint)


def test_forgetting_needs_enough_to_know_whom(folder: Path) -> None:
    Peers(folder).add(own_certificate(folder, "wallet"))

    with pytest.raises(PairingError, match="is not enough"):
        Peers(folder).forget("")


def test_a_damaged_or_foreign_file_among_the_peers_counts_for_nothing(folder: Path) -> None:
    peers = Peers(folder)
    wallet, gui = own_certificate(folder, "wallet"), own_certificate(folder, "gui")
    peers.add(wallet)
    (peers.folder / f"gui-{wallet.fingerprint}.pem").write_text(gui.pem)
    (peers.folder / f"cli-{'0' * 20}.pem").write_text("nonsense")

    assert peers.all() == [wallet]


# What TLS is given.


def test_without_a_peer_there_is_no_tls(folder: Path) -> None:
    with pytest.raises(PairingError, match=r"this node is paired with none\. Run 'moneyrocket pair -role=node'"):
        TlsKeys(folder, "node", ("wallet",))
    Peers(folder).add(own_certificate(folder, "gui"))
    with pytest.raises(PairingError, match="this node is paired with none"):
        TlsKeys(folder, "node", ("wallet",))


@pytest.mark.usefixtures("in_the_past")
def test_an_expired_key_is_refused_with_what_to_do(folder: Path) -> None:
    with pytest.raises(PairingError, match=r"(?s)has expired on .*moneyrocket pair -role=node -renew"):
        TlsKeys(folder, "node", ("wallet",))


def test_peers_are_known_by_their_certificate_and_role(folder: Path) -> None:
    wallet, gui, cli = (own_certificate(folder, role) for role in ("wallet", "gui", "cli"))
    for peer in (wallet, gui):
        Peers(folder).add(peer)
    tls = TlsKeys(folder, "node", ("wallet",))
    tls.server_context()

    assert tls.identify(wallet.der) == f"wallet {wallet.shown_fingerprint}"
    assert tls.role_of(wallet.der) == "wallet"
    with pytest.raises(PeerRefused, match="it is a gui, and that is not what is expected here"):
        tls.identify(gui.der)
    with pytest.raises(PeerRefused, match="not that of a paired component"):
        tls.identify(cli.der)


def test_the_context_is_made_anew_when_keys_change(folder: Path) -> None:
    wallet, gui = own_certificate(folder, "wallet"), own_certificate(folder, "gui")
    peers = Peers(folder)
    peers.add(wallet)
    tls = TlsKeys(folder, "node", ("wallet", "gui"))
    first = tls.server_context()
    assert tls.server_context() is first

    peers.add(gui)
    second = tls.server_context()
    assert second is not first
    assert tls.identify(gui.der)

    peers.forget(gui.fingerprint)
    assert tls.server_context() is not second
    with pytest.raises(PeerRefused):
        tls.identify(gui.der)

    third = tls.server_context()
    renew(folder, "node")
    assert tls.server_context() is not third
