"""moneyrocket-cli past HTTP, and Bitcoin Core's bitcoin-cli if BITCOIN_CLI says where it is.

In the monolithic shape nobody can connect, and the client goes by HTTP.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from functional_tests.framework.node import CliResult, Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.premined_chain import HEIGHT

CALLS = (
    "getblockcount",
    "getbestblockhash",
    "getblockhash 7",
    "getblockhash 100000",
    "getblockheader 00",
    "getblockstats 5",
    "getmempoolinfo",
    "getrawmempool true",
    "getdifficulty",
    "getdeploymentinfo",
    "getchaintips",
    "getpeerinfo",
    "getnettotals x",
    "help getblock",
    "no_such_method",
    "echo ä",
    'echojson {"a":[1.50,null]}',
    "decodescript 51",
    "validateaddress x",
    "-named getblockhash height=9",
    "-named getblockhash wrong=9",
    "-rpcwallet=w getwalletinfo",
    "-rpcwallet=none getwalletinfo",
    "estimatesmartfee 6",
    "gettxoutsetinfo none",
)
CLIENTS = ("moneyrocket-cli", *(["bitcoin-cli"] if os.environ.get("BITCOIN_CLI") else []))


@dataclass(frozen=True, slots=True)
class Place:
    """A node and the socket it listens on.

    Attributes:
        node: the node.
        datadir: another name of its data directory, short enough for a socket in it.
    """

    node: Node
    datadir: Path

    @property
    def address(self) -> str:
        """What -ipcbind and -ipcconnect take."""
        return f"unix:{self.datadir}/regtest/node.sock"

    def start(self, *options: str) -> bool:
        """Start the node with its socket; False in the shape that has none."""
        if not self.node.settings.executables.is_multiprocess:
            self.node.start(*options)
            return False
        self.node.start(f"-ipcbind={self.address}", *options)
        return True

    def cli(self, *args: str) -> CliResult:
        """Run moneyrocket-cli with a password that is wrong, so that HTTP gets nowhere."""
        return self.node.cli(f"-datadir={self.datadir}", "-rpcpassword=wrong", *args)

    def call(self, client: str, *args: str) -> CliResult:
        """Run a client past HTTP."""
        if client == "moneyrocket-cli":
            return self.cli(f"-ipcconnect={self.address}", *args)
        command = [os.environ["BITCOIN_CLI"], "-regtest", f"-datadir={self.datadir}", "-rpcpassword=wrong"]
        done = subprocess.run(
            [*command, f"-ipcconnect={self.address}", *args], capture_output=True, text=True, timeout=60, check=False
        )
        return CliResult(done.returncode, done.stdout.strip(), done.stderr.strip())


@pytest.fixture
def place(node_factory: NodeFactory) -> Iterator[Place]:
    """A node that is not running yet."""
    node = node_factory.create()
    with tempfile.TemporaryDirectory(prefix="moneyrocket-") as folder:
        link = Path(folder) / "data"
        link.symlink_to(node.datadir)
        yield Place(node, link)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_answers_are_those_of_http(place: Place, client: str) -> None:
    if not place.start():
        return
    place.node.rpc.createwallet("w")

    for call in CALLS:
        options, expected = call.split(), place.node.cli("-noipcconnect", *call.split())
        answer = place.call(client, *options)
        assert (answer.status, answer.stdout) == (expected.status, expected.stdout), call
        assert answer.stderr.replace("bitcoin-cli", "moneyrocket-cli") == expected.stderr, call


def test_overviews_and_mining_work_as_over_http(place: Place) -> None:
    if not place.start():
        return
    place.node.rpc.createwallet("w")

    overview = place.cli(f"-ipcconnect={place.address}", "-getinfo")
    peers = place.cli(f"-ipcconnect={place.address}", "-netinfo")
    mined = place.cli(f"-ipcconnect={place.address}", "-generate", "2")

    assert f"Blocks: {HEIGHT}" in overview.stdout
    assert (peers.status, mined.status) == (0, 0)
    assert place.node.rpc.getblockcount() == HEIGHT + 2


@pytest.mark.parametrize("options", [(), ("-ipcconnect=auto",), ("-ipcconnect=unix",)])
def test_the_default_socket_is_found(place: Place, options: tuple[str, ...]) -> None:
    if place.start():
        assert place.cli(*options, "getblockcount").stdout == str(HEIGHT)
    elif options != ("-ipcconnect=unix",):
        assert place.node.cli(*options, "getblockcount").stdout == str(HEIGHT)


def test_http_is_used_when_it_is_asked_for(place: Place) -> None:
    place.start()

    for option in ("-noipcconnect", "-ipcconnect=0", "-rpcconnect=127.0.0.1"):
        assert "Authorization failed" in place.cli(option, "getblockcount").stderr


def test_http_is_used_when_nobody_listens(place: Place) -> None:
    place.start()
    place.node.restart()

    assert "Authorization failed" in place.cli("getblockcount").stderr
    assert place.node.cli("-ipcconnect=auto", "getblockcount").stdout == str(HEIGHT)


def test_a_socket_without_a_node_is_told_with_what_to_do(place: Place) -> None:
    result = place.cli(f"-ipcconnect={place.address}", "getblockcount")

    assert result.status == 1
    if place.node.settings.executables.is_multiprocess:
        hint = "Can be started with:\n\n    moneyrocket-node -chain=regtest -ipcbind=unix"
        assert result.stderr.startswith("error: No such file or directory\n\nProbably moneyrocket-node is not running")
        assert result.stderr.endswith(hint)


def test_http_and_a_socket_cannot_both_be_asked_for(place: Place) -> None:
    result = place.cli("-ipcconnect=unix", "-rpcconnect=127.0.0.1", "getblockcount")

    assert (result.status, result.stderr) == (1, "error: -rpcconnect and -ipcconnect options cannot both be enabled")


def test_an_address_that_is_none_is_refused(place: Place) -> None:
    result = place.cli("-ipcconnect=elsewhere", "getblockcount")

    assert (result.status, result.stderr) == (
        1,
        "error: Invalid -ipcconnect address: Unrecognized address 'elsewhere'",
    )


def test_rpcwait_waits_for_the_socket(place: Place) -> None:
    if not place.node.settings.executables.is_multiprocess:
        return
    place.node.start(f"-ipcbind={place.address}", wait=False)

    result = place.cli(f"-ipcconnect={place.address}", "-rpcwait", "-rpcwaittimeout=60", "getblockcount")

    assert (result.status, result.stdout) == (0, str(HEIGHT))
    place.node.wait_until_ready()


def test_a_whitelist_holds_for_the_name_of_the_user(place: Place) -> None:
    if not place.start("-rpcwhitelist=guest:getblockcount", "-rpcwhitelistdefault=0"):
        return
    guest = (f"-ipcconnect={place.address}", "-rpcuser=guest")

    assert place.cli(*guest, "getblockcount").stdout == str(HEIGHT)
    refused = place.cli(*guest, "getbestblockhash")
    assert (refused.status, refused.stderr) == (
        1,
        "error: the -rpcwhitelist of the node does not allow this method to the user 'guest'",
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_a_node_stops_after_it_has_answered(place: Place, client: str) -> None:
    for _ in range(3):
        if not place.start():
            return

        assert place.call(client, "stop") == CliResult(0, "Moneyrocket stopping", "")

        place.node.wait_until_stopped()
