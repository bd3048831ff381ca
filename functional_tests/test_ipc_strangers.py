"""Who is not paired gets nowhere with -ipcbind=tcp:…: refused within a second, told of once, and at no lasting cost.

The monolithic node has no such option.
"""

import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from functional_tests.framework.executables import Executables
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.tls_client import TlsClient, client_context
from functional_tests.framework.waiting import wait_until

HALF_OPEN = 1000
GROWTH = 8 << 20
"""Bytes that a node may be larger after a flood: what its allocator keeps, not what strangers have left."""

REFUSED = re.compile(r"IPC refused (?:a connection from 127\.0\.0\.1:\d+|(\d+) more connections? from 127\.0\.0\.1;)")


class Target:
    """A node that listens on TCP, and a wallet's data directory that is paired with it."""

    def __init__(self, factory: NodeFactory, executables: Executables, directory: Path) -> None:
        self._pair_program = executables.node.with_name("moneyrocket")
        self._clients: list[TlsClient] = []
        self.directory = directory
        self.port = factory.take_port()
        self.node = factory.create(f"-ipcbind=tcp:127.0.0.1:{self.port}", "-disablewallet")
        self.node_pem = self.node.chain_dir / "ipc" / "node.pem"
        self.peers = self.node.chain_dir / "ipc" / "peers"

    def pair(self, datadir: Path, *arguments: str) -> str:
        """Run ``moneyrocket pair``; returns the line it prints."""
        datadir.mkdir(exist_ok=True)
        command = [str(self._pair_program), "pair", f"-datadir={datadir}", "-regtest", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def make_key(self, name: str, *, trusted: bool) -> Path:
        """A wallet's key in a directory of its own; the node trusts it if ``trusted``."""
        datadir = self.directory / name
        line = self.pair(datadir, "-role=wallet")
        if trusted:
            self.pair(self.node.datadir, line)
        return datadir / "regtest" / "ipc" / "wallet.pem"

    def context(self, key: Path | None) -> ssl.SSLContext:
        text = self.node_pem.read_text()
        return client_context(key, text[text.index("-----BEGIN CERTIFICATE-----") :])

    def connect(self, key: Path | None) -> TlsClient:
        client = TlsClient(self.port, self.context(key), self.node.timeout(5))
        self._clients.append(client)
        return client

    def lets_in(self, key: Path | None) -> bool:
        """Whether the node knows who has a key."""
        client = self.connect(key)
        client.close()
        return client.let_in

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), self.node.timeout(5))

    def log_size(self) -> int:
        return self.node.debug_log.path.stat().st_size

    def refusals(self, offset: int) -> list[str]:
        """Lines about strangers since the log had ``offset`` bytes."""
        with self.node.debug_log.path.open("rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").splitlines()
        return [line for line in lines if REFUSED.search(line)]

    def resident(self) -> int:
        """Bytes of the node that are in memory."""
        status = Path(f"/proc/{self.node.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) << 10


@pytest.fixture
def target(node_factory: NodeFactory, executables: Executables, tmp_path: Path) -> Iterator[Target | None]:
    """The node, not running yet; None in the monolithic shape."""
    if not executables.is_multiprocess:
        assert "Invalid parameter -ipcbind" in node_factory.create().start_error("-ipcbind=tcp:127.0.0.1:1")
        yield None
        return
    made = Target(node_factory, executables, tmp_path)
    yield made
    made.close()


def read_to_the_end(sock: socket.socket) -> bytes:
    """What comes until the node hangs up."""
    data = b""
    try:
        while piece := sock.recv(1 << 16):
            data += piece
    except ConnectionResetError:
        pass
    return data


def send_and_read(target: Target, data: bytes) -> None:
    with target.raw() as sock:
        try:
            sock.sendall(data)
        except ConnectionError:
            return
        read_to_the_end(sock)


def make_expired_key(target: Target) -> Path:
    """A key that the node has trusted, and that does not hold any more."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "moneyrocket wallet")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=800))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    text = certificate.public_bytes(Encoding.PEM)
    fingerprint = sha256(certificate.public_bytes(Encoding.DER)).hexdigest()[:20]
    (target.peers / f"wallet-{fingerprint}.pem").write_bytes(text)
    key = target.directory / "expired.pem"
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + text)
    return key


def trickle(target: Target, data: bytes) -> None:
    """Send a byte now and then, until the node hangs up."""
    with target.raw() as sock:
        sock.settimeout(0.03)
        for byte in data:
            try:
                sock.send(bytes([byte]))
                if not sock.recv(1):
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    raise AssertionError("the node took all of it")


@dataclass(frozen=True)
class Stranger:
    """Somebody who is to be refused.

    Attributes:
        name: for the report.
        tries: connects, and returns when it is over.
        reason: what the log says.
    """

    name: str
    tries: Callable[[], None]
    reason: str


def strangers(target: Target, recorded: bytes) -> list[Stranger]:
    wrong, expired = target.make_key("wrong", trusted=False), make_expired_key(target)

    def connect(key: Path | None) -> Callable[[], None]:
        def attempt() -> None:
            assert not target.lets_in(key)

        return attempt

    def silent() -> None:
        with target.raw() as sock:
            assert read_to_the_end(sock) == b""

    hello = recorded[:400]
    return [
        Stranger("no key", connect(None), "it showed no certificate"),
        Stranger("wrong key", connect(wrong), "its certificate is not trusted here"),
        Stranger("expired", connect(expired), "its certificate has expired"),
        Stranger("replayed", lambda: send_and_read(target, recorded), "its bytes do not belong to this handshake"),
        Stranger("plain text", lambda: send_and_read(target, b"\0\0\0\0\1\0\0\0" * 8), "it does not speak TLS"),
        Stranger("HTTP", lambda: send_and_read(target, b"GET / HTTP/1.1\r\n\r\n"), "it does not speak TLS"),
        Stranger("garbage", lambda: send_and_read(target, b"\xa5" * 100_000), "it does not speak TLS"),
        Stranger("silent", silent, "it did not show who it is within 0.8 seconds"),
        Stranger("slow", lambda: trickle(target, hello), "it did not show who it is within 0.8 seconds"),
    ]


def test_each_kind_of_stranger_is_refused_within_a_second_and_logged_once(target: Target | None) -> None:
    if target is None:
        return
    key = target.make_key("wallet", trusted=True)
    target.node.start()
    friend = target.connect(key)
    assert friend.let_in

    for stranger in strangers(target, friend.sent):
        offset = target.log_size()
        seconds = _seconds(stranger.tries)
        if seconds >= target.node.timeout(1):
            # The machine may have had other things to do; twice in a row it has not.
            offset = target.log_size()
            seconds = _seconds(stranger.tries)
        lines = wait_until(partial(target.refusals, offset), stranger.name, timeout=target.node.timeout(5))
        assert seconds < target.node.timeout(1), stranger.name
        assert len(lines) == 1, stranger.name
        assert stranger.reason in lines[0], stranger.name

    friend.close()
    assert target.lets_in(key)


def _seconds(work: Callable[[], None]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def test_a_flood_of_half_open_connections_costs_nothing_and_keeps_nobody_out(target: Target | None) -> None:
    if target is None:
        return
    key = target.make_key("wallet", trusted=True)
    target.node.start()
    _flood(target, key)
    size = target.resident()

    seconds = _flood(target, key)

    assert median(seconds) < target.node.timeout(1)
    assert target.resident() - size < GROWTH
    # All are told of, in few lines.
    told = wait_until(
        lambda: sum(int(match[1] or 1) for line in target.refusals(0) if (match := REFUSED.search(line))),
        "every stranger is told of",
        timeout=target.node.timeout(15),
        accept=lambda count: count >= 2 * HALF_OPEN,
    )
    assert told == 2 * HALF_OPEN
    assert len(target.refusals(0)) < 30
    assert target.node.rpc.getblockcount() > 0


def _flood(target: Target, key: Path) -> list[float]:
    """Open connections that say nothing, connect as a rightful client meanwhile, and wait until they are hung up on.

    Returns:
        How long the rightful client took each time, in seconds.
    """
    opened: list[socket.socket] = []
    took: list[float] = []
    try:
        for number in range(HALF_OPEN):
            opened.append(target.raw())
            if number % 200 == 199:
                begun = time.monotonic()
                assert target.lets_in(key)
                took.append(time.monotonic() - begun)
        for sock in opened:
            assert read_to_the_end(sock) == b""
    finally:
        for sock in opened:
            sock.close()
    return took


def test_pairing_and_forgetting_count_while_the_node_runs(target: Target | None) -> None:
    if target is None:
        return
    target.make_key("wallet", trusted=True)
    target.node.start()
    newcomer = target.make_key("newcomer", trusted=False)
    assert not target.lets_in(newcomer)

    target.pair(target.node.datadir, target.pair(target.directory / "newcomer", "-role=wallet"))
    assert target.lets_in(newcomer)

    listed = target.pair(target.directory / "newcomer", "-list")
    fingerprint = "".join(listed.split()[2:7])
    target.pair(target.node.datadir, f"-forget={fingerprint}")
    assert not target.lets_in(newcomer)


def test_a_client_calls_the_node_once_it_is_paired(target: Target | None) -> None:
    if target is None:
        return
    target.make_key("wallet", trusted=True)
    target.node.start()
    datadir = target.directory / "client"
    line = target.pair(datadir, "-role=cli")

    def call(*options: str) -> subprocess.CompletedProcess[str]:
        command = [str(target.node.settings.executables.cli), f"-datadir={datadir}", "-regtest", *options]
        return subprocess.run(
            [*command, f"-ipcconnect=tcp:127.0.0.1:{target.port}", "getblockcount"],
            capture_output=True,
            text=True,
            check=False,
        )

    unpaired = call()
    assert unpaired.returncode == 1
    assert "this cli is paired with none. Run 'moneyrocket pair -role=cli'" in unpaired.stderr

    target.pair(datadir, "-role=cli", target.pair(target.node.datadir))
    one_sided = call()
    assert one_sided.returncode == 1
    assert "it does not trust this side's certificate" in one_sided.stderr

    target.pair(target.node.datadir, line)
    assert call().stdout.strip() == str(target.node.rpc.getblockcount())


def test_tcp_without_a_paired_component_is_refused_also_on_this_machine(target: Target | None) -> None:
    if target is None:
        return

    message = target.node.start_error()

    assert f"Unable to bind to IPC address 'tcp:127.0.0.1:{target.port}'" in message
    assert "moneyrocket pair -role=node" in message


def test_a_port_in_use_is_said_so(target: Target | None) -> None:
    if target is None:
        return
    target.make_key("wallet", trusted=True)
    with socket.create_server(("127.0.0.1", target.port)):
        message = target.node.start_error()

    assert f"another process listens at 127.0.0.1:{target.port}" in message
