"""The wallet follows the chain: rescan, restart, reorganisation."""

from functional_tests.framework.mini_wallet import NOBODYS_DESCRIPTOR, MiniWallet, spend
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory, link, unlink, wait_until_synced
from functional_tests.framework.rpc_client import RpcClient


def test_a_wallet_survives_a_restart(node: Node, wallet: RpcClient) -> None:
    address = wallet.getnewaddress("kept")
    txid = wallet.sendtoaddress(address, 1)
    balance = wallet.getbalance()

    node.restart("-wallet=w")

    restarted = node.wallet("w")
    assert restarted.getbalance() == balance
    assert restarted.getaddressinfo(address)["labels"] == ["kept"]
    assert restarted.gettransaction(txid)["confirmations"] == 0
    assert node.rpc.getrawmempool() == [txid]


def test_an_unloaded_wallet_catches_up(node: Node, wallet: RpcClient, mini_wallet: MiniWallet) -> None:
    address = wallet.getnewaddress()
    node.rpc.unloadwallet("w")
    mini_wallet.fund(address, 100_000_000)

    node.rpc.loadwallet("w")

    assert node.wallet("w").getbalance() == 11


def test_a_wallet_created_to_load_on_startup_is_loaded(node: Node) -> None:
    node.rpc.createwallet("always", load_on_startup=True)
    node.rpc.createwallet("once")

    node.restart()

    assert node.rpc.listwallets() == ["always"]


def test_a_disconnected_block_makes_its_payment_unconfirmed(
    node: Node, wallet: RpcClient, mini_wallet: MiniWallet
) -> None:
    txid = mini_wallet.fund(wallet.getnewaddress(), 200_000_000)
    assert wallet.getbalance() == 12

    node.rpc.invalidateblock(node.rpc.getbestblockhash())
    node.rpc.syncwithvalidationinterfacequeue()

    assert wallet.gettransaction(txid)["confirmations"] == 0
    assert wallet.getbalance() == 10
    assert wallet.getbalances()["mine"]["untrusted_pending"] == 2


def test_a_payment_undone_by_a_double_spend_is_a_conflict(node_factory: NodeFactory) -> None:
    first, second = node_factory.start_many(2)
    first.rpc.createwallet("w")
    wallet = first.wallet("w")
    coins = MiniWallet(first)
    coin = coins.take()
    script = bytes.fromhex(first.rpc.validateaddress(wallet.getnewaddress())["scriptPubKey"])
    unlink(first, second)
    payment = spend([coin], [(coin.value - 1000, script)])
    first.rpc.sendrawtransaction(payment.hex)
    coins.mine()
    assert wallet.getbalance() > 0
    second.rpc.sendrawtransaction(coins.create(coin, fee=5000).hex)
    second.generate(1, NOBODYS_DESCRIPTOR)
    MiniWallet(second).mine(2)

    link(first, second)
    wait_until_synced([first, second])

    assert wallet.gettransaction(payment.txid)["confirmations"] < 0
    assert wallet.getbalance() == 0


def test_a_rescan_finds_what_was_forgotten(node: Node, wallet: RpcClient) -> None:
    result = wallet.rescanblockchain(0)

    assert result == {"start_height": 0, "stop_height": node.rpc.getblockcount()}
    assert wallet.getbalance() == 10


def test_mined_coins_mature(node: Node) -> None:
    node.rpc.createwallet("miner")
    miner = node.wallet("miner")
    address = miner.getnewaddress()
    node.rpc.generatetoaddress(1, address)
    assert miner.getbalances()["mine"]["immature"] == 25
    assert miner.getbalance() == 0

    node.generate(100, NOBODYS_DESCRIPTOR)
    node.rpc.syncwithvalidationinterfacequeue()

    assert miner.getbalance() == 25
