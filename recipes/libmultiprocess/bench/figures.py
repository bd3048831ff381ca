"""Timing a call, and what is measured in the same run: the floor under it, and other ways to make it."""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Figures = dict[str, float]
"""Medians in microseconds a call, by name; of names with ``threads`` calls a second."""

TESTS: Final = Path(__file__).resolve().parent.parent / "tests"


def median_us(call: Callable[[], object], rounds: int) -> float:
    """Median time of a call in microseconds, after a warm-up of a tenth of the rounds."""
    for _ in range(max(1, rounds // 10)):
        call()
    clock = time.perf_counter
    times = []
    for _ in range(rounds):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times) * 1e6


def calls_per_second(call: Callable[[], object], threads: int, rounds: int) -> float:
    """Calls a second that some threads make together, ``rounds`` each."""
    ready, go = threading.Barrier(threads + 1), threading.Event()

    def work() -> None:
        call()
        ready.wait()
        go.wait()
        for _ in range(rounds):
            call()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = time.perf_counter()
    go.set()
    for worker in workers:
        worker.join()
    return threads * rounds / (time.perf_counter() - start)


def floor(rounds: int) -> Figures:
    """A byte there and back between two processes over a socket pair: nothing can be faster."""
    ours, theirs = socket.socketpair()
    echo = "import socket, sys\ns = socket.socket(fileno=int(sys.argv[1]))\nwhile d := s.recv(64): s.send(d)"
    with ours, subprocess.Popen([sys.executable, "-c", echo, str(theirs.fileno())], pass_fds=[theirs.fileno()]):
        theirs.close()

        def ping() -> None:
            ours.send(b"x")
            ours.recv(64)

        figures = {"ping": median_us(ping, rounds)}
        ours.shutdown(socket.SHUT_RDWR)
    return figures


def plain_pycapnp(rounds: int) -> Figures:
    """pycapnp's own RPC, awaited in its loop."""
    import capnp

    schema = pycapnp_schema()
    ours, theirs = socket.socketpair()
    command = [sys.executable, str(Path(__file__).with_name("pycapnp_server.py")), str(theirs.fileno())]

    async def measure() -> Figures:
        async with capnp.kj_loop():
            stream = await capnp.AsyncIoStream.create_unix_connection(sock=ours)
            client = capnp.TwoPartyClient(stream)
            foo = client.bootstrap().cast_as(schema.FooInterface)
            small, large = bytes(100), bytes(1 << 20)
            figures = {
                "add": await _median_awaited(lambda: foo.add(1, 2), rounds),
                "bytes_100": await _median_awaited(lambda: foo.passData(small), rounds),
                "bytes_1mb": await _median_awaited(lambda: foo.passData(large), max(20, rounds // 20)),
            }
            client.close()
            stream.close()
            return figures

    with subprocess.Popen(command, pass_fds=[theirs.fileno()]):
        theirs.close()
        return asyncio.run(measure())


async def _median_awaited(call: Callable[[], Any], rounds: int) -> float:
    for _ in range(max(1, rounds // 10)):
        await call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        await call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def pycapnp_schema() -> Any:
    """The tests' schema as pycapnp sees it."""
    from foo_generated import foo

    return foo._SCHEMA


def cpp(client: Path, server: Path, rounds: int, *, trace: bool) -> Figures:
    """C++ libmultiprocess on both sides, by the programs of ``tests/peers``.

    Args:
        client: the program ``foo_client``.
        server: the program ``foo_server``.
        rounds: calls for each figure.
        trace: whether it makes a text of every message, as it does unless told otherwise.

    Raises:
        subprocess.CalledProcessError: if a program fails.
    """
    command = [str(client), "--bench", "--rounds", str(rounds), "--spawn", str(server)]
    environ = {**os.environ, **({"FOO_TRACE": "1"} if trace else {})}
    output = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True).stdout
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures
