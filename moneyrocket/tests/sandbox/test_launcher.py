import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from moneyrocket.sandbox.launched import LauncherClient, LauncherGoneError
from moneyrocket.sandbox.launcher import LaunchPlan, Program, fork_launcher
from moneyrocket.tests.sandbox.in_process import in_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what a launcher is for")

CHILD = """
import socket, sys
from moneyrocket.sandbox.launch import take_launch
from moneyrocket.sandbox.launched import LauncherClient
from pathlib import Path
ipc = socket.socket(fileno=int(sys.argv[1].partition("=")[2]))
settings, sock = take_launch()
client = LauncherClient(sock, [Path(path) for path in settings.split()])
for line in ipc.makefile():
    if line.startswith("send "):
        sock.send(line[5:].encode())
        ipc.sendall(b"sent\\n")
        continue
    if line == "flood\\n":
        sock.setblocking(False)
        try:
            while True:
                sock.send(b'{"do": "open", "path": "/", "flags": 0, "mode": 0}')
        except OSError:
            ipc.sendall(b"full\\n")
        continue
    try:
        import os
        fd = client.open(Path(line.strip()), os.O_RDONLY, 0)
        ipc.sendall(os.read(fd, 100) + b"\\n")
    except OSError as error:
        ipc.sendall(type(error).__name__.encode() + b"\\n")
sys.exit(7)
"""


@contextmanager
def _launcher(plan: LaunchPlan) -> Iterator[LauncherClient]:
    with fork_launcher(plan) as sock:
        yield LauncherClient(sock, plan.files, plan.readable_names)


