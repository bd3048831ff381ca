from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from moneyrocket.consensus.params import chain_params
from moneyrocket.interfaces.rpc import RpcError
from moneyrocket.primitives.hashes import hash_from_hex
from moneyrocket.script.address import decode_address
from moneyrocket.tests.wallet.conftest import WalletProcess
from moneyrocket.tests.wallet.fake_chain import FakeChain

Rpc = Callable[..., Any]

REGTEST = chain_params("regtest")
FOREIGN = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
TYPES = ("legacy", "p2sh-segwit", "bech32", "bech32m")


def fund(chain: FakeChain, rpc: Rpc, blocks: int = 1) -> None:
    """Mine block rewards to the wallet, and let them mature."""
    script = decode_address(rpc("getnewaddress"), REGTEST)
    for _ in range(blocks):
        chain.mine(script)
    for _ in range(100):
        chain.mine(b"\x51")


@pytest.fixture(autouse=True)
def early_clock(chain: FakeChain) -> Any:
    # Wallets are as old as the fake chain, so that its blocks concern them.
    from moneyrocket.common import clock

    clock.set_mock_time(chain.start_time)
    yield
    clock.set_mock_time(0)


def test_a_new_wallet_is_empty_and_described(rpc: Rpc) -> None:
    info = rpc("getwalletinfo")

    assert info["walletname"] == "w"
    assert (info["keypoolsize"], info["keypoolsize_hd_internal"]) == (12, 12)
    assert info["flags"] == ["last_hardened_xpub_cached", "descriptor_wallet"]
    assert info["lastprocessedblock"]["height"] == 0
    assert rpc("getbalances")["mine"]["trusted"] == 0
    assert rpc("listwallets") == ["w"]
    assert rpc("listwalletdir") == {"wallets": [{"name": "w", "warnings": []}]}


@pytest.mark.parametrize("kind", TYPES)
def test_coins_of_every_address_type_can_be_received_and_spent(chain: FakeChain, rpc: Rpc, kind: str) -> None:
    script = decode_address(rpc("getnewaddress", "", kind), REGTEST)
    chain.mine(script)
    for _ in range(100):
        chain.mine(b"\x51")

    txid = rpc("sendtoaddress", FOREIGN, 1, fee_rate=25)

    tx = chain.mempool[hash_from_hex(txid)]
    shown = rpc("gettransaction", txid)
    assert shown["amount"] == -1
    assert abs(-shown["fee"] * 10**8 - 25 * tx.vsize) <= 25
    assert rpc("getbalance") == Decimal(49) + shown["fee"]


@pytest.mark.parametrize("kind", TYPES)
def test_estimated_size_matches_what_is_signed(chain: FakeChain, rpc: Rpc, kind: str) -> None:
    for _ in range(3):
        chain.mine(decode_address(rpc("getnewaddress", "", kind), REGTEST))
    for _ in range(100):
        chain.mine(b"\x51")

    txid = rpc("sendtoaddress", FOREIGN, 149, fee_rate=1000)

    tx = chain.mempool[hash_from_hex(txid)]
    fee = -rpc("gettransaction", txid)["fee"] * 10**8
    assert 0 <= fee - 1000 * tx.vsize <= 2 * 1000


def test_unconfirmed_change_can_be_spent_again_and_again(chain: FakeChain, rpc: Rpc) -> None:
    fund(chain, rpc)

    txids = [rpc("sendtoaddress", FOREIGN, "0.1") for _ in range(10)]
    chain.mine(b"\x51")

    assert len(set(txids)) == 10
    assert all(rpc("gettransaction", txid)["confirmations"] == 1 for txid in txids)
    assert rpc("getwalletinfo")["txcount"] == 11


def test_the_fee_can_come_out_of_the_amount(chain: FakeChain, rpc: Rpc) -> None:
    fund(chain, rpc)

    txid = rpc("sendtoaddress", FOREIGN, 50, subtractfeefromamount=True)

    tx = chain.mempool[hash_from_hex(txid)]
    assert len(tx.outputs) == 1
    assert rpc("getbalance") == 0
    assert tx.outputs[0].value == 50 * 10**8 + int(rpc("gettransaction", txid)["fee"] * 10**8)


