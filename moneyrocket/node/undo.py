"""Undo data: the coins that a block spent, so that it can be disconnected again. Bitcoin Core's rev format."""

from dataclasses import dataclass

from moneyrocket.interfaces.chain import Coin
from moneyrocket.primitives.compression import compress_output, read_output, read_varint, varint
from moneyrocket.primitives.serialize import Reader, compact_size


@dataclass(frozen=True, slots=True)
class BlockUndo:
    """The spent coins of each transaction but the coinbase, in input order."""

    spent: tuple[tuple[Coin, ...], ...] = ()

    def serialize(self) -> bytes:
        """The bytes that a rev file holds for the block."""
        parts = [compact_size(len(self.spent))]
        for coins in self.spent:
            parts.append(compact_size(len(coins)))
            parts.extend(_serialize_coin(coin) for coin in coins)
        return b"".join(parts)

    @classmethod
    def deserialize(cls, data: bytes) -> "BlockUndo":
        """Read what `serialize` writes.

        Raises:
            DeserializeError: if the bytes are no undo data.
        """
        reader = Reader(data)
        spent = tuple(tuple(reader.vector(_read_coin)) for _ in range(reader.compact_size()))
        reader.expect_end()
        return cls(spent)


def _serialize_coin(coin: Coin) -> bytes:
    # The zero stands where a transaction version was stored long ago.
    version = b"\x00" if coin.height else b""
    return varint(coin.height * 2 + coin.is_coinbase) + version + compress_output(coin.out)


def _read_coin(reader: Reader) -> Coin:
    code = read_varint(reader)
    if code >> 1:
        read_varint(reader)
    return Coin(read_output(reader), code >> 1, bool(code & 1))
