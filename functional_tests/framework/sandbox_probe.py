"""Makes a program try what its sandbox forbids, in its own process, whenever it gets SIGUSR1.

The program itself has nothing for that. `write_probed_programs` makes executables that set a signal handler and then go
on as the real ones, in a folder in which they also find one another. The attempts are made on the program's main thread
and on one that is started for it.
"""

import ctypes
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "MONEYROCKET_TEST_PROBE"
"""Environment variable with the path of `Targets` as JSON."""

Outcomes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Targets:
    """What is tried on. All of it exists outside of the program, and nothing of it is needed.

    Attributes:
        folder: where each process writes its outcomes, in a file of its id.
        decoys: a folder in the folder of wallets, with a folder for each role and ``wallet.dat`` in it.
        documents: a folder that is nobody's business.
        tcp_port: somebody listens there on 127.0.0.1.
        unix_path: somebody listens there.
    """

    folder: str
    decoys: str
    documents: str
    tcp_port: int
    unix_path: str


def write_probed_programs(programs: list[Path], folder: Path) -> None:
    """Make executables of the same names that can be probed and are otherwise the same."""
    folder.mkdir()
    for program in programs:
        interpreter = program.read_text().partition("\n")[0].removeprefix("#!")
        probed = folder / program.name
        probed.write_text(
            f"#!{interpreter}\n"
            "import runpy\n"
            f"runpy.run_path({str(Path(__file__))!r})['listen_for_probes']()\n"
            f"code = compile(open({str(program)!r}).read(), {str(program)!r}, 'exec')\n"
            f"exec(code, {{'__name__': '__main__', '__file__': {str(program)!r}}})\n"
        )
        probed.chmod(0o755)


def probe(pid: int, folder: Path) -> Path:
    """Ask a process for its outcomes; returns the file that will hold them."""
    os.kill(pid, signal.SIGUSR1)
    return folder / str(pid)


def read_outcomes(file: Path) -> dict[str, Outcomes]:
    """Outcomes by thread (``main``, ``other``) and attempt; empty while they are not complete."""
    text = file.read_text() if file.exists() else ""
    outcomes: dict[str, dict[str, str]] = json.loads(text) if text.endswith("}\n") else {}
    return outcomes


# In the program


def listen_for_probes() -> None:
    """Set the signal handler; the file for the outcomes is opened now, since it may not be later."""
    targets = Targets(**json.loads(Path(os.environ[VARIABLE]).read_text()))
    role = Path(sys.argv[0]).name.removeprefix("moneyrocket-")
    output = os.open(Path(targets.folder) / str(os.getpid()), os.O_WRONLY | os.O_CREAT, 0o600)

    def run(number: int, frame: object) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        outcomes = {"main": _try_all(targets, role)}
        other = threading.Thread(target=lambda: outcomes.update(other=_try_all(targets, role)))
        other.start()
        other.join()
        os.write(output, json.dumps(outcomes).encode() + b"\n")

    signal.signal(signal.SIGUSR1, run)


def _try_all(targets: Targets, role: str) -> Outcomes:
    return {name: _outcome(attempt) for name, attempt in _attempts(targets, role).items()}


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def _attempts(targets: Targets, role: str) -> dict[str, Callable[[], object]]:
    wallet = Path(targets.decoys) / role / "wallet.dat"
    documents = Path(targets.documents)
    document = documents / "document"
    libc: Any = ctypes.CDLL(None, use_errno=True)

    def copy(path: Path) -> None:
        path.with_name(f"copy-{role}").write_bytes(b"made")
        path.with_name(f"copy-{role}").unlink()

    def connect(family: int, kind: int, address: object) -> None:
        with socket.socket(family, kind) as sock:
            sock.connect(address)  # type: ignore[arg-type]

    def bind() -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()

    def send_datagram() -> None:
        one, _other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with one, _other:
            one.send(b"")

    def truncate() -> None:
        os.truncate(wallet, wallet.stat().st_size)

    def rename() -> None:
        wallet.rename(wallet.with_name("moved"))
        wallet.with_name("moved").rename(wallet)

    def read_parents_memory() -> None:
        # Nothing to read: allowed or not is all that matters.
        if libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "process_vm_readv")

    return {
        "read a wallet": wallet.read_bytes,
        "write a wallet": lambda: wallet.open("r+b").close(),
        "cut a wallet off": truncate,
        "rename a wallet": rename,
        "let others read a wallet": lambda: wallet.chmod(0o600),
        "list wallets": lambda: list(wallet.parent.iterdir()),
        "make a file beside a wallet": lambda: copy(wallet),
        "read a document": document.read_bytes,
        "write a document": lambda: document.open("r+b").close(),
        "make a document": lambda: copy(document),
        "list documents": lambda: list(documents.iterdir()),
        "connect over TCP": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", targets.tcp_port)),
        "send over UDP": lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", targets.tcp_port)),
        "listen over TCP": bind,
        "connect to a Unix socket": lambda: connect(socket.AF_UNIX, socket.SOCK_STREAM, targets.unix_path),
        "make datagram sockets": send_datagram,
        "run a program": lambda: subprocess.run(["/bin/true"], check=True),
        "signal another process": lambda: os.kill(os.getppid(), 0),
        "read another process's memory": read_parents_memory,
    }


def write_targets(targets: Targets, file: Path) -> None:
    """Write what programs read at `VARIABLE`."""
    file.write_text(json.dumps(asdict(targets)))
