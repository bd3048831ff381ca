"""A node in a process of its own, started and ended as a Windows program does that."""

import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until

SECONDS = 120.0
"""How long anything may take; nothing comes near it unless it hangs."""

NODE = ("-m", "moneyrocket.init.moneyrocket_node")
CLI = ("-m", "moneyrocket.cli.cli")


class WindowsNode:
    """moneyrocket-node on a regtest chain of its own, ready for RPC.

    Attributes:
        rpc: its methods.
        errors: what it wrote to standard error, known once it has ended.

    Args:
        directory: made if need be; data of an earlier node there is gone on with.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._port = free_port()
        self._options = [f"-datadir={directory}", "-regtest", f"-rpcport={self._port}"]
        self._chain = directory / "regtest"
        (self._chain / ".cookie").unlink(missing_ok=True)
        self._log_start = len(self._log())
        self.errors = ""
        self._process = start(
            *NODE, *self._options, "-listen=0", "-connect=0", "-printtoconsole=0", "-debug=ipc", "-fallbackfee=0.0002"
        )
        self._reader = threading.Thread(target=self._read_errors)
        self._reader.start()
        try:
            ready = wait_until(self._connect, "the node is ready", timeout=SECONDS)
        except BaseException:
            self.kill()
            raise
        assert ready is not None
        self.rpc = ready

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self.errors = self._process.stderr.read()

    def _connect(self) -> RpcClient | None:
        if self._process.poll() is not None:
            self._reader.join(SECONDS)
            raise AssertionError(f"the node ended with status {self._process.returncode}: {self.errors}")
        try:
            client = RpcClient(self._port, (self._chain / ".cookie").read_text())
            client.getblockcount()
        except (OSError, HttpStatusError, JsonRpcError):
            return None
        return client

    def _log(self) -> str:
        path = self._chain / "debug.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def wallet(self, name: str) -> RpcClient:
        """The methods of a wallet."""
        return self.rpc.at(f"/wallet/{name}")

    def wallet_process(self) -> psutil.Process:
        """The process that the node has started for its wallets."""
        launched = re.findall(r"Process moneyrocket-wallet pid (\d+) launched", self._log()[self._log_start :])
        assert len(launched) == 1
        return psutil.Process(int(launched[0]))

    def cli(self, *arguments: str) -> str:
        """What moneyrocket-cli prints."""
        with start(*CLI, *self._options, *arguments) as process:
            output, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
        return output.strip()

    def wait(self) -> int:
        """Wait for the node's end; returns its status."""
        status = self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return status

    def kill(self) -> None:
        """End the node at once; harmless when it has ended."""
        self._process.kill()
        self.wait()


def start(*arguments: str) -> "subprocess.Popen[str]":
    """Start a Python program whose output can be read."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def free_port() -> int:
    """A TCP port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
