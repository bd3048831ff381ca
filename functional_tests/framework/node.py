"""One node under test: start, talk, stop, kill, restart."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functional_tests.framework.executables import Executables
from functional_tests.framework.logs import LogSource
from functional_tests.framework.process import ProcessInfo, kill_session, session_members, start_process
from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until

START_TIMEOUT = 60.0
STOP_TIMEOUT = 60.0
IN_WARMUP = -28


class NodeStartError(Exception):
    """The node ended, or did not answer, while it was being started."""


class NodeStopError(Exception):
    """The node did not stop as it should: slow, with an error status, or with output on standard error."""


@dataclass(frozen=True, slots=True)
class CliResult:
    """What a command-line program did."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What is fixed for the life of a `Node`, over all its restarts.

    Attributes:
        executables: programs under test.
        directory: folder of its own; the data directory is made inside.
        name: short name for logs.
        p2p_port: TCP port for peers.
        rpc_port: TCP port for HTTP.
        pid_dir: where its sessions are noted for the reaper.
        timeout_factor: scales every wait.
        extra_args: options given at every start.
    """

    executables: Executables
    directory: Path
    name: str
    p2p_port: int
    rpc_port: int
    pid_dir: Path
    timeout_factor: float = 1.0
    extra_args: tuple[str, ...] = ()


class Node:
    """A node in a directory of its own. It runs only between `start` and `stop` (or `kill`)."""

    def __init__(self, settings: NodeSettings) -> None:
        self.settings = settings
        self.name = settings.name
        self.datadir = settings.directory / "data"
        self.datadir.mkdir(parents=True, exist_ok=True)
        self.stdout_path = settings.directory / "stdout"
        self.stderr_path = settings.directory / "stderr"
        self._process: subprocess.Popen[bytes] | None = None
        self._rpc: RpcClient | None = None

    @property
    def chain_dir(self) -> Path:
        """The data directory of the regtest chain."""
        return self.datadir / "regtest"

    @property
    def debug_log(self) -> LogSource:
        """The node's log."""
        return LogSource(self.name, self.chain_dir / "debug.log")

    @property
    def p2p_address(self) -> str:
        """Where peers connect to."""
        return f"127.0.0.1:{self.settings.p2p_port}"

    @property
    def rpc(self) -> RpcClient:
        """The node's RPC methods."""
        if self._rpc is None:
            raise NodeStartError(f"{self.name} is not running")
        return self._rpc

    def wallet(self, name: str) -> RpcClient:
        """The RPC methods of one wallet of this node."""
        return self.rpc.at(f"/wallet/{name}")

    @property
    def pid(self) -> int:
        """Process id of the node itself."""
        if self._process is None:
            raise NodeStartError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the node has been started and its process lives."""
        return self._process is not None and self._process.poll() is None

    def timeout(self, seconds: float) -> float:
        """``seconds``, scaled by --timeout-factor."""
        return seconds * self.settings.timeout_factor

    def command(self, *args: str) -> list[str]:
        """The command line of a start with ``args``."""
        s = self.settings
        return [
            str(s.executables.node),
            f"-datadir={self.datadir}",
            "-regtest",
            f"-port={s.p2p_port}",
            f"-bind=127.0.0.1:{s.p2p_port}",
            f"-rpcport={s.rpc_port}",
            "-printtoconsole=0",
            "-debug",
            "-debugexclude=rand",
            "-logtimemicros",
            "-logthreadnames",
            "-fallbackfee=0.0002",
            "-connect=0",
            "-keypool=10",
            f"-uacomment={s.name}",
            *s.extra_args,
            *args,
        ]

    def start(self, *args: str, wait: bool = True) -> None:
        """Start the node, and wait until it answers unless told otherwise.

        Raises:
            NodeStartError: if it ends before it answers, with what it wrote to standard error.
        """
        assert not self.running, f"{self.name} is already running"
        self.stderr_path.write_bytes(b"")
        cookie = self.chain_dir / ".cookie"
        cookie.unlink(missing_ok=True)
        self._process = start_process(
            self.command(*args), stdout=self.stdout_path, stderr=self.stderr_path, pid_dir=self.settings.pid_dir
        )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until RPC answers and the node has finished loading."""
        state = wait_until(
            self._probe_ready,
            f"{self.name} ready for RPC",
            timeout=self.timeout(START_TIMEOUT),
            accept=lambda seen: seen in ("ready", "ended"),
        )
        if state == "ended":
            assert self._process is not None
            raise NodeStartError(
                f"{self.name} ended with status {self._process.returncode} while starting: {self.stderr().strip()!r}"
            )

    def _probe_ready(self) -> str:
        assert self._process is not None
        if self._process.poll() is not None:
            return "ended"
        cookie = self.chain_dir / ".cookie"
        if not cookie.exists():
            return "no cookie yet"
        credentials = cookie.read_text()
        client = RpcClient(self.settings.rpc_port, credentials, timeout=self.timeout(60))
        try:
            client.getblockcount()
            loaded = client.getmempoolinfo()["loaded"]
        except JsonRpcError as error:
            if error.code != IN_WARMUP:
                raise
            return f"warming up: {error.message}"
        except (OSError, HttpStatusError) as error:
            return f"no answer: {error}"
        if not loaded:
            return "mempool not loaded yet"
        self._rpc = client
        return "ready"

    def stderr(self) -> str:
        """What the node wrote to standard error since its last start."""
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def stop(self) -> None:
        """Stop the node by RPC.

        Raises:
            NodeStopError: if it is slow, ends with an error, leaves a process, or writes to standard error.
        """
        self.rpc.stop()
        self.wait_until_stopped()

    def terminate(self) -> None:
        """Stop the node by SIGTERM, or by RPC where there is none; raises as `stop` does."""
        assert self._process is not None
        if self.settings.executables.takes_sigterm:
            self._process.send_signal(signal.SIGTERM)
        else:
            self.rpc.stop()
        self.wait_until_stopped()

    def wait_until_stopped(self) -> None:
        """Wait for a stop that has been asked for; raises as `stop` does."""
        assert self._process is not None
        session = self._process.pid
        try:
            status = self._process.wait(self.timeout(STOP_TIMEOUT))
        except subprocess.TimeoutExpired:
            raise NodeStopError(
                f"{self.name} still runs {self.timeout(STOP_TIMEOUT):.0f} s after it was asked to stop"
            ) from None
        wait_until(
            lambda: session_members(session),
            f"every process of {self.name} ended with it",
            timeout=self.timeout(10),
            accept=lambda members: not members,
        )
        self._forget()
        if status or self.stderr():
            raise NodeStopError(f"{self.name} stopped with status {status}, standard error {self.stderr()!r}")

    def kill(self) -> None:
        """Kill the node's own process with SIGKILL, and wait until all its processes are gone."""
        assert self._process is not None
        session = self._process.pid
        self._process.kill()
        self._process.wait()
        wait_until(
            lambda: session_members(session),
            f"no process of {self.name} outlives its killed node",
            timeout=self.timeout(10),
            accept=lambda members: not members,
        )
        self._forget()

    def kill_all(self) -> None:
        """Kill every process of the node at once; harmless when none runs."""
        if self._process is not None:
            kill_session(self._process.pid)
            self._process.wait()
            self._forget()

    def _forget(self) -> None:
        assert self._process is not None
        (self.settings.pid_dir / str(self._process.pid)).unlink(missing_ok=True)
        self._process = None
        self._rpc = None

    def restart(self, *args: str) -> None:
        """Stop the node and start it again, with ``args``."""
        self.stop()
        self.start(*args)

    def processes(self) -> list[ProcessInfo]:
        """The node's processes: itself, and what it has spawned; launchers left out."""
        return [process for process in session_members(self.pid) if not process.is_launcher]

    def launchers(self) -> list[ProcessInfo]:
        """The processes that start others for a sandboxed one."""
        return [process for process in session_members(self.pid) if process.is_launcher]

    def start_error(self, *args: str) -> str:
        """Start the node expecting it to refuse.

        Returns:
            What it wrote to standard error, stripped.

        Raises:
            AssertionError: if it does not end with a non-zero status.
        """
        assert not self.running, f"{self.name} is already running"
        try:
            done = subprocess.run(
                self.command(*args), capture_output=True, text=True, timeout=self.timeout(START_TIMEOUT), check=False
            )
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} started with {args}, and was expected to refuse") from None
        assert done.returncode != 0, f"{self.name} ended with status 0 when started with {args}"
        return done.stderr.strip()

    def cli(self, *args: str, stdin: str | None = None) -> CliResult:
        """Run the command-line client against this node."""
        done = subprocess.run(
            [
                str(self.settings.executables.cli),
                f"-datadir={self.datadir}",
                "-regtest",
                f"-rpcport={self.settings.rpc_port}",
                *args,
            ],
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=self.timeout(60),
            check=False,
        )
        return CliResult(done.returncode, done.stdout.strip(), done.stderr.strip())

    @contextmanager
    def expect_log(self, *texts: str, timeout: float = 10) -> Iterator[None]:
        """Every one of ``texts`` appears in debug.log while the block runs, or soon after."""
        path = self.debug_log.path
        offset = path.stat().st_size if path.exists() else 0
        yield

        def missing() -> list[str]:
            with path.open("rb") as log:
                log.seek(offset)
                added = log.read().decode(errors="replace")
            return [text for text in texts if text not in added]

        wait_until(missing, f"debug.log of {self.name}", timeout=self.timeout(timeout), accept=lambda left: not left)

    def generate(self, blocks: int, descriptor: str) -> list[str]:
        """Mine blocks to a descriptor's script; returns their hashes."""
        hashes: list[str] = self.rpc.generatetodescriptor(blocks, descriptor)
        return hashes

    def wait_for(self, method: str, accept: Any, *args: object, timeout: float = 30) -> Any:
        """Call an RPC method until ``accept`` likes its result."""
        return wait_until(
            lambda: self.rpc.call(method, *args),
            f"{method} of {self.name}",
            timeout=self.timeout(timeout),
            accept=accept,
        )
