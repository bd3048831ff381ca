"""A moneyrocket-wallet that is started on its own: start, talk, stop, kill."""

import signal
import subprocess
from pathlib import Path

from functional_tests.framework.logs import LogSource
from functional_tests.framework.node import START_TIMEOUT, STOP_TIMEOUT, CliResult, Node, NodeSettings
from functional_tests.framework.process import kill_session, start_process
from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until

IN_WARMUP = -28


class WalletProcessError(Exception):
    """The wallet process did not start or stop as it should."""


class WalletProcess:
    """A wallet process with an RPC server and a data directory of its own, unless it shares its node's.

    Args:
        settings: programs, folders and ports; the P2P port is not used.
        node: the node that it attaches to. What it is told of it is an address, so the node need not run.
        shared: it uses the node's data directory.
        connect: the value of -ipcconnect; the node's default socket by default.
    """

    def __init__(self, settings: NodeSettings, node: Node, *, shared: bool = False, connect: str = "") -> None:
        self.settings = settings
        self.name = settings.name
        self.node = node
        self.shared = shared
        self.connect = connect or ("auto" if shared else f"unix:{node.chain_dir / 'node.sock'}")
        settings.directory.mkdir(parents=True, exist_ok=True)
        self.datadir = node.datadir if shared else settings.directory / "data"
        self.datadir.mkdir(exist_ok=True)
        self.stdout_path = settings.directory / "stdout"
        self.stderr_path = settings.directory / "stderr"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def executable(self) -> Path:
        """The program."""
        return self.settings.executables.node.with_name("moneyrocket-wallet")

    @property
    def chain_dir(self) -> Path:
        """The data directory of the regtest chain."""
        return self.datadir / "regtest"

    @property
    def cookie(self) -> Path:
        """The file with the credentials of the RPC server."""
        return self.chain_dir / ".wallet-cookie"

    @property
    def log(self) -> LogSource:
        """The process's log."""
        return LogSource(self.name, self.chain_dir / "wallet.log")

    @property
    def running(self) -> bool:
        """Whether it has been started and lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def rpc(self) -> RpcClient:
        """The methods that it answers itself."""
        return RpcClient(self.settings.rpc_port, self.cookie.read_text(), timeout=self.timeout(60))

    def wallet(self, name: str) -> RpcClient:
        """The methods of one wallet."""
        return self.rpc.at(f"/wallet/{name}")

    def timeout(self, seconds: float) -> float:
        """``seconds``, scaled by --timeout-factor."""
        return seconds * self.settings.timeout_factor

    def command(self, *args: str) -> list[str]:
        """The command line of a start with ``args``."""
        return [
            str(self.executable),
            f"-datadir={self.datadir}",
            "-regtest",
            "-server",
            f"-rpcport={self.settings.rpc_port}",
            f"-ipcconnect={self.connect}",
            "-printtoconsole=0",
            "-debug",
            "-logtimemicros",
            "-logthreadnames",
            "-fallbackfee=0.0002",
            "-keypool=10",
            *self.settings.extra_args,
            *args,
        ]

    def start(self, *args: str, wait: bool = True) -> None:
        """Start it, and wait until it answers unless told otherwise.

        Raises:
            WalletProcessError: it ends before.
        """
        assert not self.running, f"{self.name} is already running"
        self.stderr_path.write_bytes(b"")
        self.cookie.unlink(missing_ok=True)
        self._process = start_process(
            self.command(*args), stdout=self.stdout_path, stderr=self.stderr_path, pid_dir=self.settings.pid_dir
        )
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until its RPC server answers."""
        state = wait_until(
            self._probe_ready,
            f"{self.name} ready for RPC",
            timeout=self.timeout(START_TIMEOUT),
            accept=lambda seen: seen in ("ready", "ended"),
        )
        if state == "ended":
            raise WalletProcessError(f"{self.name} ended while starting: {self.stderr()!r}")

    def _probe_ready(self) -> str:
        if not self.running:
            return "ended"
        if not self.cookie.exists():
            return "no cookie yet"
        try:
            self.rpc.listwallets()
        except JsonRpcError as error:
            if error.code != IN_WARMUP:
                raise
            return f"warming up: {error.message}"
        except (OSError, HttpStatusError) as error:
            return f"no answer: {error}"
        return "ready"

    def wait_until_attached(self) -> None:
        """Wait until the node passes requests on to this process's wallets."""
        ours = set(self.rpc.listwallets())
        wait_until(
            self._seen_by_node,
            f"the node knows the wallets of {self.name}",
            timeout=self.timeout(30),
            accept=lambda seen: seen is not None and ours <= seen,
        )

    def _seen_by_node(self) -> set[str] | None:
        try:
            return set(self.node.rpc.listwallets())
        except JsonRpcError:
            return None

    def stderr(self) -> str:
        """What it wrote to standard error since its last start."""
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def stop(self) -> None:
        """Stop it by SIGTERM.

        Raises:
            WalletProcessError: it is slow, ends with an error, or writes to standard error.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self.wait_until_stopped()

    def wait_until_stopped(self) -> None:
        """Wait for a stop that has been asked for; raises as `stop` does."""
        assert self._process is not None
        try:
            status = self._process.wait(self.timeout(STOP_TIMEOUT))
        except subprocess.TimeoutExpired:
            raise WalletProcessError(f"{self.name} still runs after it was asked to stop") from None
        self._forget()
        if status or self.stderr():
            raise WalletProcessError(f"{self.name} stopped with status {status}, standard error {self.stderr()!r}")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._forget()

    def kill_all(self) -> None:
        """Kill whatever runs; harmless when nothing does."""
        if self._process is not None:
            kill_session(self._process.pid)
            self._process.wait()
            self._forget()

    def _forget(self) -> None:
        assert self._process is not None
        (self.settings.pid_dir / str(self._process.pid)).unlink(missing_ok=True)
        self._process = None

    def start_error(self, *args: str) -> str:
        """Start it expecting it to refuse; returns what it wrote to standard error, stripped."""
        done = subprocess.run(
            self.command(*args), capture_output=True, text=True, timeout=self.timeout(START_TIMEOUT), check=False
        )
        assert done.returncode == 1, f"{self.name} ended with status {done.returncode} when started with {args}"
        return done.stderr.strip()

    def cli(self, *args: str) -> CliResult:
        """Run the command-line client against this process."""
        done = subprocess.run(
            [
                str(self.settings.executables.cli),
                f"-datadir={self.datadir}",
                "-regtest",
                f"-rpcport={self.settings.rpc_port}",
                f"-rpccookiefile={self.cookie.name}",
                *args,
            ],
            capture_output=True,
            text=True,
            timeout=self.timeout(60),
            check=False,
        )
        return CliResult(done.returncode, done.stdout.strip(), done.stderr.strip())