def _error(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"


def _run(plan: LaunchPlan, use: Callable[[LauncherClient], object]) -> Any:
    """Use a launcher in a process of its own, which gives it one thread to fork from."""

    def run() -> str:
        with _launcher(plan) as client:
            return json.dumps(use(client))

    return json.loads(in_process(run))


def test_own_files_and_no_others(tmp_path: Path) -> None:
    own, temporary, wallet = tmp_path / "settings.json", tmp_path / "settings.json.tmp", tmp_path / "wallet.dat"
    wallet.write_text("keys")

    def use(client: LauncherClient) -> list[str]:
        descriptor = client.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(descriptor, b"text")
        client.rename(temporary, own)
        return [
            own.read_text(),
            str(client.covers(wallet)),
            _error(lambda: client.open(wallet, os.O_RDONLY, 0)),
            _error(lambda: client.remove(wallet)),
            _error(lambda: client.rename(own, wallet)),
            _error(lambda: client.rename(wallet, own)),
            _error(lambda: client.chmod(wallet, 0o777)),
            _error(lambda: client.open(tmp_path / "missing" / ".." / "wallet.dat", os.O_RDONLY, 0)),
            _error(lambda: client.remove(own)),
            _error(lambda: client.remove(own)),
        ]

    text, covered, *refused, removed, missing = _run(LaunchPlan(files=(own, temporary)), use)

    assert (text, covered) == ("text", "False")
    assert set(refused) == {"PermissionError"}
    assert (removed, missing) == ("done", "FileNotFoundError")
    assert wallet.read_text() == "keys"


def test_files_of_a_name_may_be_read_anywhere(tmp_path: Path) -> None:
    file, link, fifo = (tmp_path / name / "mempool.dat" for name in "abc")
    for path in (file, link, fifo):
        path.parent.mkdir()
    file.write_text("transactions")
    link.symlink_to(file)
    os.mkfifo(fifo)

    def use(client: LauncherClient) -> list[str]:
        text = os.read(client.open(file, os.O_RDWR, 0), 100).decode()
        return [
            text,
            _error(lambda: os.write(client.open(file, os.O_RDWR, 0), b"no")),
            _error(lambda: client.open(link, os.O_RDONLY, 0)),
            _error(lambda: client.open(fifo, os.O_RDONLY, 0)),
            _error(lambda: client.remove(file)),
        ]

    text, *refused = _run(LaunchPlan(readable_names=("mempool.dat",)), use)

    assert text == "transactions"
    assert "done" not in refused


def test_commands_as_they_were_given(tmp_path: Path) -> None:
    block = "ab" * 32
    plan = LaunchPlan(commands=(f"echo %s > {tmp_path / 'block'}", "exit 3"))

    def use(client: LauncherClient) -> list[object]:
        return [
            client.run(f"echo {block} > {tmp_path / 'block'}"),
            client.run("exit 3"),
            _error(lambda: client.run("echo other")),
            _error(lambda: client.run(f"echo {block}; id > {tmp_path / 'block'}")),
        ]

    assert _run(plan, use) == [0, 3, "PermissionError", "PermissionError"]
    assert (tmp_path / "block").read_text() == block + "\n"


def test_a_launched_process_gets_settings_a_socket_and_granted_files(tmp_path: Path) -> None:
    own, backup = tmp_path / "debug.log", tmp_path / "backup.dat"
    own.write_text("log")
    backup.write_text("backup")
    plan = LaunchPlan({"child": Program((sys.executable, "-c", CHILD), "-fd", str(own), (own,))})

    def use(client: LauncherClient) -> list[object]:
        child = client.start("child")
        lines = child.sock.makefile("rw")

        def ask(path: Path) -> str:
            lines.write(f"{path}\n")
            lines.flush()
            return lines.readline().strip()

        answers: list[object] = [ask(own), ask(backup)]
        with client.granted(str(backup), write=False):
            answers.append(ask(backup))
        with client.granted(str(backup), write=True):
            answers.append(ask(backup))
        answers.append(ask(backup))
        child.sock.shutdown(2)
        return [*answers, child.wait(30), child.wait(30)]

    answers = _run(plan, use)

    refused = "PermissionError"
    assert answers == ["log", refused, "backup", refused, refused, 7, 7]


@pytest.mark.parametrize("nonsense", ["send nonsense", "send {}", "send []", 'send {"do": "open", "path": 7}', "flood"])
def test_a_launched_process_that_sends_nonsense_harms_nobody_else(tmp_path: Path, nonsense: str) -> None:
    own = tmp_path / "own"
    own.write_text("text")
    plan = LaunchPlan({"child": Program((sys.executable, "-c", CHILD), "-fd")}, files=(own,))

    def use(client: LauncherClient) -> str:
        child = client.start("child")
        lines = child.sock.makefile("rw")
        lines.write(f"{nonsense}\n")
        lines.flush()
        lines.readline()
        return os.read(client.open(own, os.O_RDONLY, 0), 100).decode()

    assert _run(plan, use) == "text"


def test_how_a_process_ended() -> None:
    waits = Program((sys.executable, "-c", "import signal; signal.pause()"), "-fd")
    plan = LaunchPlan({"waits": waits, "missing": Program(("/no/such/program",), "-fd")})

    def use(client: LauncherClient) -> list[object]:
        child = client.start("waits")
        try:
            child.wait(0.01)
        except subprocess.TimeoutExpired:
            client.kill(child.pid)
        return [child.wait(30), _error(lambda: client.start("missing"))]

    assert _run(plan, use) == [-signal.SIGKILL, "FileNotFoundError"]


def test_a_launcher_that_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def use_after_kill() -> str:
        before = _children()
        with _launcher(LaunchPlan(files=(file,))) as client:
            (launcher,) = _children() - before
            os.kill(launcher, signal.SIGKILL)
            os.waitpid(launcher, 0)
            try:
                client.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
            except LauncherGoneError as error:
                return str(error)
        return "opened"

    assert in_process(use_after_kill) == "the launcher process has ended"


def test_it_ends_with_its_owner_and_has_a_title_of_its_own() -> None:
    def fork_and_tell() -> str:
        before = _children()
        with fork_launcher(LaunchPlan()) as sock:
            (launcher,) = _children() - before
            with pytest.raises(OSError, match="Permission"):
                LauncherClient(sock, ()).remove(Path("/nothing"))
            title = Path(f"/proc/{launcher}/cmdline").read_bytes().rstrip(b"\0").decode()
        _, status = os.waitpid(launcher, 0)
        return f"{title}|{status}"

    assert in_process(fork_and_tell) == "moneyrocket launcher|0"


def _children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}
