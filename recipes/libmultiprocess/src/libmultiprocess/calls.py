"""Calls to the peer: waiting for their end, and what they raise."""

import re
from collections.abc import Sequence
from typing import Any, Final

from libmultiprocess.errors import Disconnected, IpcError, RemoteError
from libmultiprocess.rpc.messages import Failure
from libmultiprocess.threads import Waiter
from libmultiprocess.wire.message import Message, Segment

# What Cap'n Proto and C++ libmultiprocess put around a message, once for each process it came through.
_REMOTE_TEXT: Final = re.compile(
    r"^(?:remote exception: |message = |kj::Exception: |std::exception: |\(remote\):0: failed: )+"
    r"|\s*\nstack: [0-9a-f ]+$"
)
_TYPE_AND_TEXT: Final = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?", re.DOTALL)


class Call:
    """A call to the peer, until its thread has seen its end."""

    __slots__ = ("capabilities", "content", "done", "failure", "message", "reason", "waiter")
    urgent = True

    def __init__(self, waiter: Waiter) -> None:
        self.waiter = waiter
        self.done = False
        self.failure: int | None = None
        self.reason = ""
        self.message: Message | None = None
        self.content: tuple[Segment, int] = (b"", 0)
        self.capabilities: Sequence[Any] = ()

    def returned(self, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self.message, self.content, self.capabilities = message, content, capabilities
        self._end()

    def failed(self, failure: int, reason: str) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self.failure, self.reason = failure, reason
        self._end()

    def lost(self) -> None:
        """See `libmultiprocess.rpc.session.Question`."""
        self._end()

    def _end(self) -> None:
        self.done = True
        if self.waiter.sleeping:
            self.waiter.wake()

    def error(self, name: str, peer: str) -> IpcError:
        """What a call without results raises.

        Args:
            name: of the method.
            peer: name of the other process.
        """
        if self.failure is None or self.failure == Failure.DISCONNECTED:
            return Disconnected(f"{name}: the connection to {peer} was lost")
        text = _REMOTE_TEXT.sub("", self.reason.strip())
        match = _TYPE_AND_TEXT.fullmatch(text)
        return RemoteError(match[1], match[2] or "") if match else RemoteError("Exception", text)
