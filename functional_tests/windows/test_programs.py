"""Node and wallet as processes of their own: money is mined and paid, and each process ends when it shall."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from functional_tests.windows.node import NODE, SECONDS, WindowsNode, start

MATURITY = 100
SUBSIDY = 50


@pytest.fixture(scope="module")
def datadir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("node") / "data"


@pytest.fixture
def node(datadir: Path) -> Iterator[WindowsNode]:
    """A node that goes on with the chain and the wallets of the test before."""
    running = WindowsNode(datadir)
    yield running
    running.kill()


def has_ended(process: psutil.Process) -> bool:
    try:
        process.wait(SECONDS)
    except psutil.TimeoutExpired:
        return False
    return True


def test_mined_money_is_paid_and_both_processes_end_at_stop(datadir: Path) -> None:
    node = WindowsNode(datadir)
    try:
        node.rpc.createwallet("payer")
        node.rpc.createwallet("payee")
        payer, payee = node.wallet("payer"), node.wallet("payee")
        node.rpc.generatetoaddress(MATURITY + 1, payer.getnewaddress())
        assert payer.getbalance() == SUBSIDY

        txid = payer.sendtoaddress(payee.getnewaddress(), 20)

        assert node.rpc.getrawmempool() == [txid]
        assert payee.getbalances()["mine"]["untrusted_pending"] == 20
        node.rpc.generatetoaddress(1, payee.getnewaddress())
        assert payee.getbalance() == 20
        fee = -payer.gettransaction(txid)["fee"]
        # One more block of the payer's has matured.
        assert payer.getbalance() == 2 * SUBSIDY - 20 - fee
        assert node.cli("-rpcwallet=payee", "getbalance") == "20.00000000"

        wallet = node.wallet_process()
        assert wallet.is_running()
        assert node.cli("stop") == "Moneyrocket stopping"
        assert node.wait() == 0
        assert node.errors == ""
        assert has_ended(wallet)
    finally:
        node.kill()


def test_wallets_are_as_they_were_after_a_restart(node: WindowsNode) -> None:
    node.rpc.loadwallet("payee")

    assert node.wallet("payee").getbalance() == 20
    assert node.rpc.getblockcount() == MATURITY + 2


def test_the_wallet_process_ends_with_a_killed_node(node: WindowsNode) -> None:
    wallet = node.wallet_process()
    assert wallet.is_running()

    node.kill()

    assert has_ended(wallet)


def test_the_node_outlives_its_wallet_process(node: WindowsNode) -> None:
    node.wallet_process().kill()

    with pytest.raises(Exception, match="wallet process"):
        while True:
            node.rpc.listwallets()
    assert node.rpc.getblockcount() == MATURITY + 2


@pytest.mark.parametrize("option", ["-daemon", "-daemonwait"])
def test_there_is_no_background(datadir: Path, option: str) -> None:
    with start(*NODE, f"-datadir={datadir}", "-regtest", option) as process:
        _output, errors = process.communicate(timeout=SECONDS)

    assert process.returncode == 1
    assert "is not supported on this operating system" in errors
    assert "Traceback" not in errors
