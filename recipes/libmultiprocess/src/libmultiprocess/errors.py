"""Exceptions of the library. Declared exceptions of an interface arrive as their own type instead."""


class IpcError(Exception):
    """Something went wrong between processes rather than inside a method."""


class Disconnected(IpcError, ConnectionError):
    """The other process has gone, or the connection was closed. The call may or may not have had its effect."""


class TimedOut(IpcError, TimeoutError):
    """A call took longer than its `deadline`. It may or may not have its effect."""


class ProxyClosed(IpcError):
    """A proxy was used after it was closed."""


class AddressError(IpcError, OSError):
    """An address cannot be listened at, or connected to. The text says why."""


class AddressInUse(AddressError):
    """Another process listens there."""


class NobodyListens(AddressError, ConnectionError):
    """Nobody answers there."""


class PeerRefused(AddressError, ConnectionError):
    """Who answers there is not who it should be, or does not trust this side."""


class ConversionError(IpcError, ValueError):
    """An argument or result does not fit the type that the schema gives it."""


class RemoteError(IpcError):
    """A method raised an exception that its schema does not declare.

    Attributes:
        type_name: name of the exception's class in the other process.
        message: its text.
    """

    def __init__(self, type_name: str, message: str) -> None:
        super().__init__(type_name, message)
        self.type_name = type_name
        self.message = message

    def __str__(self) -> str:
        return f"{self.type_name}: {self.message}" if self.message else self.type_name


class SchemaError(Exception):
    """A schema and the Python classes it names do not fit together. Raised by mpgen only."""


class MalformedMessage(IpcError, ValueError):
    """Bytes that are no message, or a message that does not fit its schema."""


class ProtocolError(IpcError):
    """The peer sent what the protocol does not allow; the connection ends."""
