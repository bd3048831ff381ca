"""The objects of one side that the peer may call, and the references that it holds to the peer's."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from libmultiprocess.errors import ProtocolError
from libmultiprocess.rpc import messages
from libmultiprocess.rpc.messages import Descriptor, Hosted
from libmultiprocess.rpc.tables import GONE, Export, RemoteHandle, Target

_MAX_ID: Final = 1 << 32


class References:
    """The export table, and what is to be given back to the peer.

    Args:
        send: sends a message; the second argument tells whether it may wait for the next one.
        nudge: says that `release_dropped` has something to do. Called anywhere, in finalizers too.
        offered: what the peer gets when it asks for the first object, if anything.

    Attributes:
        closed: whether the connection has ended.
        offered: see above; None after the end.
    """

    def __init__(self, send: Callable[[bytes, bool], None], nudge: Callable[[], None], offered: Target | None) -> None:
        self.closed = False
        self.offered = offered
        self._send = send
        self._nudge = nudge
        self._offered_as = -1
        self._numbers = count(0)
        self._exports: dict[int, Export] = {}
        self._dropped: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._exports)

    # Sending; in any thread.

    def describe(self, capabilities: Sequence[Any]) -> list[Descriptor]:
        """How each capability of an outgoing message is sent; what is not yet exported gets a number."""
        descriptors: list[Descriptor] = []
        for item in capabilities:
            if type(item) is RemoteHandle:
                descriptors.append((Hosted.RECEIVER, item.number))
            elif type(item) is int:
                export = self._exports.get(item)
                if export is None:
                    # The connection has ended a moment ago, and nothing is sent any more.
                    descriptors.append((Hosted.NONE, 0))
                    continue
                export.sent += 1
                descriptors.append((Hosted.SENDER, item))
            else:
                descriptors.append((Hosted.SENDER, self.export(item)))
        return descriptors

    def export(self, target: Target, *, pinned: bool = False) -> int:
        """Give ``target`` a number by which the peer may call it.

        Args:
            target: the object. Its `released` is called when the peer lets go.
            pinned: whether it may be sent many times under the same number, by one thread, until it is withdrawn.
        """
        number = next(self._numbers) % _MAX_ID
        self._exports[number] = Export(target, pinned=pinned)
        if self.closed:
            self._forget(number)
        return number

    def withdraw(self, number: int) -> None:
        """Let go of a pinned export. Safe in finalizers."""
        export = self._exports.get(number)
        if export is None:
            return
        export.target = None
        export.pinned = False
        if export.released == export.sent:
            self._exports.pop(number, None)

    def _forget(self, number: int) -> None:
        export = self._exports.pop(number, None)
        # What is offered can be asked for again.
        if export is not None and export.target is not None and export.target is not self.offered:
            export.target.released()

    def export_offered(self) -> int:
        """Give what is offered to the peer, once more if need be."""
        exported = self._exports.get(self._offered_as)
        if exported is None and self.offered is not None:
            self._offered_as = self.export(self.offered)
        elif exported is not None:
            exported.sent += 1
        return self._offered_as

    def target_of(self, descriptor: Descriptor) -> Any:
        """The object that a descriptor stands for, None if it is one of the peer's."""
        export = self._exports.get(descriptor[1]) if descriptor[0] == Hosted.SENDER else None
        return None if export is None else export.target

    # Receiving; one thread at a time.

    def target(self, number: int) -> Any:
        """The object of a number.

        Raises:
            ProtocolError: if the peer has no reference to it.
        """
        export = self._exports.get(number)
        if export is None:
            raise ProtocolError(f"object {number} is named, which was never sent or is released")
        return export.target or GONE

    def release(self, number: int, references: int) -> None:
        """The peer gives references back.

        Raises:
            ProtocolError: if it has not so many.
        """
        export = self._exports.get(number)
        if export is None:
            raise ProtocolError(f"object {number} is released, which was never sent or is released already")
        export.released += references
        if export.released > export.sent:
            raise ProtocolError(f"object {number} is released more often than it was sent")
        if export.released == export.sent and not export.pinned:
            self._forget(number)

    def release_all(self, numbers: Sequence[int]) -> None:
        """The peer gives back one reference of each."""
        for number in numbers:
            if number in self._exports:
                self.release(number, 1)

    # References to the peer's objects.

    def handle(self, number: int) -> RemoteHandle:
        """A reference that was received."""
        return RemoteHandle(number, self._drop)

    def _drop(self, number: int) -> None:
        """A handle is gone. A finalizer may run anywhere, so the peer is told later."""
        self._dropped.append(number)
        self._nudge()

    def release_dropped(self) -> None:
        """Tell the peer of references that are gone. Sends nothing at once."""
        dropped: Counter[int] = Counter()
        while self._dropped:
            dropped[self._dropped.popleft()] += 1
        for number, references in dropped.items():
            self._send(messages.release(number, references), True)

    def close(self) -> None:
        """The connection has ended: every export is released."""
        self.closed = True
        for number in list(self._exports):
            self._forget(number)
        offered, self.offered = self.offered, None
        if offered is not None:
            offered.released()
