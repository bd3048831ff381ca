"""The wallet: addresses, payments, history, files."""

from decimal import Decimal

import pytest

from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory, wait_until_synced
from functional_tests.framework.rpc_client import JsonRpcError, RpcClient

FIRST_CHARACTERS = {"legacy": ("m", "n"), "p2sh-segwit": ("2",), "bech32": ("bcrt1q",), "bech32m": ("bcrt1p",)}


@pytest.mark.parametrize("kind", FIRST_CHARACTERS)
def test_addresses_of_every_type_receive_and_spend(
    node: Node, wallet: RpcClient, mini_wallet: MiniWallet, kind: str
) -> None:
    address = wallet.getnewaddress("", kind)
    assert address.startswith(FIRST_CHARACTERS[kind])
    txid = mini_wallet.fund(address, 5 * 100_000_000)
    elsewhere = node.rpc.deriveaddresses(node.rpc.getdescriptorinfo(MINER_DESCRIPTOR)["descriptor"])[0]

    coin = next(coin for coin in wallet.listunspent() if coin["txid"] == txid)
    raw = node.rpc.createrawtransaction([{"txid": txid, "vout": coin["vout"]}], {elsewhere: 4.999})
    signed = wallet.signrawtransactionwithwallet(raw)
    assert signed["complete"] is True
    node.rpc.sendrawtransaction(signed["hex"])
    mini_wallet.mine()

    assert wallet.getbalance() == 10


def test_a_payment_arrives_and_its_fee_is_paid(node: Node, wallet: RpcClient, mini_wallet: MiniWallet) -> None:
    node.rpc.createwallet("receiver")
    receiver = node.wallet("receiver")

    txid = wallet.sendtoaddress(receiver.getnewaddress(), 3)
    mini_wallet.mine()

    fee = -wallet.gettransaction(txid)["fee"]
    assert receiver.getbalance() == 3
    assert wallet.getbalance() == 7 - fee
    assert Decimal(0) < fee < Decimal("0.001")


def test_unconfirmed_money_is_told_apart(node: Node, wallet: RpcClient) -> None:
    node.rpc.createwallet("receiver")
    receiver = node.wallet("receiver")

    wallet.sendtoaddress(receiver.getnewaddress(), 2)
    node.rpc.syncwithvalidationinterfacequeue()

    assert receiver.getbalances()["mine"]["untrusted_pending"] == 2
    assert receiver.getbalance() == 0
    assert wallet.getbalances()["mine"]["trusted"] > 7


def test_one_cannot_spend_more_than_one_has(wallet: RpcClient) -> None:
    with pytest.raises(JsonRpcError, match="Insufficient funds") as refused:
        wallet.sendtoaddress(wallet.getnewaddress(), 11)

    assert refused.value.code == -6


def test_the_fee_can_be_taken_from_the_amount(node: Node, wallet: RpcClient, mini_wallet: MiniWallet) -> None:
    node.rpc.createwallet("receiver")
    receiver = node.wallet("receiver")

    txid = wallet.sendtoaddress(address=receiver.getnewaddress(), amount=10, subtractfeefromamount=True)
    mini_wallet.mine()

    assert wallet.getbalance() == 0
    assert receiver.getbalance() == 10 + wallet.gettransaction(txid)["fee"]


def test_a_chosen_fee_rate_is_kept(node: Node, wallet: RpcClient) -> None:
    txid = wallet.sendtoaddress(address=wallet.getnewaddress(), amount=1, fee_rate=25)

    entry = node.rpc.getmempoolentry(txid)
    assert entry["fees"]["base"] * 100_000_000 / entry["vsize"] == pytest.approx(25, rel=0.02)


def test_history_lists_both_directions(node: Node, wallet: RpcClient, mini_wallet: MiniWallet) -> None:
    node.rpc.createwallet("receiver")
    address = node.wallet("receiver").getnewaddress()

    txid = wallet.sendtoaddress(address, 1)
    mini_wallet.mine()

    received, sent = wallet.listtransactions()
    assert (received["category"], received["amount"]) == ("receive", 10)
    assert (sent["category"], sent["amount"], sent["txid"]) == ("send", -1, txid)
    assert sent["confirmations"] == 1
    assert sent["address"] == address


def test_labels_find_addresses(wallet: RpcClient) -> None:
    address = wallet.getnewaddress("rent")

    assert wallet.getaddressesbylabel("rent") == {address: {"purpose": "receive"}}
    assert "rent" in wallet.listlabels()
    assert wallet.getaddressinfo(address)["labels"] == ["rent"]


