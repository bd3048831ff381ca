"""moneyrocket pair: one line to carry over in each direction, and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from moneyrocket.cli import pair
from moneyrocket.cli.dispatcher import main


class Machine:
    """A data directory, and the command run there."""

    def __init__(self, datadir: Path, capsys: pytest.CaptureFixture[str]) -> None:
        datadir.mkdir()
        self._datadir = datadir
        self._capsys = capsys

    def pair(self, *arguments: str) -> tuple[str, str]:
        """Output for scripts, and for people."""
        status, out, err = self.run(*arguments)
        assert status == 0, err
        return out, err

    def fails(self, *arguments: str) -> str:
        """The one line that says why."""
        status, out, err = self.run(*arguments)
        assert status == 1
        assert out == ""
        assert err.startswith("Error: ")
        assert err.count("\n") == 1
        return err.removeprefix("Error: ").rstrip()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = pair.run([f"-datadir={self._datadir}", "-regtest", *arguments])
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    return Machine(tmp_path / "node", capsys)


@pytest.fixture
def wallet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    return Machine(tmp_path / "wallet", capsys)


def test_one_line_in_each_direction(node: Machine, wallet: Machine) -> None:
    to_node, told = wallet.pair("-role=wallet")
    assert to_node.startswith("moneyrocket:wallet:")
    assert to_node.count("\n") == 1
    assert "moneyrocket pair <this line>" in told

    to_wallet, told = node.pair(to_node)
    assert to_wallet.startswith("moneyrocket:node:")
    assert "This node now trusts the wallet" in told
    assert "Compare the fingerprint" in told
    assert "moneyrocket pair -role=wallet <this line>" in told

    _, told = wallet.pair("-role=wallet", to_wallet)
    assert "This wallet now trusts the node" in told


def test_both_sides_show_the_same_fingerprints(node: Machine, wallet: Machine) -> None:
    line, _ = wallet.pair("-role=wallet")
    node.pair(line)

    own = wallet.pair("-list")[0].split("wallet")[1]

    listed = node.pair("-list")[0].splitlines()
    assert [text.split()[:2] for text in listed] == [["own", "node"], ["peer", "wallet"]]
    assert listed[1].split("wallet")[1].strip() == own.strip()


def test_a_forgotten_peer_is_not_listed(node: Machine, wallet: Machine) -> None:
    node.pair(wallet.pair("-role=wallet")[0])
    fingerprint = "".join(node.pair("-list")[0].splitlines()[1].split()[2:7])

    told, _ = node.pair(f"-forget={fingerprint[:8]}")

    assert told.startswith("Forgot the wallet ")
    assert "peer" not in node.pair("-list")[0]
    assert "No peer with the fingerprint" in node.fails(f"-forget={fingerprint}")


def test_a_new_key_has_another_line(node: Machine) -> None:
    before, _ = node.pair()
    after, told = node.pair("-renew")

    assert after != before
    assert "pair it anew" in told
    assert node.pair()[0] == after


def test_help(node: Machine) -> None:
    assert "-forget=<fingerprint>" in node.pair("-help")[0]


def test_nothing_to_list(node: Machine) -> None:
    out, told = node.pair("-list")
    assert out == ""
    assert "Begin with: moneyrocket pair" in told


def test_what_makes_no_sense_is_refused(node: Machine, wallet: Machine) -> None:
    own, _ = node.pair()

    assert "This is not a line" in node.fails("hello")
    assert "The line is not whole" in node.fails(own[:200])
    assert "add -role=wallet, -role=gui, -role=cli" in wallet.fails(own)
    assert "This is a node's line, and a node does not connect to a node" in node.fails("-role=node", own)
    assert "There is no role 'miner'; choose one of node, wallet, gui, cli" in node.fails("-role=miner")
    assert "Only one of -list, -renew may be given" in node.fails("-list", "-renew")
    assert "Only one of -list, a line may be given" in node.fails("-list", own)
    assert "Invalid parameter -peer" in node.fails("-peer=x")


def test_it_is_a_command_of_the_dispatcher(
    node: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line, _ = node.pair()
    monkeypatch.setattr("sys.argv", ["moneyrocket", "pair", f"-datadir={node._datadir}", "-regtest"])

    assert main() == 0

    assert capsys.readouterr().out == line
