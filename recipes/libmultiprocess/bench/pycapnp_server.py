"""Serves three methods of the tests' interface by pycapnp's own RPC, on an inherited socket."""

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import capnp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.figures import pycapnp_schema

SCHEMA = pycapnp_schema()


class Foo(SCHEMA.FooInterface.Server):  # type: ignore[misc,name-defined]  # made by pycapnp at run time
    """The methods that are measured."""

    async def add(self, a: int, b: int, **_: Any) -> int:
        return a + b

    async def passData(self, arg: bytes, **_: Any) -> bytes:  # noqa: N802
        return arg


async def main() -> None:
    """Serve until the other side hangs up."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.setblocking(False)
    async with capnp.kj_loop():
        stream = await capnp.AsyncIoStream.create_unix_connection(sock=sock)
        await capnp.TwoPartyServer(stream, bootstrap=Foo()).on_disconnect()


asyncio.run(main())
