"""Coins that need no keys: the pre-mined chain pays to a P2WSH of OP_TRUE, which anyone can spend."""

import hashlib
import struct
from dataclasses import dataclass
from decimal import Decimal

from functional_tests.framework.node import Node

OP_TRUE = b"\x51"
SCRIPT_PUBKEY = b"\x00\x20" + hashlib.sha256(OP_TRUE).digest()
MINER_DESCRIPTOR = f"raw({SCRIPT_PUBKEY.hex()})"
NOBODYS_DESCRIPTOR = "raw(6a)"
"""Mines coins that are lost, into blocks that differ from those of `MINER_DESCRIPTOR`, even within one second."""

COINBASE_MATURITY = 100
SAT_PER_BTC = 100_000_000
DEFAULT_FEE = 1000


@dataclass(frozen=True, slots=True)
class Utxo:
    """An output that this wallet can spend: display-order txid, index, value in sat."""

    txid: str
    vout: int
    value: int


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """A signed transaction in hex, its display-order txid and its outputs that this wallet can spend."""

    hex: str
    txid: str
    outputs: tuple[Utxo, ...]


def _sats(amount: Decimal) -> int:
    return int(amount * SAT_PER_BTC)


def _length(n: int) -> bytes:
    return bytes((n,)) if n < 0xFD else b"\xfd" + struct.pack("<H", n)


def spend(
    inputs: list[Utxo],
    payments: list[tuple[int, bytes]],
    *,
    sequence: int = 0xFFFFFFFD,
    lock_time: int = 0,
    version: int = 2,
) -> RawTransaction:
    """Build a transaction from anyone-can-spend inputs.

    Args:
        inputs: what it spends.
        payments: value in sat and script of each output.
        sequence: of every input.
        lock_time: height or time before which it is not final.
        version: transaction version.
    """
    body_inputs = b"".join(
        bytes.fromhex(utxo.txid)[::-1] + struct.pack("<I", utxo.vout) + b"\x00" + struct.pack("<I", sequence)
        for utxo in inputs
    )
    body_outputs = b"".join(struct.pack("<q", value) + _length(len(script)) + script for value, script in payments)
    body = _length(len(inputs)) + body_inputs + _length(len(payments)) + body_outputs
    head, tail = struct.pack("<i", version), struct.pack("<I", lock_time)
    witness = b"".join(b"\x01" + _length(len(OP_TRUE)) + OP_TRUE for _ in inputs)
    txid = hashlib.sha256(hashlib.sha256(head + body + tail).digest()).digest()[::-1].hex()
    ours = tuple(Utxo(txid, index, value) for index, (value, script) in enumerate(payments) if script == SCRIPT_PUBKEY)
    return RawTransaction((head + b"\x00\x01" + body + witness + tail).hex(), txid, ours)


class MiniWallet:
    """Spends the pre-mined coins of a node's chain, oldest first."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._utxos: list[Utxo] = []
        self.rescan()

    def rescan(self) -> None:
        """Take stock of every mature coin in the node's UTXO set."""
        found = self._node.rpc.scantxoutset("start", [MINER_DESCRIPTOR])
        tip = found["height"]
        mature = [
            coin for coin in found["unspents"] if not coin["coinbase"] or tip - coin["height"] + 1 >= COINBASE_MATURITY
        ]
        mature.sort(key=lambda coin: (coin["height"], coin["txid"], coin["vout"]))
        self._utxos = [Utxo(coin["txid"], coin["vout"], _sats(coin["amount"])) for coin in mature]

    def take(self) -> Utxo:
        """The oldest coin, which is not given again."""
        return self._utxos.pop(0)

    def create(self, utxo: Utxo | None = None, *, fee: int = DEFAULT_FEE, sequence: int = 0xFFFFFFFD) -> RawTransaction:
        """A transaction that moves one coin to this wallet itself, not sent yet. ``fee`` in sat."""
        coin = utxo or self.take()
        return spend([coin], [(coin.value - fee, SCRIPT_PUBKEY)], sequence=sequence)

    def send(self, utxo: Utxo | None = None, *, fee: int = DEFAULT_FEE) -> RawTransaction:
        """Create a transaction as `create` does, and give it to the node."""
        tx = self.create(utxo, fee=fee)
        assert self._node.rpc.sendrawtransaction(tx.hex) == tx.txid
        return tx

    def pay(self, script: bytes, value: int, *, fee: int = DEFAULT_FEE) -> RawTransaction:
        """Send ``value`` sat to a script, change back to this wallet."""
        coin = self.take()
        tx = spend([coin], [(value, script), (coin.value - value - fee, SCRIPT_PUBKEY)])
        assert self._node.rpc.sendrawtransaction(tx.hex) == tx.txid
        return tx

    def fund(self, address: str, value: int) -> str:
        """Pay ``value`` sat to an address of the node's wallet and mine it; returns the txid."""
        script = bytes.fromhex(self._node.rpc.validateaddress(address)["scriptPubKey"])
        tx = self.pay(script, value)
        self.mine()
        return tx.txid

    def mine(self, blocks: int = 1) -> list[str]:
        """Mine blocks whose coins belong to this wallet once they are mature."""
        return self._node.generate(blocks, MINER_DESCRIPTOR)
