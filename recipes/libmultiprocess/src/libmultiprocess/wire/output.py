"""The content of a message while it is put together."""

from typing import Any, Final

from libmultiprocess.errors import ConversionError

MAX_ELEMENTS: Final = (1 << 29) - 1
MAX_CAPABILITIES: Final = 1 << 12
"""How many objects one message may refer to."""

_PAD: Final = tuple(bytes(-n & 7) for n in range(8))


class Output:
    """Words of one segment in the order in which they are sent, and the capabilities that they refer to.

    Attributes:
        chunks: the bytes so far.
        size: how many they are.
        capabilities: what capability pointers refer to, by index.
    """

    __slots__ = ("capabilities", "chunks", "size")

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self.capabilities: list[Any] = []

    def add_bytes(self, data: bytes, base: int) -> int:
        """Append a list of bytes; returns the pointer to it for position ``base``.

        Raises:
            ConversionError: if a list cannot be that long.
        """
        length = len(data)
        if length > MAX_ELEMENTS:
            raise ConversionError(f"{length} bytes are more than a message can hold")
        word = 0x2_00000001 | (self.size - base - 8 >> 3) << 2 | length << 35
        self.chunks.append(data)
        if length & 7:
            self.chunks.append(_PAD[length & 7])
        self.size += length + 7 & ~7
        return word

    def add_capability(self, capability: Any) -> int:
        """Refer to ``capability``; returns the pointer."""
        self.capabilities.append(capability)
        return 3 | len(self.capabilities) - 1 << 32
