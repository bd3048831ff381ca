"""Which thread of this process belongs to which thread of the peer."""

import threading

from libmultiprocess.log import thread_name
from libmultiprocess.rpc.session import Session
from libmultiprocess.rpc.tables import RemoteHandle
from libmultiprocess.threadmap import ThreadTarget
from libmultiprocess.threads import Waiter


class CallerThread:
    """What a thread of this process and its peer know of each other. Dies with the thread, or with the connection.

    Attributes:
        request_thread: the peer's thread that runs the calls of this one; None until one is asked for.
        export: the number under which the peer knows this one.
    """

    def __init__(self, session: Session, waiter: Waiter, name: str) -> None:
        self.request_thread: RemoteHandle | None = None
        self._session = session
        self.export = -1
        self.export = session.references.export(ThreadTarget(waiter, name), pinned=True)

    def __del__(self) -> None:
        self._session.references.withdraw(self.export)


class Pairing:
    """The threads of this process that one connection knows.

    Args:
        session: the connection's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._threads = threading.local()

    def caller(self, waiter: Waiter, process_name: str) -> CallerThread:
        """The running thread.

        Args:
            waiter: its own.
            process_name: of this process, for what the peer is told when it asks for the thread's name.
        """
        try:
            caller: CallerThread = self._threads.caller
        except AttributeError:
            caller = self._threads.caller = CallerThread(self._session, waiter, thread_name(process_name))
        return caller

    def forget(self) -> None:
        """The connection has ended."""
        self._threads = threading.local()
