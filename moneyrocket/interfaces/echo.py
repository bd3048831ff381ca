"""An interface that only shows that a connection works."""

from abc import ABC, abstractmethod


class Echo(ABC):
    """Returns what it is given."""

    @abstractmethod
    def echo(self, echo: str) -> str:
        """Return ``echo`` unchanged."""
