"""A program that serves a `foo.FooImplementation` to whoever spawned it."""

import os
import sys
import time

from foo import FooImplementation
from foo_generated.foo import FooInterfaceServer

from libmultiprocess import EventLoop, inherited_socket, serve_stream


class ProcessFoo(FooImplementation):
    """Can also hang, so that a test can kill it meanwhile."""

    def call_int_fn_async(self, arg: int) -> int:
        if arg == -1:
            return os.getpid()
        if arg == -2:
            os.write(2, b"hanging\n")
            time.sleep(3600)
        return arg or super().call_int_fn_async(arg)


if __name__ == "__main__":
    with EventLoop("foo-process") as loop:
        serve_stream(loop, inherited_socket(int(sys.argv[1])), FooInterfaceServer, ProcessFoo()).wait_closed()
    # A call that still hangs in a thread must not keep the process.
    os._exit(0)
