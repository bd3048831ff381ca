"""Connections over TCP: calls as over any other socket, and nobody else gets in."""

import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from certificates import Identity, make_identity
from test_endurance import descriptors, resident

import libmultiprocess
from libmultiprocess import (
    AddressError,
    AddressInUse,
    Disconnected,
    EventLoop,
    NobodyListens,
    PeerRefused,
    close,
    connection_of,
)
from libmultiprocess.relay import Relay
from libmultiprocess.tls import connect_tls, mutual_context
from libmultiprocess.tls_listener import PENDING_HANDSHAKES, TlsListener, listen_tls

TESTS = Path(__file__).parent
SOURCE = Path(libmultiprocess.__file__).parent.parent
TEN_MEGABYTES = 10_000_000
HOST = "127.0.0.1"


class Server:
    """A listener for a `foo.FooImplementation`, and what it says about strangers."""

    def __init__(self, folder: Path) -> None:
        from foo import FooImplementation
        from foo_generated.foo import FooInterfaceServer

        self.loop = EventLoop("server")
        self.folder = folder
        self.own = make_identity(folder, "server")
        self.friend = make_identity(folder, "friend")
        self.trusted = [self.friend.text]
        self.lines: queue.Queue[str] = queue.Queue()
        self.listener: TlsListener = listen_tls(
            self.loop,
            HOST,
            0,
            self.context,
            FooInterfaceServer,
            lambda _: FooImplementation(),
            identify=lambda certificate: "friend",
            refused=self.lines.put,
        )

    @property
    def port(self) -> int:
        return self.listener.port

    def context(self) -> ssl.SSLContext:
        return mutual_context(server=True, certificate=self.own.certificate, key=self.own.key, trusted=self.trusted)

    def context_of(self, client: Identity, trusted: Identity | None = None) -> ssl.SSLContext:
        text = (trusted or self.own).text
        return mutual_context(server=False, certificate=client.certificate, key=client.key, trusted=[text])

    def connect(self, loop: EventLoop, client: Identity | None = None, trusted: Identity | None = None) -> Any:
        from foo_generated.foo import FooInterfaceClient

        context = self.context_of(client or self.friend, trusted)
        proxy = connect_tls(loop, HOST, self.port, context, FooInterfaceClient)
        proxy.init_thread_map()
        return proxy

    def raw(self) -> socket.socket:
        """A connection of a stranger's own making."""
        return socket.create_connection((HOST, self.port), 10)

    def line(self) -> str:
        """The next line about a stranger."""
        return self.lines.get(timeout=10)


