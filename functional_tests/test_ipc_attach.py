"""A wallet process that is started on its own: it attaches to a node, outlives it, and catches up when it is back."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from functional_tests.framework.mini_wallet import NOBODYS_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.rpc_client import JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until
from functional_tests.framework.wallet_process import WalletProcess

pytestmark = pytest.mark.components

COIN = 100_000_000
NODE_AWAY = -9
NOT_FOUND = -18
NOT_SPECIFIED = -19
METHOD_NOT_FOUND = -32601


@pytest.fixture
def bare_node(node_factory: NodeFactory) -> Node:
    """A running node that has no wallet of its own and takes those of others."""
    return node_factory.start("-disablewallet", "-ipcbind=unix")


@pytest.fixture
def attached(node_factory: NodeFactory, bare_node: Node) -> WalletProcess:
    """A wallet process attached to ``bare_node``, with a wallet ``w``."""
    process = node_factory.create_wallet(bare_node)
    process.start()
    process.rpc.createwallet("w", load_on_startup=True)
    process.wait_until_attached()
    return process


@pytest.fixture
def funded(bare_node: Node, attached: WalletProcess) -> RpcClient:
    """The wallet ``w`` by its own process's server, with ten confirmed coins of 1 BTC."""
    wallet = attached.wallet("w")
    coins = MiniWallet(bare_node)
    for _ in range(10):
        coins.fund(wallet.getnewaddress(), COIN)
    wait_for_balance(attached, 10)
    return wallet


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """Code and text of the error that a call ends with."""
    with pytest.raises(JsonRpcError) as caught:
        call()
    return caught.value.code, caught.value.message


def wait_for_balance(process: WalletProcess, amount: int | str | Decimal, name: str = "w") -> None:
    """Wait until a wallet has an amount in BTC, asked of its own process."""
    wait_until(
        process.wallet(name).getbalance,
        f"balance of {name}",
        timeout=process.timeout(30),
        accept=lambda seen: seen == Decimal(amount),
    )


def wait_until_caught_up(process: WalletProcess, name: str = "w") -> None:
    """Wait until a wallet has taken in the tip of its node."""
    tip = process.node.rpc.getbestblockhash()
    wait_until(
        lambda: process.wallet(name).getwalletinfo()["lastprocessedblock"]["hash"],
        f"{name} at the tip",
        timeout=process.timeout(30),
        accept=lambda seen: seen == tip,
    )


def wait_until_away(process: WalletProcess) -> None:
    """Wait until a wallet process has noticed that its node is away."""
    wait_until(
        lambda: refusal(lambda: process.wallet("w").sendtoaddress(process.wallet("w").getnewaddress(), 1))[0],
        f"{process.name} misses its node",
        timeout=process.timeout(10),
        accept=lambda code: code == NODE_AWAY,
    )


# Coming and going


def test_a_wallet_attaches_to_a_running_node(bare_node: Node, funded: RpcClient) -> None:
    txid = funded.sendtoaddress(funded.getnewaddress(), 2)
    bare_node.generate(1, NOBODYS_DESCRIPTOR)

    assert bare_node.wallet("w").gettransaction(txid)["confirmations"] == 1
    assert funded.gettransaction(txid)["confirmations"] == 1


def test_a_wallet_that_starts_first_waits_for_its_node(node_factory: NodeFactory) -> None:
    node = node_factory.create("-disablewallet", "-ipcbind=unix")
    process = node_factory.create_wallet(node)
    process.start()
    process.rpc.createwallet("w")
    address = process.rpc.getnewaddress()

    node.start()
    process.wait_until_attached()
    MiniWallet(node).fund(address, COIN)

    assert process.rpc.getbalance() == 1


def test_a_wallet_shares_the_data_directory_of_its_node(node_factory: NodeFactory, bare_node: Node) -> None:
    process = node_factory.create_wallet(bare_node, shared=True)
    process.start()
    process.rpc.createwallet("w", load_on_startup=True)
    process.wait_until_attached()
    address = bare_node.rpc.getnewaddress()
    process.stop()
    process.start()

    assert process.rpc.getaddressinfo(address)["ismine"]
    assert '"walletname": "w"' in process.cli("getwalletinfo").stdout
    assert process.cli("getblockcount").status != 0
    assert "wallet" not in (bare_node.chain_dir / "settings.json").read_text()
    assert bare_node.cli("getblockcount").stdout == "200"


