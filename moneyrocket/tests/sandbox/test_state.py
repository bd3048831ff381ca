import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moneyrocket.sandbox.landlock import NEEDED_ABI, landlock_abi
from moneyrocket.sandbox.paths import python_paths
from moneyrocket.sandbox.policy import NO_NETWORK, WHOLE_NETWORK, NetworkAccess, Policy
from moneyrocket.sandbox.state import SandboxState, enter_sandbox, sandbox_state
from moneyrocket.tests.sandbox.in_process import in_process

pytestmark = pytest.mark.skipif(landlock_abi() < NEEDED_ABI, reason="the kernel has no Landlock, or an old one")

Attempts = dict[str, Callable[[], object]]


def _outcomes(policy: Policy, attempts: Attempts) -> set[str]:
    """The attempts that succeed in a process that has entered a sandbox."""

    def enter_and_try() -> str:
        enter_sandbox(policy)
        return json.dumps([name for name, attempt in attempts.items() if _succeeds(attempt)])

    return set(json.loads(in_process(enter_and_try)))


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as sock:
        sock.connect(address)


def _listen(port: int) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        sock.listen()


def test_files(tmp_path: Path) -> None:
    for folder in ("read", "write"):
        (tmp_path / folder).mkdir()
    for file in ("read/file", "write/file", "write/other", "file"):
        (tmp_path / file).write_text("text")
    policy = Policy("test", (*python_paths(), tmp_path / "read"), (tmp_path / "write",))

    done = _outcomes(
        policy,
        {
            "read": (tmp_path / "read/file").read_bytes,
            "write what may be read": lambda: (tmp_path / "read/file").write_bytes(b""),
            "write": lambda: (tmp_path / "write/file").write_bytes(b"new"),
            "delete": (tmp_path / "write/file").unlink,
            "make a link": lambda: (tmp_path / "write/link").symlink_to("/"),
            "read elsewhere": (tmp_path / "file").read_bytes,
            "move elsewhere": lambda: (tmp_path / "write/other").rename(tmp_path / "moved"),
            "change a mode": lambda: (tmp_path / "write/other").chmod(0o777),
            "run a program": lambda: os.execv("/bin/true", ["true"]),
        },
    )

    assert done == {"read", "write", "delete"}


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[tuple[int, int, str]]:
    """Two TCP ports and a Unix socket that somebody listens on."""
    path = str(tmp_path / "sock")
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        unix.bind(path)
        unix.listen()
        yield one.getsockname()[1], other.getsockname()[1], path


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (lambda port: NO_NETWORK, {"pair"}),
        (lambda port: NetworkAccess(unix=True), {"pair", "unix"}),
        (lambda port: NetworkAccess(connect_ports=(port,)), {"pair", "connect"}),
        (lambda port: NetworkAccess(lookup=True), {"pair", "send"}),
        (lambda port: WHOLE_NETWORK, {"pair", "unix", "connect", "connect elsewhere", "send", "listen", "datagrams"}),
    ],
)
def test_network(
    somebody: tuple[int, int, str], access: Callable[[int], NetworkAccess], expected: set[str], tmp_path: Path
) -> None:
    port, other_port, path = somebody

    done = _outcomes(
        Policy("test", python_paths(), (), network=access(port)),
        {
            "connect": lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", port)),
            "connect elsewhere": lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", other_port)),
            "send": lambda: _connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", port)),
            "listen": lambda: _listen(0),
            "unix": lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, path),
            "pair": socket.socketpair,
            "datagrams": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
        },
    )

    assert done == expected


def test_listening_on_one_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    done = _outcomes(
        Policy("test", python_paths(), (), network=NetworkAccess(bind_ports=(port,))),
        {"listen": lambda: _listen(port), "listen elsewhere": lambda: _listen(0)},
    )

    assert done == {"listen"}


def test_a_second_thread_keeps_a_process_out() -> None:
    def enter_with_a_thread() -> str:
        import threading

        threading.Thread(target=threading.Event().wait, daemon=True).start()
        try:
            enter_sandbox(Policy("test", (), ()))
        except Exception as error:
            return str(error)
        return "entered"

    assert in_process(enter_with_a_thread) == "2 threads run already"


def test_what_a_process_tells(tmp_path: Path) -> None:
    def enter_and_tell() -> str:
        enter_sandbox(Policy("test", python_paths(), (tmp_path,), network=NetworkAccess(unix=True, connect_ports=(1,))))
        state = sandbox_state()
        return (
            f"{state}|{state.allows_writing(tmp_path / 'file')}|{state.allows_writing(tmp_path.parent)}|{state.write}"
        )

    text, inside, outside, written = in_process(enter_and_tell).split("|")

    assert text.endswith("network unix, connect:1")
    assert (inside, outside) == ("True", "False")
    assert written == str((str(tmp_path),))


def test_a_process_outside_may_write_everywhere() -> None:
    assert SandboxState().allows_writing(Path("/"))
    assert str(SandboxState(reason="why")) == "not in force: why"
