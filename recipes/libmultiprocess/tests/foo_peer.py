"""A program that answers as `peers/README.md` says, to whoever passed it a socket."""

import os
import sys

from foo import FooCallback, FooImplementation, FooMessage, FooMutable
from foo_generated.foo import FooInterfaceServer

from libmultiprocess import EventLoop, close, inherited_socket, serve_stream


class PeerFoo(FooImplementation):
    """Destroys what it lets go of before it answers, as C++ does."""

    def pass_message(self, arg: FooMessage) -> FooMessage:
        return FooMessage(arg.text + " call")

    def pass_mutable(self, arg: FooMutable) -> FooMutable:
        return FooMutable(arg.message + " pass call return")

    def callback_unique(self, callback: FooCallback, arg: int) -> int:
        try:
            return callback.call(arg)
        finally:
            close(callback)

    callback_shared = callback_unique

    def save_callback(self, callback: FooCallback | None) -> None:
        before, self._saved = self._saved, callback
        close(before)

    def call_fn(self) -> None:
        pass

    def call_fn_async(self) -> None:
        pass

    def call_int_fn_async(self, arg: int) -> int:
        return super().call_int_fn_async(arg) * (2 if arg else 1)


if __name__ == "__main__":
    with EventLoop("foo-peer") as loop:
        serve_stream(loop, inherited_socket(int(sys.argv[1])), FooInterfaceServer, PeerFoo()).wait_closed()
    os._exit(0)