@pytest.mark.parametrize("leave", ["stop", "kill"])
def test_a_wallet_outlives_its_node_and_catches_up(
    bare_node: Node, attached: WalletProcess, funded: RpcClient, leave: str
) -> None:
    getattr(bare_node, leave)()
    wait_until_away(attached)
    balance, history, address = funded.getbalance(), funded.listtransactions(), funded.getnewaddress()

    bare_node.start()
    txid = MiniWallet(bare_node).fund(address, COIN)
    wait_until_caught_up(attached)

    assert (balance, len(history)) == (10, 10)
    assert funded.gettransaction(txid)["confirmations"] == 1
    assert funded.getbalance() == 11


@pytest.mark.parametrize("leave", ["stop", "kill"])
def test_payments_to_a_wallet_that_is_away_are_found(
    bare_node: Node, attached: WalletProcess, funded: RpcClient, leave: str
) -> None:
    address = funded.getnewaddress()
    script = bytes.fromhex(funded.getaddressinfo(address)["scriptPubKey"])
    getattr(attached, leave)()
    code, message = refusal(bare_node.wallet("w").getbalance)
    coins = MiniWallet(bare_node)
    mined = coins.fund(address, COIN)
    waiting = coins.pay(script, COIN).txid

    attached.start()
    attached.wait_until_attached()

    assert code == NOT_FOUND
    assert "Start moneyrocket-wallet again" in message
    assert attached.wallet("w").gettransaction(mined)["confirmations"] == 1
    assert attached.wallet("w").gettransaction(waiting)["confirmations"] == 0
    balances = bare_node.wallet("w").getbalances()["mine"]
    assert (balances["trusted"], balances["untrusted_pending"]) == (11, 1)


def test_a_long_way_is_caught_up(bare_node: Node, attached: WalletProcess, funded: RpcClient) -> None:
    attached.stop()
    bare_node.generate(150, NOBODYS_DESCRIPTOR)
    attached.start()
    wait_until_caught_up(attached)

    assert attached.wallet("w").getbalance() == 10
    assert {row["confirmations"] for row in attached.wallet("w").listtransactions()} == set(range(151, 161))


def test_a_reorganisation_while_the_wallet_is_away(bare_node: Node, attached: WalletProcess, funded: RpcClient) -> None:
    txid = funded.sendtoaddress(funded.getnewaddress(), 1)
    (block,) = bare_node.generate(1, NOBODYS_DESCRIPTOR)
    assert funded.gettransaction(txid)["blockhash"] == block
    attached.stop()

    bare_node.rpc.invalidateblock(block)
    bare_node.generate(2, "raw(51)")
    attached.start()
    wait_until_caught_up(attached)

    found = attached.wallet("w").gettransaction(txid)
    assert found["confirmations"] in (0, 2)
    assert found.get("blockhash") != block


def test_a_reorganisation_while_the_node_was_away(bare_node: Node, attached: WalletProcess, funded: RpcClient) -> None:
    txid = funded.sendtoaddress(funded.getnewaddress(), 1)
    (block,) = bare_node.generate(1, NOBODYS_DESCRIPTOR)
    assert funded.gettransaction(txid)["blockhash"] == block
    os.kill(attached.pid, signal.SIGSTOP)
    try:
        bare_node.kill()
        bare_node.start()
        bare_node.rpc.invalidateblock(block)
        bare_node.rpc.prioritisetransaction(txid, fee_delta=-COIN)
        bare_node.generate(2, "raw(51)")
    finally:
        os.kill(attached.pid, signal.SIGCONT)
    wait_until_caught_up(attached)

    assert funded.gettransaction(txid)["confirmations"] == 0
    bare_node.rpc.prioritisetransaction(txid, fee_delta=COIN)
    bare_node.generate(1, NOBODYS_DESCRIPTOR)
    assert funded.gettransaction(txid)["confirmations"] == 1