def test_several_payments_in_one_transaction(chain: FakeChain, rpc: Rpc) -> None:
    fund(chain, rpc)
    other = rpc("getnewaddress", "other")

    txid = rpc("sendmany", "", {FOREIGN: 1, other: 2}, subtractfeefrom=[FOREIGN])

    details = rpc("gettransaction", txid)["details"]
    assert sorted((entry["category"], entry["amount"]) for entry in details)[0] == ("receive", 2)
    assert rpc("getbalance") == 49


def test_errors_that_callers_know(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    cases = [
        ((-6, "Insufficient funds"), ("sendtoaddress", FOREIGN, 1)),
        ((-5, "Invalid Bitcoin address: nonsense"), ("sendtoaddress", "nonsense", 1)),
        ((-6, "Transaction amount too small"), ("sendtoaddress", FOREIGN, "0.00000100")),
        ((-5, "Unknown address type 'x'"), ("getnewaddress", "", "x")),
        ((-11, "Invalid label name"), ("getnewaddress", "*")),
        ((-11, "No addresses with label x"), ("getaddressesbylabel", "x")),
        ((-5, "Invalid or non-wallet transaction id"), ("gettransaction", "00" * 32)),
        ((-4, "Wallet file verification failed. Failed to create database path"), ("createwallet", "w2")),
        ((-18, "Path does not exist."), ("loadwallet", "nothing")),
        ((-35, 'Wallet "w" is already loaded.'), ("loadwallet", "w")),
        ((-8, "Unknown wallet flag: x"), ("setwalletflag", "x")),
        ((-4, 'wallet does not have the "avoid reuse" feature enabled'), ("getbalance", "*", 0, False, True)),
    ]
    process.call("createwallet", "w2")
    process.call("unloadwallet", "w2")
    for (code, message), call in cases:
        with pytest.raises(RpcError) as caught:
            rpc(*call)
        assert (caught.value.code, message in caught.value.message) == (code, True), (call, caught.value)


def test_the_wallet_is_chosen_by_the_path(process: WalletProcess, rpc: Rpc) -> None:
    rpc("createwallet", "other/deep")

    with pytest.raises(RpcError, match="Multiple wallets are loaded"):
        rpc("getwalletinfo")
    with pytest.raises(RpcError, match="does not exist or is not loaded"):
        process.call("getwalletinfo", wallet="nobody")
    chosen: Any = process.call("getwalletinfo", wallet="other%2Fdeep")
    assert chosen["walletname"] == "other/deep"


def test_everything_survives_a_kill(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    fund(chain, rpc)
    address = rpc("getnewaddress", "kept")
    sent = rpc("sendtoaddress", FOREIGN, 1)
    balances = rpc("getbalances")

    process.kill()
    assert process.start(loaded=("w",), fallbackfee="0.0002")

    assert rpc("getaddressinfo", address)["labels"] == ["kept"]
    assert rpc("gettransaction", sent)["confirmations"] == 0
    assert rpc("getbalances") == balances
    assert rpc("getnewaddress") != address


def test_an_unconfirmed_transaction_returns_to_the_mempool_at_load(
    chain: FakeChain, rpc: Rpc, process: WalletProcess
) -> None:
    fund(chain, rpc)
    txid = hash_from_hex(rpc("sendtoaddress", FOREIGN, 1))
    process.stop()
    chain.mempool.clear()

    process.start(loaded=("w",))

    assert txid in chain.mempool


def test_blocks_that_came_while_unloaded_are_read_at_load(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    fund(chain, rpc)
    script = decode_address(rpc("getnewaddress"), REGTEST)
    sent = rpc("sendtoaddress", FOREIGN, 1)
    process.kill()
    chain.mine(script)
    chain.mine(script)

    process.start(loaded=("w",))

    assert rpc("gettransaction", sent)["confirmations"] == 2
    assert rpc("getbalances")["mine"]["immature"] == 100
    assert rpc("getwalletinfo")["lastprocessedblock"]["height"] == len(chain.blocks) - 1


def test_a_reorganisation_while_unloaded_is_noticed(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    fund(chain, rpc)
    sent = rpc("sendtoaddress", FOREIGN, 1)
    chain.mine(b"\x51")
    confirmed = rpc("gettransaction", sent)["confirmations"]
    process.stop()
    chain.disconnect_tip()
    chain.mine(b"\x52", include=())
    chain.mine(b"\x52", include=())

    process.start(loaded=("w",))

    assert confirmed == 1
    assert rpc("gettransaction", sent)["confirmations"] == 0
    assert hash_from_hex(sent) in chain.mempool


def test_a_reorganisation_while_loaded_is_followed(chain: FakeChain, rpc: Rpc) -> None:
    script = decode_address(rpc("getnewaddress"), REGTEST)
    block = chain.mine(script)
    since = rpc("listsinceblock")["lastblock"]

    chain.disconnect_tip()
    chain.mine(b"\x51")

    assert rpc("getbalances")["mine"]["immature"] == 0
    assert rpc("listtransactions")[0]["category"] == "orphan"
    removed = rpc("listsinceblock", since)["removed"]
    assert [entry["txid"] for entry in removed] == [block.transactions[0].txid[::-1].hex()]


def test_a_restored_backup_finds_payments_made_since(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    backup = process.datadir / "backup.dat"
    rpc("backupwallet", str(backup))
    addresses = [rpc("getnewaddress", "", kind) for kind in TYPES for _ in range(4)]
    for address in addresses:
        chain.mine(decode_address(address, REGTEST))
    rpc("unloadwallet", "w")

    rpc("restorewallet", "again", str(backup))

    # Four addresses of each type were paid though only three were watched: the pool grows while blocks are read.
    assert rpc("getbalances")["mine"]["immature"] == 50 * 16
    assert rpc("getnewaddress") not in addresses
    assert len(rpc("listreceivedbyaddress", 0, False, False, "", True)) == 16


def test_combo_import_finds_all_scripts_of_a_key(chain: FakeChain, rpc: Rpc) -> None:
    from moneyrocket.script.descriptors import with_checksum
    from moneyrocket.script.keys import PrivateKey
    from moneyrocket.script.standard import p2pk, p2pkh

    key = PrivateKey(bytes(31) + b"\x07")
    chain.mine(p2pk(key.public_key.data))
    chain.mine(p2pkh(key.public_key.key_id))
    text = with_checksum(f"combo({key.to_wif(REGTEST)})")

    result = rpc("importdescriptors", [{"desc": text, "timestamp": 0, "label": "mine"}])

    assert result == [{"success": True}]
    assert rpc("getbalances")["mine"]["immature"] == 100
    assert len(rpc("getaddressesbylabel", "mine")) == 3
    listed = rpc("listdescriptors", True)["descriptors"]
    assert text in [entry["desc"] for entry in listed]


def test_a_watching_wallet_sees_what_the_original_receives(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    process.call("createwallet", "watch", True)
    descriptors: Any = process.call("listdescriptors", wallet="w")
    requests: Any = [
        {"desc": entry["desc"], "active": True, "internal": entry["internal"], "range": [0, 5], "timestamp": "now"}
        for entry in descriptors["descriptors"]
    ]

    results: Any = process.call("importdescriptors", requests, wallet="watch")
    first = process.call("getnewaddress", wallet="watch")

    assert all(result["success"] for result in results)
    assert process.call("getnewaddress", wallet="w") == first
    with pytest.raises(RpcError, match="Private keys are disabled"):
        process.call("sendtoaddress", FOREIGN, 1, fee_rate=1, wallet="watch")


def test_locked_coins_are_not_spent(chain: FakeChain, rpc: Rpc) -> None:
    fund(chain, rpc)
    (coin,) = rpc("listunspent")

    rpc("lockunspent", False, [{"txid": coin["txid"], "vout": coin["vout"]}])

    assert rpc("listunspent") == []
    assert rpc("listlockunspent") == [{"txid": coin["txid"], "vout": coin["vout"]}]
    with pytest.raises(RpcError, match="Insufficient funds"):
        rpc("sendtoaddress", FOREIGN, 1)
    rpc("lockunspent", True)
    assert len(rpc("listunspent")) == 1


def test_labels(rpc: Rpc) -> None:
    address = rpc("getnewaddress", "a")

    rpc("setlabel", address, "b")
    rpc("setlabel", FOREIGN, "friend")

    assert rpc("listlabels") == ["b", "friend"]
    assert rpc("listlabels", "send") == ["friend"]
    assert rpc("getaddressesbylabel", "b") == {address: {"purpose": "receive"}}


def test_load_on_startup_is_kept_in_the_settings(chain: FakeChain, rpc: Rpc) -> None:
    rpc("createwallet", "auto", load_on_startup=True)
    added = chain.settings["wallet"]

    rpc("unloadwallet", "auto", False)

    assert added == ["auto"]
    assert chain.settings["wallet"] == []


def test_missing_and_duplicate_wallets_at_startup(chain: FakeChain, process: WalletProcess) -> None:
    process.start()
    process.call("createwallet", "w")
    process.stop()

    assert process.start(loaded=("w", "w", "none"))

    assert process.call("listwallets") == ["w"]
    assert "Warning: Ignoring duplicate -wallet w." in chain.messages
    assert any("Skipping -wallet path that doesn't exist." in message for message in chain.messages)


def test_a_damaged_wallet_stops_the_start(chain: FakeChain, process: WalletProcess) -> None:
    process.start()
    process.call("createwallet", "w")
    process.stop()
    file = process.datadir / "regtest" / "wallets" / "w" / "wallet.dat"
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(data)

    assert not process.start(loaded=("w",))

    assert chain.messages[-1].startswith("Error: ")


def test_an_encrypted_wallet_signs_only_while_unlocked(chain: FakeChain, rpc: Rpc, process: WalletProcess) -> None:
    fund(chain, rpc)
    before = rpc("listdescriptors")["descriptors"]
    rpc("encryptwallet", "secret words")

    with pytest.raises(RpcError, match="enter the wallet passphrase"):
        rpc("sendtoaddress", FOREIGN, 1)
    with pytest.raises(RpcError, match="passphrase entered was incorrect"):
        rpc("walletpassphrase", "wrong words", 10)
    rpc("walletpassphrase", "secret words", 60)
    assert len(rpc("sendtoaddress", FOREIGN, 1)) == 64
    rpc("walletlock")

    assert rpc("getwalletinfo")["unlocked_until"] == 0
    assert len(rpc("listdescriptors")["descriptors"]) == 2 * len(before)
    assert rpc("getaddressinfo", rpc("getnewaddress"))["ismine"]


def test_a_passphrase_survives_a_restart_and_can_be_changed(process: WalletProcess) -> None:
    process.start()
    process.call("createwallet", "w", passphrase="one")
    address = process.call("getnewaddress")
    process.call("walletpassphrasechange", "one", "two")
    process.kill()

    process.start(loaded=("w",))

    with pytest.raises(RpcError):
        process.call("walletpassphrase", "one", 10)
    process.call("walletpassphrase", "two", 10)
    legacy = process.call("getnewaddress", "", "legacy")
    assert process.call("signmessage", legacy, "hello")
    assert process.call("getnewaddress") != address


def test_no_private_key_is_left_in_the_file(process: WalletProcess, rpc: Rpc) -> None:
    listed: Any = rpc("listdescriptors", True)
    secret = listed["descriptors"][0]["desc"].split("(")[-1].split("/")[0].removeprefix("wpkh(")
    folder = process.datadir / "regtest" / "wallets" / "w"
    stored_before = any(secret.encode() in file.read_bytes() for file in folder.iterdir())

    rpc("encryptwallet", "secret words")

    assert stored_before
    assert not any(secret.encode() in file.read_bytes() for file in folder.iterdir())
