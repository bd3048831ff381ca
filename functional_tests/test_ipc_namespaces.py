"""Node and wallet on networks of their own, joined by a cable: two network namespaces of one machine."""

import json
import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from functional_tests.framework.executables import Executables
from functional_tests.framework.mini_wallet import NOBODYS_DESCRIPTOR
from functional_tests.framework.network_namespaces import TwoNetworks
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.pairing import pair
from functional_tests.framework.process import start_process
from functional_tests.framework.waiting import wait_until

pytestmark = pytest.mark.components

IPC_PORT = 8500
RPC_PORT = 8501
PATIENCE = 60.0
NOBODYS_ADDRESS = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202"
"""Of the key hash that is all zeros."""


class Host:
    """A program on one of the networks, and the client beside it.

    Args:
        networks: the two networks.
        number: which of them it is on.
        executables: the programs.
        factory: has the folders and the time factor of this test.
        name: name of the program's executable and of its folder.
    """

    def __init__(
        self, networks: TwoNetworks, number: int, executables: Executables, factory: NodeFactory, name: str
    ) -> None:
        self._networks = networks
        self._number = number
        self._executables = executables
        self._settings = factory.create(premined=False).settings
        self.name = name
        self.datadir = self._settings.directory / "data"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start the program and wait until it answers."""
        program = str(self._executables.node.with_name(self.name))
        options = ["-regtest", f"-datadir={self.datadir}", "-server", f"-rpcport={RPC_PORT}", "-printtoconsole=0"]
        self._process = start_process(
            self._networks.command(self._number, program, *options, "-fallbackfee=0.0002", *arguments),
            stdout=self._settings.directory / "stdout",
            stderr=self._settings.directory / "stderr",
            pid_dir=self._settings.pid_dir,
        )
        self.wait_for("answers", lambda: self._run("uptime").returncode, 0)

    def call(self, method: str, *arguments: object) -> Any:
        """The result of an RPC method, asked with the command-line client on the same network."""
        done = self._run(method, *arguments)
        assert done.returncode == 0, f"{self.name}: {method}: {done.stderr}"
        try:
            return json.loads(done.stdout, parse_float=Decimal)
        except json.JSONDecodeError:
            return done.stdout.strip()

    def wait_for(self, what: str, probe: Any, wanted: object) -> None:
        """Wait until a probe finds what is wanted."""
        wait_until(
            probe,
            f"{self.name} {what}",
            timeout=PATIENCE * self._settings.timeout_factor,
            accept=lambda seen: seen == wanted,
        )

    def stop(self) -> None:
        """Stop it in order."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(PATIENCE) == 0, (self._settings.directory / "stderr").read_text()

    def close(self) -> None:
        """Kill it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _run(self, method: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        cookie = ".wallet-cookie" if self.name.endswith("-wallet") else ".cookie"
        client = [str(self._executables.cli), "-regtest", f"-datadir={self.datadir}", "-noipcconnect"]
        client += [f"-rpcport={RPC_PORT}", f"-rpccookiefile={cookie}", method, *map(str, arguments)]
        command = self._networks.command(self._number, *client)
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.fixture
def networks() -> Iterator[TwoNetworks]:
    with TwoNetworks() as made:
        yield made


@pytest.fixture
def node(networks: TwoNetworks, executables: Executables, node_factory: NodeFactory) -> Iterator[Host]:
    host = Host(networks, 0, executables, node_factory, "moneyrocket-node")
    yield host
    host.close()


@pytest.fixture
def wallet(networks: TwoNetworks, executables: Executables, node_factory: NodeFactory) -> Iterator[Host]:
    host = Host(networks, 1, executables, node_factory, "moneyrocket-wallet")
    yield host
    host.close()


def test_a_wallet_on_another_network_syncs_pays_and_survives_a_cut_cable(
    networks: TwoNetworks, node: Host, wallet: Host, executables: Executables
) -> None:
    address = f"tcp:{networks.address(0)}:{IPC_PORT}"
    pair(executables, node.datadir, wallet.datadir, "wallet")
    node.start("-disablewallet", "-listen=0", "-connect=0", f"-ipcbind={address}")
    wallet.start(f"-ipcconnect={address}")
    wallet.call("createwallet", "w")
    node.wait_for("knows the wallet", lambda: node.call("listwallets"), ["w"])

    # It syncs: the coins of blocks that the node has mined.
    node.call("generatetoaddress", 101, wallet.call("getnewaddress"))
    wallet.wait_for("has 50 BTC", lambda: wallet.call("getbalance"), Decimal(50))

    # It pays.
    txid = wallet.call("sendtoaddress", NOBODYS_ADDRESS, "1.5")
    assert node.call("getrawmempool") == [txid]
    node.call("generatetodescriptor", 1, NOBODYS_DESCRIPTOR)
    wallet.wait_for("sees it confirmed", lambda: wallet.call("gettransaction", txid)["confirmations"], 1)

    # What happened while nothing could be said is known afterwards.
    networks.cut()
    node.call("generatetodescriptor", 5, NOBODYS_DESCRIPTOR)
    networks.mend()
    wallet.wait_for("catches up", lambda: wallet.call("gettransaction", txid)["confirmations"], 6)

    wallet.stop()
    node.stop()