def test_a_payment_is_made_once_when_the_node_dies_meanwhile(
    bare_node: Node, attached: WalletProcess, funded: RpcClient
) -> None:
    os.kill(bare_node.pid, signal.SIGKILL)
    txids: list[str] = []
    address = funded.getnewaddress()

    def pay() -> int:
        try:
            txids.append(funded.sendtoaddress(address, 1))
        except JsonRpcError as error:
            return error.code
        return 0

    wait_until(pay, "node missed", timeout=attached.timeout(10), accept=lambda code: code == NODE_AWAY)
    bare_node.kill_all()
    bare_node.start()
    wait_until_caught_up(attached)
    bare_node.generate(1, NOBODYS_DESCRIPTOR)

    sent = [row["txid"] for row in funded.listtransactions("*", 100) if row["category"] == "send"]
    assert sorted(sent) == sorted(txids)


def test_the_log_tells_once_of_loss_and_return(bare_node: Node, attached: WalletProcess) -> None:
    bare_node.stop()
    wait_until_away(attached)
    bare_node.start()
    attached.wait_until_attached()

    log = attached.log.path.read_text()
    assert log.count("The node is away") == 1
    assert log.count("is here") == 2


# A node that connects to a wallet process


@pytest.fixture
def connecting(node_factory: NodeFactory) -> Node:
    """A node with the only wallet process that there is, to which it connects. Neither runs yet."""
    node = node_factory.create()
    wallet = node_factory.create_wallet(node, "-ipcbind=unix")
    node.settings = replace(node.settings, extra_args=(f"-ipcconnect=unix:{wallet.chain_dir / 'wallet.sock'}",))
    return node


@pytest.fixture
def listening(node_factory: NodeFactory, connecting: Node) -> WalletProcess:
    """That wallet process with a wallet ``w``; node and wallet run."""
    (process,) = node_factory.wallets
    process.start("-noipcconnect")
    process.rpc.createwallet("w", load_on_startup=True)
    connecting.start()
    process.wait_until_attached()
    return process


def fund(process: WalletProcess, coins: int = 1) -> None:
    """Give the wallet ``w`` confirmed coins of 1 BTC."""
    miner = MiniWallet(process.node)
    before = process.wallet("w").getbalance()
    for _ in range(coins):
        miner.fund(process.wallet("w").getnewaddress(), COIN)
    wait_for_balance(process, before + coins)


def test_a_node_uses_the_wallets_of_the_process_that_it_connects_to(connecting: Node, listening: WalletProcess) -> None:
    fund(listening, 2)
    txid = connecting.wallet("w").sendtoaddress(connecting.wallet("w").getnewaddress(), 1)
    connecting.generate(1, NOBODYS_DESCRIPTOR)

    assert connecting.rpc.listwallets() == ["w"]
    assert connecting.wallet("w").gettransaction(txid)["confirmations"] == 1
    assert listening.wallet("w").gettransaction(txid)["confirmations"] == 1
    assert "Spawned" not in connecting.debug_log.path.read_text()


@pytest.mark.parametrize("leave", ["stop", "kill"])
def test_a_wallet_that_its_node_had_connected_to_returns(
    connecting: Node, listening: WalletProcess, leave: str
) -> None:
    fund(listening)
    address = listening.wallet("w").getnewaddress()
    getattr(listening, leave)()
    txid = MiniWallet(connecting).fund(address, COIN)
    code, message = refusal(connecting.wallet("w").getbalance)

    listening.start("-noipcconnect")
    listening.wait_until_attached()

    assert (code, "Start moneyrocket-wallet again" in message) == (NOT_FOUND, True)
    assert listening.wallet("w").gettransaction(txid)["confirmations"] == 1
    assert connecting.wallet("w").getbalance() == 2
    log = connecting.debug_log.path.read_text()
    assert (log.count("has left"), log.count("has attached")) == (1, 2)
    assert "wallet process at" not in log