def test_many_can_be_paid_at_once(node: Node, wallet: RpcClient, mini_wallet: MiniWallet) -> None:
    node.rpc.createwallet("receiver")
    receiver = node.wallet("receiver")
    addresses = [receiver.getnewaddress() for _ in range(3)]

    wallet.sendmany("", {address: index + 1 for index, address in enumerate(addresses)})
    mini_wallet.mine()

    assert receiver.getbalance() == 6
    assert [receiver.getreceivedbyaddress(address) for address in addresses] == [1, 2, 3]


def test_a_message_is_signed_and_verified(node: Node, wallet: RpcClient) -> None:
    address = wallet.getnewaddress("", "legacy")

    signature = wallet.signmessage(address, "hello")

    assert node.rpc.verifymessage(address, signature, "hello") is True
    assert node.rpc.verifymessage(address, signature, "bye") is False


def test_locked_coins_are_left_alone(wallet: RpcClient) -> None:
    (coin,) = wallet.listunspent()

    wallet.lockunspent(False, [{"txid": coin["txid"], "vout": coin["vout"]}])

    with pytest.raises(JsonRpcError, match="Insufficient funds"):
        wallet.sendtoaddress(wallet.getnewaddress(), 1)


def test_imported_descriptors_find_old_coins(node: Node, wallet: RpcClient) -> None:
    node.rpc.createwallet("copy", blank=True)
    copy = node.wallet("copy")
    kept = ("desc", "active", "internal", "range")
    private = [
        {"timestamp": 0} | {key: entry[key] for key in kept} for entry in wallet.listdescriptors(True)["descriptors"]
    ]

    results = copy.importdescriptors(private)

    assert all(result["success"] for result in results)
    assert copy.getbalance() == wallet.getbalance() == 10


def test_a_watching_wallet_sees_and_cannot_sign(node: Node, wallet: RpcClient) -> None:
    node.rpc.createwallet("watcher", disable_private_keys=True)
    watcher = node.wallet("watcher")
    address = wallet.listunspent()[0]["address"]
    descriptor = node.rpc.getdescriptorinfo(f"addr({address})")["descriptor"]

    watcher.importdescriptors([{"desc": descriptor, "timestamp": 0}])

    assert watcher.getbalance() == 10
    with pytest.raises(JsonRpcError):
        watcher.sendtoaddress(address, 1)


def test_wallets_are_loaded_and_unloaded(node: Node) -> None:
    node.rpc.createwallet("one")
    node.rpc.createwallet("two")
    assert node.rpc.listwallets() == ["one", "two"]

    node.rpc.unloadwallet("one")
    assert node.rpc.listwallets() == ["two"]
    node.rpc.loadwallet("one")

    assert sorted(node.rpc.listwallets()) == ["one", "two"]
    assert {entry["name"] for entry in node.rpc.listwalletdir()["wallets"]} == {"one", "two"}


def test_wallet_errors_have_the_known_codes(node: Node) -> None:
    node.rpc.createwallet("w")

    with pytest.raises(JsonRpcError, match="Requested wallet does not exist or is not loaded") as missing:
        node.wallet("nowhere").getbalance()
    with pytest.raises(JsonRpcError, match="Database already exists") as twice:
        node.rpc.createwallet("w")

    assert missing.value.code == -18
    assert twice.value.code == -4


def test_without_wallets_there_are_no_wallet_methods(node_factory: NodeFactory) -> None:
    node = node_factory.start("-disablewallet")

    with pytest.raises(JsonRpcError, match="Method not found") as missing:
        node.rpc.getbalance()

    assert missing.value.code == -32601


def test_a_backup_is_restored(node: Node, wallet: RpcClient) -> None:
    backup = node.datadir / "backup.dat"
    wallet.backupwallet(str(backup))

    node.rpc.restorewallet("restored", str(backup))

    assert node.wallet("restored").getbalance() == 10


def test_a_payment_travels_between_nodes(nodes: list[Node]) -> None:
    first, second = nodes
    first.rpc.createwallet("a")
    second.rpc.createwallet("b")
    MiniWallet(first).fund(first.wallet("a").getnewaddress(), 4 * 100_000_000)
    wait_until_synced(nodes)

    first.wallet("a").sendtoaddress(second.wallet("b").getnewaddress(), 1)
    wait_until_synced(nodes)

    assert second.wallet("b").getbalances()["mine"]["untrusted_pending"] == 1
