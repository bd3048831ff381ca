"""A subscription that lasts until it is disconnected."""

from abc import ABC, abstractmethod


class Handler(ABC):
    """Keeps a callback registered; dropping or disconnecting it ends the registration."""

    @abstractmethod
    def disconnect(self) -> None:
        """End the registration. Returns when no call to the callback is running any more. Harmless if repeated."""