@pytest.mark.parametrize("leave", ["stop", "kill"])
def test_a_node_that_had_connected_to_its_wallet_restarts(
    connecting: Node, listening: WalletProcess, leave: str
) -> None:
    fund(listening)
    address = listening.wallet("w").getnewaddress()
    getattr(connecting, leave)()
    wait_until_away(listening)

    connecting.start()
    txid = MiniWallet(connecting).fund(address, COIN)
    wait_until_caught_up(listening)

    assert listening.wallet("w").gettransaction(txid)["confirmations"] == 1
    assert listening.wallet("w").getbalance() == 2
    log = listening.log.path.read_text()
    assert (log.count("The node is away"), log.count("The node is here")) == (1, 2)


def test_a_node_that_starts_first_waits_for_the_wallet_that_it_connects_to(
    node_factory: NodeFactory, connecting: Node
) -> None:
    (process,) = node_factory.wallets
    connecting.start()
    process.start()
    process.rpc.createwallet("w")
    process.wait_until_attached()
    fund(process)

    assert connecting.wallet("w").getbalance() == 1
    assert connecting.debug_log.path.read_text().count("The wallet process at") == 1


def test_a_wallet_with_a_node_refuses_a_second_one(
    node_factory: NodeFactory, connecting: Node, listening: WalletProcess
) -> None:
    second = node_factory.start(*connecting.settings.extra_args)
    refused = "the wallet process refuses: This wallet process is attached to a node already, moneyrocket-node v0.1.0."
    wait_until(lambda: refused in second.debug_log.path.read_text(), "a refusal", timeout=second.timeout(30))
    fund(listening)
    assert connecting.wallet("w").getbalance() == 1

    connecting.stop()

    wait_until(lambda: listed(second), "the second node's turn", timeout=second.timeout(30), accept=["w"].__eq__)


def listed(node: Node) -> list[str]:
    """The wallets that a node knows."""
    try:
        return list(node.rpc.listwallets())
    except JsonRpcError:
        return []


def test_a_wallet_of_another_chain_refuses_a_node(node_factory: NodeFactory, connecting: Node) -> None:
    (process,) = node_factory.wallets
    path = process.datadir / "signet.sock"
    command = [arg for arg in process.command("-signet", f"-ipcbind=unix:{path}") if arg != "-regtest"]
    with subprocess.Popen(command) as running:
        try:
            connecting.start(f"-ipcconnect=unix:{path}")
            told = "moneyrocket-node is set to the chain regtest, and this wallet process to signet"
            log = connecting.debug_log.path
            wait_until(lambda: told in log.read_text(), "a refusal", timeout=connecting.timeout(30))
        finally:
            running.terminate()


def test_addresses_where_no_wallet_process_can_listen_are_refused(connecting: Node) -> None:
    choices = "Use unix or unix:<path>, where moneyrocket-wallet listens (its -ipcbind)"

    assert choices in connecting.start_error("-ipcconnect=auto")
    assert choices in connecting.start_error("-ipcconnect")
    assert "start this node with -ipcbind=tcp" in connecting.start_error("-ipcconnect=tcp:127.0.0.1:8500")


# What does not fit