@pytest.fixture
def server(generated: Path, tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.loop.close()


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with EventLoop("client") as made:
        yield made


def read_to_the_end(sock: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    pieces = []
    try:
        while piece := sock.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


# Calls.


def test_calls_and_callbacks(server: Server, loop: EventLoop) -> None:
    proxy = server.connect(loop)
    threads = []

    def function() -> int:
        threads.append(threading.current_thread())
        return int(proxy.add(2, 3))

    assert proxy.pass_fn(function) == 5
    assert threads == [threading.current_thread()]
    assert server.lines.empty()


def test_ten_megabytes_both_ways_and_back(server: Server, loop: EventLoop) -> None:
    proxy = server.connect(loop)
    value = os.urandom(TEN_MEGABYTES)
    assert proxy.pass_data(value) == value


def test_many_threads_with_large_values(server: Server, loop: EventLoop) -> None:
    proxy = server.connect(loop)
    results: list[bool] = []

    def call(number: int) -> None:
        value = bytes([number]) * 300_000
        results.extend(proxy.pass_data(value) == value for _ in range(10))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [True] * 40


def test_peers_are_named_by_what_identifies_them(server: Server, loop: EventLoop) -> None:
    from foo_generated.foo import FooInterfaceClient

    context = server.context_of(server.friend)
    seen: list[bytes] = []

    def identify(certificate: bytes) -> str:
        seen.append(certificate)
        return "server"

    proxy = connect_tls(loop, HOST, server.port, context, FooInterfaceClient, identify=identify)
    connection = connection_of(proxy)
    assert connection is not None
    assert connection.peer == f"server at {HOST}:{server.port}"
    assert seen == [ssl.PEM_cert_to_DER_cert(server.own.text)]


def test_closing_a_proxy_ends_the_connection_on_both_sides(server: Server, loop: EventLoop) -> None:
    before = descriptors(os.getpid())
    proxy = server.connect(loop)
    (connection,) = server.loop._connections
    close(proxy)
    assert connection.wait_closed(10)
    server.loop.close()
    loop.close()
    assert descriptors(os.getpid()) < before


def test_the_server_that_closes_ends_pending_calls(server: Server, loop: EventLoop) -> None:
    proxy = server.connect(loop)
    entered, release = threading.Event(), threading.Event()

    def function() -> int:
        entered.set()
        release.wait(10)
        return 1

    errors: list[BaseException] = []

    def call() -> None:
        try:
            proxy.pass_fn(function)
        except BaseException as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert entered.wait(10)
    server.loop.close()
    connection = connection_of(proxy)
    assert connection is not None
    assert connection.wait_closed(5)
    release.set()
    caller.join(10)
    assert [type(error) for error in errors] == [Disconnected]


@pytest.fixture
def process(
    generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[EventLoop], SimpleNamespace]]:
    """Starts a server in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (SOURCE, TESTS, generated))))
    own, friend = make_identity(tmp_path, "process"), make_identity(tmp_path, "friend")
    started: list[subprocess.Popen[bytes]] = []

    def start(loop: EventLoop, most_descriptors: int = 1000) -> SimpleNamespace:
        from foo_generated.foo import FooInterfaceClient

        arguments = [str(TESTS / "tls_process.py"), str(own.certificate), str(own.key), str(friend.certificate)]
        popen = subprocess.Popen(
            ["sh", "-c", f'ulimit -n {most_descriptors}; exec "$@"', "sh", sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        started.append(popen)
        assert popen.stdout is not None
        port = int(popen.stdout.readline())
        context = mutual_context(server=False, certificate=friend.certificate, key=friend.key, trusted=[own.text])
        proxy = connect_tls(loop, HOST, port, context, FooInterfaceClient)
        proxy.init_thread_map()
        return SimpleNamespace(popen=popen, proxy=proxy, port=port, context=context)

    yield start
    for popen in started:
        popen.kill()
        popen.communicate()


def test_a_killed_peer_ends_pending_calls_at_once(
    process: Callable[[EventLoop], SimpleNamespace], loop: EventLoop
) -> None:
    peer = process(loop)
    ended: queue.Queue[BaseException] = queue.Queue()
    sent = threading.Barrier(2)

    def hang() -> None:
        peer.proxy.call_int_fn_async(1)
        sent.wait()
        try:
            peer.proxy.call_int_fn_async(-2)
        except Disconnected as error:
            ended.put(error)

    threading.Thread(target=hang, daemon=True).start()
    sent.wait()
    os.kill(peer.popen.pid, signal.SIGKILL)
    assert isinstance(ended.get(timeout=2), Disconnected)


def test_what_was_sent_before_the_end_arrives(server: Server, loop: EventLoop) -> None:
    data = os.urandom(100_000)
    with socket.create_server((HOST, 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        accepted = listening.accept()[0]
    done: queue.Queue[ssl.SSLSocket] = queue.Queue()
    threading.Thread(target=lambda: done.put(server.context().wrap_socket(accepted, server_side=True))).start()
    with server.context_of(server.friend).wrap_socket(client, suppress_ragged_eofs=False) as tls:
        local = loop.companion(Relay).carry(done.get(timeout=10), "peer")
        local.sendall(data)
        # What nobody reads here any more must not cost the peer what was sent to it.
        tls.sendall(data)
        local.close()
        assert read_to_the_end(tls) == data


def test_a_peer_that_does_not_read_is_waited_for_in_little_memory(
    process: Callable[[EventLoop], SimpleNamespace], loop: EventLoop
) -> None:
    peer = process(loop)
    value = bytes(TEN_MEGABYTES)
    peer.proxy.pass_data(value)
    before = resident(os.getpid())
    os.kill(peer.popen.pid, signal.SIGSTOP)
    caller = threading.Thread(target=peer.proxy.pass_data, args=(value,))
    caller.start()
    caller.join(0.5)
    assert caller.is_alive()
    assert resident(os.getpid()) - before < 4 * TEN_MEGABYTES
    os.kill(peer.popen.pid, signal.SIGCONT)
    caller.join(30)
    assert not caller.is_alive()


def test_forked_children_leave_the_connection_alone(server: Server, loop: EventLoop) -> None:
    proxy = server.connect(loop)
    child = os.fork()
    if child == 0:
        try:
            proxy.add(1, 2)
        except Disconnected:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert proxy.add(1, 2) == 3


# Addresses.


def test_a_port_that_is_taken(server: Server) -> None:
    from foo_generated.foo import FooInterfaceServer

    with pytest.raises(AddressInUse, match=f"another process listens at {HOST}:{server.port}"):
        listen_tls(server.loop, HOST, server.port, server.context, FooInterfaceServer, lambda _: object())


def test_a_host_that_does_not_exist(server: Server, loop: EventLoop) -> None:
    from foo_generated.foo import FooInterfaceClient, FooInterfaceServer

    with pytest.raises(AddressError, match=r"^host nowhere\.invalid is not known"):
        listen_tls(server.loop, "nowhere.invalid", 0, server.context, FooInterfaceServer, lambda _: object())
    with pytest.raises(AddressError, match=r"^host nowhere\.invalid is not known"):
        connect_tls(loop, "nowhere.invalid", 1, server.context_of(server.friend), FooInterfaceClient)


def test_a_host_of_another_machine(server: Server) -> None:
    from foo_generated.foo import FooInterfaceServer

    with pytest.raises(AddressError, match=r"192\.0\.2\.1 is not an address of this machine"):
        listen_tls(server.loop, "192.0.2.1", 0, server.context, FooInterfaceServer, lambda _: object())


def test_nobody_listens(server: Server, loop: EventLoop) -> None:
    server.listener.close()
    with pytest.raises(NobodyListens, match="Connection refused"):
        server.connect(loop)


def test_who_listens_and_says_nothing(server: Server, loop: EventLoop) -> None:
    from foo_generated.foo import FooInterfaceClient

    context = server.context_of(server.friend)
    with (
        socket.create_server((HOST, 0)) as silent,
        pytest.raises(NobodyListens, match="did not answer within"),
    ):
        connect_tls(loop, HOST, silent.getsockname()[1], context, FooInterfaceClient, timeout=0.3)


def test_a_context_that_lets_strangers_in_is_not_taken(server: Server, loop: EventLoop) -> None:
    from foo_generated.foo import FooInterfaceClient

    with pytest.raises(ValueError, match="requires a certificate"):
        connect_tls(loop, HOST, server.port, ssl._create_unverified_context(), FooInterfaceClient)


# Strangers.


def test_no_certificate(server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with server.raw() as sock, context.wrap_socket(sock) as tls, pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        tls.recv(1)
    assert server.line().endswith(": it showed no certificate")


def test_unknown_certificate(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    stranger = make_identity(tmp_path, "stranger")
    with pytest.raises(PeerRefused, match="it does not trust this side's certificate"):
        server.connect(loop, stranger)
    assert "its certificate is not trusted here" in server.line()


def test_another_key_under_a_known_name(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(PeerRefused, match="it does not trust this side's certificate"):
        server.connect(loop, make_identity(tmp_path / "other", "friend"))
    assert "its certificate is not trusted here" in server.line()


def test_several_known_keys_under_one_name(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    for folder in ("first", "second", "third"):
        (tmp_path / folder).mkdir()
    identities = [make_identity(tmp_path / folder, "friend") for folder in ("first", "second")]
    server.trusted += [identity.text for identity in identities]
    for identity in identities:
        assert server.connect(loop, identity).add(1, 2) == 3
    with pytest.raises(PeerRefused):
        server.connect(loop, make_identity(tmp_path / "third", "friend"))


def test_a_known_peer_cannot_vouch_for_others(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    protege = make_identity(tmp_path, "protege", issuer=server.friend)
    with pytest.raises(PeerRefused):
        server.connect(loop, protege)
    assert "its certificate is not trusted here" in server.line()
    # Nor if it shows its own certificate as well.
    protege.certificate.write_text(protege.text + server.friend.text)
    with pytest.raises(PeerRefused):
        server.connect(loop, protege)
    assert "its certificate is not trusted here" in server.line()


@pytest.mark.parametrize(("days", "reason"), [((-3, -1), "has expired"), ((1, 3), "is not valid yet")])
def test_certificate_at_the_wrong_time(
    server: Server, loop: EventLoop, tmp_path: Path, days: tuple[int, int], reason: str
) -> None:
    old = make_identity(tmp_path, "old", days=days)
    server.trusted.append(old.text)
    with pytest.raises(PeerRefused):
        server.connect(loop, old)
    assert f"its certificate {reason}" in server.line()


def test_a_server_that_is_not_known(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    with pytest.raises(PeerRefused, match="its certificate is not trusted here"):
        server.connect(loop, trusted=make_identity(tmp_path, "expected"))
    assert "it does not trust this side's certificate" in server.line()


def test_a_server_whose_certificate_has_expired(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    server.own = make_identity(tmp_path, "old", days=(-3, -1))
    with pytest.raises(PeerRefused, match="its certificate has expired"):
        server.connect(loop)
    assert "it finds this side's certificate expired" in server.line()


def test_keys_change_while_it_listens(server: Server, loop: EventLoop, tmp_path: Path) -> None:
    newcomer = make_identity(tmp_path, "newcomer")
    with pytest.raises(PeerRefused):
        server.connect(loop, newcomer)
    server.trusted = [newcomer.text]
    assert server.connect(loop, newcomer).add(1, 2) == 3
    with pytest.raises(PeerRefused):
        server.connect(loop)


def test_who_is_turned_away_by_name(generated: Path, tmp_path: Path, loop: EventLoop) -> None:
    server = Server(tmp_path)

    def identify(_certificate: bytes) -> str:
        raise PeerRefused("it is a wallet, and wallets are not served")

    server.listener._identify = identify
    with pytest.raises(PeerRefused, match="the other side says: it is a wallet, and wallets are not served"):
        server.connect(loop)
    assert "it is a wallet, and wallets are not served" in server.line()
    server.loop.close()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "it does not speak TLS"),
        (b"\0\0\0\0\1\0\0\0" * 100, "it does not speak TLS"),
        (b"\xff" * 100_000, "it does not speak TLS"),
        (b"\x16\x03\x01\x02\x00" + b"\x01" * 512, ""),
        (b"\x16\x03\x03\xff\xff" + b"\x01" * 70_000, ""),
    ],
)
def test_plain_text_and_garbage(server: Server, data: bytes, reason: str) -> None:
    with server.raw() as sock:
        try:
            sock.sendall(data)
            read_to_the_end(sock)
        except OSError:
            pass
    assert f": {reason}" in server.line()
    assert server.lines.empty()


def test_older_tls(server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with server.raw() as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock)
    assert server.line().endswith(": it does not speak TLS 1.3")


class Recorder:
    """Stands between a client and the server, and keeps what the client sends."""

    def __init__(self, port: int) -> None:
        self.recorded = bytearray()
        self._listening = socket.create_server((HOST, 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)
        self._thread.start()

    def _run(self, port: int) -> None:
        client = self._listening.accept()[0]
        server = socket.create_connection((HOST, port))
        back = threading.Thread(target=self._copy, args=(server, client, None), daemon=True)
        back.start()
        self._copy(client, server, self.recorded)
        back.join()
        client.close()
        server.close()
        self._listening.close()

    def _copy(self, source: socket.socket, sink: socket.socket, record: bytearray | None) -> None:
        while data := source.recv(1 << 16):
            if record is not None:
                record += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    def join(self) -> None:
        self._thread.join(10)


def test_a_replayed_connection(server: Server, loop: EventLoop) -> None:
    from foo_generated.foo import FooInterfaceClient

    recorder = Recorder(server.port)
    proxy = connect_tls(loop, HOST, recorder.port, server.context_of(server.friend), FooInterfaceClient)
    assert proxy.add(1, 2) == 3
    (rightful,) = server.loop._connections
    close(proxy)
    recorder.join()
    assert rightful.wait_closed(10)
    with server.raw() as sock:
        sock.sendall(recorder.recorded)
        read_to_the_end(sock)
    assert "its bytes do not belong to this handshake" in server.line()
    assert server.lines.empty()
    assert server.loop._connections <= {rightful}


def test_who_stays_silent_is_gone_soon(server: Server) -> None:
    with server.raw() as sock:
        assert sock.recv(1) == b""
    assert "it did not show who it is within 0.8 seconds" in server.line()


def test_who_speaks_slowly_is_gone_soon(server: Server) -> None:
    # A client's first message, one byte at a time.
    hello = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    with server.raw() as sock:
        sock.settimeout(0.02)
        sent = 0
        for byte in hello.read():
            try:
                sock.send(bytes([byte]))
                sent += 1
                if sock.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    assert sent > 0
    assert "it did not show who it is within 0.8 seconds" in server.line()


def test_half_open_connections_exhaust_nothing(server: Server, loop: EventLoop) -> None:
    server.connect(loop).add(1, 2)
    before, size = descriptors(os.getpid()), resident(os.getpid())
    strangers = []
    for number in range(1000):
        strangers.append(server.raw())
        if number % 250 == 249:
            assert server.connect(loop).add(1, 2) == 3
    try:
        assert descriptors(os.getpid()) - before <= len(strangers) + PENDING_HANDSHAKES + 40
        for sock in strangers:
            assert sock.recv(1) == b""
    finally:
        for sock in strangers:
            sock.close()
    assert resident(os.getpid()) - size < 8 << 20
    # Some are told of one by one, the others all together.
    lines = [server.line() for _ in range(10)]
    assert all("refused a connection from 127.0.0.1:" in line for line in lines)
    told = 10
    while told < 1000:
        words = server.line().split()
        assert words[0] == "refused"
        told += int(words[1])
        assert words[2:6] == ["more", "connections", "from", "127.0.0.1;"]
    assert told == 1000
    assert server.connect(loop).add(1, 2) == 3


def test_more_connections_than_descriptors(process: Callable[..., SimpleNamespace], loop: EventLoop) -> None:
    peer = process(loop, 64)
    strangers = [socket.create_connection((HOST, peer.port), 10) for _ in range(200)]
    try:
        assert peer.proxy.add(1, 2) == 3
        again = connect_tls(loop, HOST, peer.port, peer.context, type(peer.proxy))
        assert again.add(1, 2) == 3
    finally:
        for sock in strangers:
            sock.close()


def test_more_connections_than_allowed(server: Server, loop: EventLoop) -> None:
    server.listener._max_connections = 1
    proxy = server.connect(loop)
    with pytest.raises(NobodyListens, match="hung up"):
        connect_tls(loop, HOST, server.port, server.context_of(server.friend), type(proxy), timeout=0.3)
    assert "there are 1 connections already" in server.line()
