"""Two networks on one machine, joined by a cable: Linux network namespaces and a pair of virtual interfaces.

Works for root, and for others where the kernel lets them make user namespaces. Needs ``unshare`` and ``nsenter``
(util-linux) and ``ip`` (iproute2).
"""

import os
import shutil
import subprocess
from types import TracebackType
from typing import Final

_HOLD: Final = "echo ready; exec cat >&2"
"""Keeps a namespace for as long as standard input is open."""


class NamespaceError(Exception):
    """The machine does not allow network namespaces, or lacks a tool; the text says which command failed and why."""


class _Holder:
    def __init__(self, enter_user: list[str], unshare: list[str]) -> None:
        self._process = subprocess.Popen(
            [*enter_user, "unshare", *unshare, "sh", "-c", _HOLD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if self._process.stdout.readline() != b"ready\n":
            raise NamespaceError(f"unshare {' '.join(unshare)}: {self._process.stderr.read().decode().strip()}")
        self.pid = self._process.pid

    def close(self) -> None:
        self._process.communicate()


class TwoNetworks:
    """Networks 0 and 1, whose hosts see each other under `address` and nothing else.

    Raises:
        NamespaceError: they cannot be made.
    """

    def __init__(self) -> None:
        for tool in ("unshare", "nsenter", "ip"):
            if shutil.which(tool) is None:
                raise NamespaceError(f"{tool} is missing; on Debian or Ubuntu: apt install util-linux iproute2")
        root = os.geteuid() == 0
        first = _Holder([], ["--net"] if root else ["--user", "--map-root-user", "--net"])
        self._user = [] if root else ["nsenter", "--preserve-credentials", "--user", "--target", str(first.pid)]
        self._holders = [first]
        try:
            self._holders.append(_Holder(self._user, ["--net"]))
            self._join()
        except BaseException:
            self.close()
            raise

    def address(self, network: int) -> str:
        """IPv4 address of the host in ``network``."""
        return f"10.83.0.{network + 1}"

    def command(self, network: int, *words: str) -> list[str]:
        """The command line that runs ``words`` in ``network``; the program replaces the tools that lead there."""
        user = ["--preserve-credentials", "--user"] if self._user else []
        return ["nsenter", *user, "--net", "--target", str(self._holders[network].pid), "--", *words]

    def cut(self) -> None:
        """Pull the cable: packets are lost without a word to either side."""
        self._run(0, "ip", "link", "set", "cable0", "down")

    def mend(self) -> None:
        """Put the cable back."""
        self._run(0, "ip", "link", "set", "cable0", "up")

    def close(self) -> None:
        """Remove the networks. Whatever still runs there keeps them."""
        for holder in self._holders:
            holder.close()

    def _join(self) -> None:
        other = str(self._holders[1].pid)
        self._run(0, "ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", other)
        for network in (0, 1):
            self._run(network, "ip", "address", "add", f"{self.address(network)}/24", "dev", f"cable{network}")
            self._run(network, "ip", "link", "set", "lo", "up")
            self._run(network, "ip", "link", "set", f"cable{network}", "up")

    def _run(self, network: int, *words: str) -> None:
        done = subprocess.run(self.command(network, *words), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NamespaceError(f"{' '.join(words)}: {done.stderr.strip()}")

    def __enter__(self) -> "TwoNetworks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
