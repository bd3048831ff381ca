"""Unix sockets: for their owner, never stolen, and clear about what is wrong."""

import os
import queue
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from libmultiprocess import (
    AddressError,
    AddressInUse,
    EventLoop,
    Listener,
    NobodyListens,
    PeerRefused,
    connect,
    listen,
    unix,
)

NOBODY = 65534
Serve = Callable[..., Listener]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with EventLoop("test") as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "foo.sock"


@pytest.fixture
def serve(generated: Path, loop: EventLoop) -> Iterator[Serve]:
    """Listens at a path, and passes on what is said of strangers."""
    from foo import FooImplementation
    from foo_generated.foo import FooInterfaceServer

    listeners: list[Listener] = []

    def start(path: Path, lines: "queue.Queue[str] | None" = None) -> Listener:
        refused = lines.put if lines is not None else None
        listeners.append(listen(loop, path, FooInterfaceServer, FooImplementation(), refused=refused))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def call(loop: EventLoop, path: Path) -> Any:
    from foo_generated.foo import FooInterfaceClient

    return connect(loop, path, FooInterfaceClient).add(1, 2)


def stale(path: Path) -> None:
    """A socket that a process has left behind."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()


def test_only_the_owner_may_connect(serve: Serve, loop: EventLoop, path: Path) -> None:
    before = os.umask(0)
    try:
        serve(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the check of the peer's user covers that moment")
def test_there_is_no_moment_in_which_others_may(
    serve: Serve, loop: EventLoop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the later change of mode left out, only what the file was made with counts.
    monkeypatch.setattr(Path, "chmod", lambda self, mode: None)
    before = os.umask(0)
    try:
        serve(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_peer_of_another_user_is_refused(
    serve: Serve, loop: EventLoop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: queue.Queue[str] = queue.Queue()
    serve(path, lines)
    monkeypatch.setattr(unix, "peer_uid", lambda sock: NOBODY)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        assert sock.recv(1) == b""
    assert lines.get(timeout=10) == f"refused a connection from {path}: it belongs to another user (uid {NOBODY})"
    assert lines.empty()
    monkeypatch.undo()
    assert call(loop, path) == 3


@as_root
def test_root_is_another_user_too(serve: Serve, loop: EventLoop, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: queue.Queue[str] = queue.Queue()
    serve(path, lines)
    # To the listening process its own user is nobody; the one who connects is root.
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(path))
        assert sock.recv(1) == b""
    assert "it belongs to another user (uid 0)" in lines.get(timeout=10)


def test_a_socket_of_another_user_is_not_connected_to(
    serve: Serve, loop: EventLoop, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(path)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(PeerRefused, match=f"is a socket of another user \\(uid {uid}\\)"):
        call(loop, path)


@as_root
@pytest.mark.usefixtures("generated")
def test_a_process_of_another_user_is_not_connected_to(loop: EventLoop, path: Path) -> None:
    program = """
import os, socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.bind(sys.argv[1])
    os.setuid(65534)
    sock.listen()
    print(flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        # The file is one's own, and who listens is not.
        with pytest.raises(PeerRefused, match="a process of another user \\(uid 65534\\) listens at"):
            call(loop, path)
        other.kill()


def test_a_socket_in_use_is_not_stolen(serve: Serve, loop: EventLoop, path: Path) -> None:
    serve(path)
    with pytest.raises(AddressInUse, match=f"another process listens at {path}"):
        serve(path)
    assert call(loop, path) == 3


def test_a_socket_in_use_by_somebody_busy_is_not_stolen(serve: Serve, loop: EventLoop, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock, socket.socket(socket.AF_UNIX) as waiting:
        sock.bind(str(path))
        sock.listen(0)
        waiting.connect(str(path))
        with pytest.raises(AddressInUse):
            serve(path)
        assert path.exists()


def test_a_stale_socket_is_replaced(serve: Serve, loop: EventLoop, path: Path) -> None:
    stale(path)
    serve(path)
    assert call(loop, path) == 3


def test_a_file_is_never_deleted(serve: Serve, loop: EventLoop, path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(AddressError, match="is not a socket"):
        serve(path)
    with pytest.raises(AddressError, match="is not a socket"):
        call(loop, path)
    assert path.read_text() == "precious"


def test_closing_leaves_the_socket_of_a_successor(serve: Serve, loop: EventLoop, path: Path) -> None:
    listener = serve(path)
    path.unlink()
    serve(path)
    listener.close()
    assert call(loop, path) == 3


def test_the_file_may_stay_when_a_listener_closes(serve: Serve, loop: EventLoop, path: Path) -> None:
    serve(path).close(leave_file=True)
    loop.close()

    with EventLoop("other") as other, pytest.raises(NobodyListens, match="the process that did has ended"):
        call(other, path)


def test_a_long_path(serve: Serve, loop: EventLoop, tmp_path: Path) -> None:
    longest = 107 - len(os.fsencode(tmp_path)) - 1
    serve(tmp_path / ("a" * longest)).close()
    with pytest.raises(AddressError, match="is too long: 108 bytes, where the system takes 107"):
        serve(tmp_path / ("a" * (longest + 1)))
    with pytest.raises(AddressError, match="is too long"):
        call(loop, tmp_path / ("a" * (longest + 1)))


@pytest.mark.usefixtures("generated")
def test_nobody_listens(loop: EventLoop, path: Path) -> None:
    with pytest.raises(NobodyListens, match="there is no such socket"):
        call(loop, path)
    stale(path)
    with pytest.raises(NobodyListens, match="the process that did has ended"):
        call(loop, path)


def test_a_folder_that_does_not_exist(serve: Serve, loop: EventLoop, tmp_path: Path) -> None:
    with pytest.raises(AddressError, match="No such file or directory"):
        serve(tmp_path / "nowhere" / "foo.sock")