def test_another_chain_is_refused_with_a_reason(node_factory: NodeFactory, bare_node: Node) -> None:
    process = node_factory.create_wallet(bare_node, "-chain=signet")
    command = [arg for arg in process.command() if arg != "-regtest"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        running.terminate()
        assert running.wait(process.timeout(30)) == 0

    assert "moneyrocket-wallet is set to the chain signet, and this node to regtest" in line


def test_unknown_options_and_bad_addresses_are_refused(node_factory: NodeFactory, bare_node: Node) -> None:
    process = node_factory.create_wallet(bare_node)

    assert "Invalid parameter -txindex" in process.start_error("-txindex")
    assert "unexpected token 'nonsense'" in process.start_error("nonsense")
    assert "The command info for wallet files is not supported" in process.start_error("info")
    assert "Unrecognized address 'nonsense'" in process.start_error("-ipcconnect=nonsense")
    assert "exceeded maximum socket path length" in process.start_error(f"-ipcconnect=unix:/{'x' * 120}")
    assert "exceeded maximum socket path length" in process.start_error(f"-ipcbind=unix:/{'x' * 120}")


def test_one_wallet_process_for_a_data_directory(node_factory: NodeFactory, attached: WalletProcess) -> None:
    second = node_factory.create_wallet(attached.node)
    second.datadir = attached.datadir

    assert "moneyrocket-wallet is probably already running" in second.start_error()


def test_a_stale_socket_is_replaced(bare_node: Node, attached: WalletProcess) -> None:
    bare_node.kill()
    assert (bare_node.chain_dir / "node.sock").is_socket()

    bare_node.start()
    attached.wait_until_attached()


def test_a_wallet_process_serves_its_own_socket(attached: WalletProcess) -> None:
    attached.stop()
    attached.start("-ipcbind=unix")
    path = attached.chain_dir / "wallet.sock"
    wait_until(path.is_socket, "wallet.sock", timeout=attached.timeout(10))

    done = attached.node.cli(f"-ipcconnect=unix:{path}", "getwalletinfo")
    assert '"walletname": "w"' in done.stdout
    assert attached.node.cli(f"-ipcconnect=unix:{path}", "getblockcount").status != 0


# Several


def test_requests_go_to_the_process_that_has_the_wallet(
    node_factory: NodeFactory, bare_node: Node, attached: WalletProcess
) -> None:
    other = node_factory.create_wallet(bare_node)
    other.start()
    assert bare_node.rpc.getwalletinfo()["walletname"] == "w"
    other.rpc.createwallet("v")
    other.wait_until_attached()

    assert sorted(bare_node.rpc.listwallets()) == ["v", "w"]
    assert sorted(entry["name"] for entry in bare_node.rpc.listwalletdir()["wallets"]) == ["v", "w"]
    assert bare_node.wallet("v").getwalletinfo()["walletname"] == "v"
    assert bare_node.wallet("w").getwalletinfo()["walletname"] == "w"
    assert refusal(bare_node.rpc.getbalance)[0] == NOT_SPECIFIED
    assert refusal(bare_node.wallet("x").getbalance)[0] == NOT_FOUND
    code, message = refusal(lambda: bare_node.rpc.createwallet("new"))
    assert code == NOT_SPECIFIED
    assert "Several wallet processes are attached" in message
    bare_node.rpc.unloadwallet("v")
    assert bare_node.rpc.getwalletinfo()["walletname"] == "w"


def test_a_node_with_a_wallet_process_of_its_own_takes_others(node_factory: NodeFactory) -> None:
    node = node_factory.start("-ipcbind=unix")
    process = node_factory.create_wallet(node)
    process.start()
    process.rpc.createwallet("theirs")
    process.wait_until_attached()
    node.rpc.createwallet("ours")

    assert node.rpc.listwallets() == ["ours", "theirs"]
    assert process.rpc.listwallets() == ["theirs"]
    process.stop()
    assert node.rpc.listwallets() == ["ours"]
    assert node.rpc.getwalletinfo()["walletname"] == "ours"


def test_of_two_wallets_of_one_name_the_first_is_reached(
    node_factory: NodeFactory, bare_node: Node, attached: WalletProcess
) -> None:
    warning = 'The wallet "w" of moneyrocket-wallet v0.1.0, visit 2 cannot be reached through this node'
    address = attached.rpc.getnewaddress()
    other = node_factory.create_wallet(bare_node)
    other.start()
    other.rpc.createwallet("w")

    def asked_until_warned() -> bool:
        assert bare_node.wallet("w").getaddressinfo(address)["ismine"]
        return warning in bare_node.debug_log.path.read_text()

    wait_until(asked_until_warned, "a warning of the second wallet", timeout=bare_node.timeout(30))
    assert not other.rpc.getaddressinfo(address)["ismine"]


def test_time_passes_in_every_wallet_process(bare_node: Node, attached: WalletProcess) -> None:
    later = 2_000_000_000
    bare_node.rpc.setmocktime(later)

    attached.rpc.createwallet("late")
    times = {each["timestamp"] for each in attached.wallet("late").listdescriptors()["descriptors"]}
    assert times == {later}


def test_a_wallet_process_that_hangs_holds_nobody_up(
    node_factory: NodeFactory, bare_node: Node, attached: WalletProcess
) -> None:
    other = node_factory.create_wallet(bare_node)
    other.start()
    other.rpc.createwallet("v")
    other.wait_until_attached()
    os.kill(attached.pid, signal.SIGSTOP)
    try:
        bare_node.generate(120, NOBODYS_DESCRIPTOR)
        wait_until_caught_up(other, "v")
        assert bare_node.wallet("v").getbalance() == 0
    finally:
        os.kill(attached.pid, signal.SIGCONT)
    wait_until_caught_up(attached)


def test_a_node_that_hangs_keeps_no_wallet_from_stopping(bare_node: Node, attached: WalletProcess) -> None:
    os.kill(bare_node.pid, signal.SIGSTOP)
    try:
        attached.stop()
    finally:
        os.kill(bare_node.pid, signal.SIGCONT)

    attached.start()
    attached.wait_until_attached()
    assert attached.rpc.getbalance() == 0


# The process's own server


def test_the_wallets_own_server(bare_node: Node, attached: WalletProcess) -> None:
    assert attached.cli("getwalletinfo").status == 0
    assert '"walletname": "w"' in attached.cli("-rpcwallet=w", "getwalletinfo").stdout
    assert "getbalance" in attached.rpc.help()
    assert attached.rpc.getrpcinfo()["logpath"] == str(attached.log.path)
    code, message = refusal(attached.rpc.getblockcount)
    assert code == METHOD_NOT_FOUND
    assert "answered by the node's" in message
    assert attached.rpc.stop() == "Moneyrocket stopping"
    attached.wait_until_stopped()


def test_a_wallet_without_a_node(node_factory: NodeFactory, bare_node: Node) -> None:
    process = node_factory.create_wallet(bare_node, connect="auto")
    process.start("-noipcconnect")
    process.rpc.createwallet("w")

    assert process.rpc.getbalance() == 0
    code, message = refusal(lambda: process.rpc.sendtoaddress(process.rpc.getnewaddress(), 1))
    assert code == NODE_AWAY
    assert "-noipcconnect" in message


def test_forwarding_can_be_turned_off(node_factory: NodeFactory) -> None:
    node = node_factory.start("-disablewallet", "-ipcbind=unix", "-forwardwalletrpc=0")
    process = node_factory.create_wallet(node)
    process.start()
    process.rpc.createwallet("w")
    address = process.rpc.getnewaddress()
    wait_until(
        lambda: refusal(node.rpc.getbalance)[1],
        "the node knows the wallet process",
        timeout=node.timeout(30),
        accept=lambda message: "moneyrocket-wallet -server" in message,
    )

    MiniWallet(node).fund(address, COIN)
    wait_for_balance(process, 1)


def test_a_wallet_process_may_keep_its_wallets_for_itself(node_factory: NodeFactory, bare_node: Node) -> None:
    process = node_factory.create_wallet(bare_node, "-forwardwalletrpc=0")
    process.start()
    process.rpc.createwallet("w")

    MiniWallet(bare_node).fund(process.rpc.getnewaddress(), COIN)
    wait_for_balance(process, 1)

    assert refusal(bare_node.rpc.listwallets)[0] == METHOD_NOT_FOUND


def test_the_nodes_configuration_file_is_not_the_wallets(node_factory: NodeFactory, bare_node: Node) -> None:
    lines = ("[regtest]", "rpcport=1", "ipcbind=unix:/nowhere", "debuglogfile=/nowhere/log", "addresstype=legacy")
    (bare_node.datadir / "moneyrocket.conf").write_text("\n".join(lines))
    process = node_factory.create_wallet(bare_node, shared=True)
    process.start()
    process.rpc.createwallet("w")

    assert process.rpc.getnewaddress().startswith(("m", "n"))
    assert process.log.path.exists()
