"""The abstract class that doubler.capnp describes once more."""

from abc import ABC, abstractmethod


class Doubler(ABC):
    """Doubles."""

    @abstractmethod
    def double(self, value: int) -> int:
        """Twice `value`."""
