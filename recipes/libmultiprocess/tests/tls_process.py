"""A program that serves a `foo.FooImplementation` over TLS, and prints its port."""

import sys
from pathlib import Path

from foo_generated.foo import FooInterfaceServer
from foo_process import ProcessFoo

from libmultiprocess import EventLoop
from libmultiprocess.tls import mutual_context
from libmultiprocess.tls_listener import listen_tls

if __name__ == "__main__":
    certificate, key, trusted = map(Path, sys.argv[1:])

    with EventLoop("tls-process") as loop:
        listener = listen_tls(
            loop,
            "127.0.0.1",
            0,
            lambda: mutual_context(server=True, certificate=certificate, key=key, trusted=[trusted.read_text()]),
            FooInterfaceServer,
            lambda _: ProcessFoo(),
        )
        print(listener.port, flush=True)
        sys.stdin.read()
