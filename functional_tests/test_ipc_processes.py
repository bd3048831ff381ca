"""Processes of the node: who runs where, what they say to each other, and what happens when one dies.

In the monolithic shape the same tests hold the same promises for one process.
"""

import os
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functional_tests.framework.node import Node
from functional_tests.framework.process import session_members
from functional_tests.framework.rpc_client import JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until


def _wallet_processes(node: Node) -> list[int]:
    return [
        process.pid for process in node.processes() if any("wallet" in Path(arg).name for arg in process.command[:3])
    ]


def test_the_wallet_runs_in_a_process_of_its_own_in_the_multiprocess_shape_only(node: Node) -> None:
    node.rpc.createwallet("w")

    expected = 1 if node.settings.executables.is_multiprocess else 0
    assert len(_wallet_processes(node)) == expected
    assert len(node.processes()) == 1 + expected


def test_without_wallet_there_is_one_process(node: Node) -> None:
    node.restart("-disablewallet")

    assert len(node.processes()) == 1


def test_traffic_between_processes_is_logged_with_threads_on_both_sides(node: Node) -> None:
    offset = node.debug_log.path.stat().st_size
    node.rpc.createwallet("w")
    node.wallet("w").getnewaddress()

    log = node.debug_log.path.read_text()[offset:]
    lines = [line for line in log.splitlines() if "[ipc" in line]
    if not node.settings.executables.is_multiprocess:
        assert lines == []
        return
    requests = [line for line in lines if "RpcHandler.call" in line and "getnewaddress" in line]
    senders = {match.group(0) for line in requests if (match := re.search(r"\{[^}]*\}", line))}
    assert any("client send" in line for line in requests)
    assert any("server recv" in line for line in requests)
    assert len(senders) == 2


def test_a_node_outlives_its_wallet_process_and_says_so(node: Node, wallet: RpcClient) -> None:
    txid = wallet.sendtoaddress(wallet.getnewaddress(), 1)
    wallets = _wallet_processes(node)
    if not node.settings.executables.is_multiprocess:
        assert wallets == []
        return

    os.kill(wallets[0], signal.SIGKILL)
    wait_until(lambda: not _wallet_processes(node), "wallet process gone", timeout=node.timeout(10))

    with pytest.raises(JsonRpcError, match="wallet process"):
        wallet.getbalance()
    assert node.rpc.getrawmempool() == [txid]
    node.generate(1, "raw(51)")
    node.restart("-wallet=w")
    assert node.wallet("w").gettransaction(txid)["confirmations"] == 1


def test_every_process_ends_with_a_killed_node(node: Node, wallet: RpcClient) -> None:
    session = node.pid
    assert wallet.getbalance() == 10

    node.kill()

    assert session_members(session) == []


def test_long_wallet_calls_do_not_hold_up_others(node: Node, wallet: RpcClient) -> None:
    rescan = threading.Thread(target=wallet.rescanblockchain, args=(0,))

    rescan.start()
    answers = [node.rpc.getblockcount() for _ in range(20)]
    rescan.join()

    assert len(set(answers)) == 1
    assert wallet.getbalance() == 10


def test_many_threads_call_the_wallet_at_once(node: Node, wallet: RpcClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        addresses = list(pool.map(lambda _: wallet.getnewaddress(), range(80)))

    assert len(set(addresses)) == 80
    assert node.rpc.getblockcount() > 0


def test_errors_cross_unchanged(wallet: RpcClient) -> None:
    with pytest.raises(JsonRpcError, match="Base58 address") as refused:
        wallet.getaddressinfo("nonsense")

    assert refused.value.code == -5


def test_a_process_holds_one_capnproto_and_the_monolithic_node_none(node: Node) -> None:
    node.rpc.createwallet("w")
    is_multiprocess = node.settings.executables.is_multiprocess

    for process in node.processes():
        mapped = {line.split()[-1] for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines()}
        libraries = {Path(file) for file in mapped if ".so" in Path(file).name and "capnp" in file}
        assert not any(Path(file).name.startswith(("libcapnp", "libkj")) for file in mapped)
        assert len(libraries) == (1 if is_multiprocess else 0)
        assert all(node.settings.executables.node.parent.parent in library.parents for library in libraries)
