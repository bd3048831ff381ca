"""Prints what calls between two processes cost, all of it measured in this run.

Usage: python -m bench [--rounds N] [--repeat N] [--cpp DIR]
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import TESTS, Figures, calls_per_second, cpp, floor, median_us, plain_pycapnp
from libmultiprocess import EventLoop, close, connect_stream, spawn
from libmultiprocess.mpgen import generate

NAMES = {
    "ping": "floor: a byte there and back",
    "void": "call without arguments",
    "add": "add(1, 2)",
    "bytes_100": "100 bytes there and back",
    "bytes_1mb": "1 MiB there and back",
    "pass_struct_list": "list of 1,000 structs, there",
    "struct_list_back": "list of 1,000 structs, there and back",
    "context": "call on a thread of its own",
    "callback": "callback, made and destroyed each time",
    "saved_callback": "saved callback",
    "nested_callback": "callback in a callback",
    "create_destroy": "object created and destroyed",
    "threads_1": "1 thread, calls/s",
    "threads_8": "8 threads, calls/s",
}


def python(rounds: int) -> Figures:
    """This library on both sides."""
    from foo import FooCallback, FooStruct
    from foo_generated.foo import FooInterfaceClient

    class Callback(FooCallback):
        def call(self, arg: int) -> int:
            return arg

    class Nested(FooCallback):
        def call(self, arg: int) -> int:
            return int(foo.callback(Callback(), arg))

    loop = EventLoop("bench")
    process = spawn(lambda descriptor: [sys.executable, str(TESTS / "foo_peer.py"), str(descriptor)])
    foo: Any = connect_stream(loop, process.sock, FooInterfaceClient)
    foo.init_thread_map()
    small, large = bytes(100), bytes(1 << 20)
    pairs = {str(n): "text" for n in range(1000)}
    struct = FooStruct("", set(), [], None, frozenset(), {str(n): n for n in range(1000)})
    figures = {
        "void": median_us(foo.call_fn, rounds),
        "add": median_us(lambda: foo.add(1, 2), rounds),
        "bytes_100": median_us(lambda: foo.pass_data(small), rounds),
        "bytes_1mb": median_us(lambda: foo.pass_data(large), max(20, rounds // 20)),
        "pass_struct_list": median_us(lambda: foo.map_size(pairs), max(20, rounds // 10)),
        "struct_list_back": median_us(lambda: foo.pass_struct(struct), max(20, rounds // 20)),
        "context": median_us(lambda: foo.call_int_fn_async(1), rounds),
        "callback": median_us(lambda: foo.callback(Callback(), 1), rounds),
        "nested_callback": median_us(lambda: foo.callback(Nested(), 1), rounds),
    }
    foo.save_callback(Callback())
    figures["saved_callback"] = median_us(lambda: foo.callback_saved(1), rounds)
    figures["create_destroy"] = median_us(lambda: foo.save_callback(Callback()), rounds)
    figures["threads_1"] = calls_per_second(lambda: foo.call_int_fn_async(1), 1, rounds)
    figures["threads_8"] = calls_per_second(lambda: foo.call_int_fn_async(1), 8, max(1, rounds // 4))
    close(foo)
    process.wait()
    loop.close()
    return figures


def prepare(folder: Path) -> None:
    """Generate the proxies, and let this process and its children find them."""
    sys.path[:0] = [str(TESTS), str(folder)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(folder), os.environ.get("PYTHONPATH", "")])
    generate([TESTS / "foo.capnp"], folder / "foo_generated", "foo_generated")


def table(columns: dict[str, list[Figures]]) -> str:
    """The medians of all repetitions as lines of text, with this library's ratio to each other column."""
    medians = {
        title: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        for title, runs in columns.items()
    }
    others = [title for title in columns if title not in ("floor", "ours")]
    lines = [" " * 40 + "ours".rjust(10) + "".join(title.rjust(20) for title in others)]
    for name, title in NAMES.items():
        own = medians["floor" if name == "ping" else "ours"].get(name)
        if own is None:
            continue
        cells = [f"{own:10,.0f}" if own > 999 else f"{own:10.1f}"]
        for other in others:
            value = medians[other].get(name)
            shown = "" if value is None else f"{value:,.0f} ({own / value:.2f}x)" if value else ""
            cells.append(shown.rjust(20))
        lines.append(title.ljust(40) + "".join(cells))
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench", description="Cost of calls between processes, in microseconds.")
    parser.add_argument("--rounds", type=int, default=2000, metavar="N", help="calls for each figure (2000)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="how often all is measured in turn (3)")
    parser.add_argument("--cpp", type=Path, metavar="DIR", help="folder of foo_client and foo_server (see tests/peers)")
    options = parser.parse_args(arguments)
    ways: dict[str, Callable[[int], Figures]] = {"floor": floor, "ours": python, "plain pycapnp": plain_pycapnp}
    if options.cpp is not None:
        client, server = options.cpp / "foo_client", options.cpp / "foo_server"
        for program in (client, server):
            if not os.access(program, os.X_OK):
                print(f"bench: {program} is no program; tests/peers/README.md says how to make it", file=sys.stderr)
                return 2
        ways["C++, default log"] = lambda rounds: cpp(client, server, rounds, trace=True)
        ways["C++, log off"] = lambda rounds: cpp(client, server, rounds, trace=False)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        cpus = os.sched_getaffinity(0)
        for placing, allowed in (("free to use every CPU", cpus), ("all on one CPU", {min(cpus)})):
            os.sched_setaffinity(0, allowed)
            columns: dict[str, list[Figures]] = {title: [] for title in ways}
            for _ in range(options.repeat):
                for title, measure in ways.items():
                    columns[title].append(measure(options.rounds))
            os.sched_setaffinity(0, cpus)
            print(f"\nMicroseconds a call (median), processes {placing}:\n\n{table(columns)}", flush=True)
    print(f"\nPython {platform.python_version()}, {len(cpus)} CPUs, {platform.machine()}, {options.rounds} rounds each")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
