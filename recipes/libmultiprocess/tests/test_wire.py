"""What a peer that is not ours may send, by pycapnp alone."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import capnp
import pytest

from libmultiprocess import EventLoop, listen
from libmultiprocess.mpgen.generate import generate
from libmultiprocess.schema import INCLUDE_DIR, load_schema

TESTS = Path(__file__).parent


def talk(tmp_path: Path, conversation: Callable[[Any, Any], Awaitable[None]]) -> None:
    """Serves a `foo.FooImplementation` and calls it from a plain pycapnp client."""
    from foo import FooImplementation
    from foo_generated import foo as generated

    talk_to(tmp_path, generated.FooInterfaceServer, FooImplementation(), generated._SCHEMA.FooInterface, conversation)


def talk_to(
    tmp_path: Path, server_type: Any, impl: object, interface: Any, conversation: Callable[[Any, Any], Awaitable[None]]
) -> None:
    """Serves an object and calls it from a plain pycapnp client."""
    path = tmp_path / "foo.sock"
    proxy_schema = load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")

    async def client() -> None:
        async with capnp.kj_loop():
            stream = await capnp.AsyncIoStream.create_unix_connection(str(path))
            peer = capnp.TwoPartyClient(stream)
            await conversation(peer.bootstrap().cast_as(interface), proxy_schema)
            peer.close()
            stream.close()

    with EventLoop("server") as loop:
        listener = listen(loop, path, server_type, impl)
        asyncio.run(client())
        listener.close()


def make_thread(threads: Any, name: str) -> Any:
    """Asks for a thread; pycapnp's short form cannot pass a parameter called name."""
    request = threads.makeThread_request()
    request.name = name
    return request.send()


@pytest.mark.usefixtures("generated")
def test_calls_without_a_thread_need_a_pool(tmp_path: Path) -> None:
    async def conversation(foo: Any, proxy: Any) -> None:
        assert (await foo.add(a=1, b=2)).result == 3
        threads = (await foo.initThreadMap()).threadMap
        with pytest.raises(capnp.KjException, match="no thread specified and no pool configured"):
            await foo.callIntFnAsync(arg=5)
        await threads.makePool(count=2)
        results = await asyncio.gather(*(foo.callIntFnAsync(arg=n) for n in range(1, 6)))
        assert [item.result for item in results] == [1, 2, 3, 4, 5]

    talk(tmp_path, conversation)


@pytest.mark.usefixtures("generated")
def test_a_thread_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    async def conversation(foo: Any, proxy: Any) -> None:
        class ForeignThread(proxy.Thread.Server):  # type: ignore[misc]
            async def getName(self, _context: Any) -> str:  # noqa: N802
                return "foreign"

        thread = proxy.Thread._new_client(ForeignThread())
        with pytest.raises(capnp.KjException, match="invalid thread handle"):
            await foo.callIntFnAsync(context={"thread": thread, "callbackThread": thread}, arg=5)

    talk(tmp_path, conversation)


@pytest.mark.usefixtures("generated")
def test_a_thread_that_was_promised_is_used(tmp_path: Path) -> None:
    async def conversation(foo: Any, proxy: Any) -> None:
        threads = (await foo.initThreadMap()).threadMap
        made = make_thread(threads, "pipelined")
        first = foo.callIntFnAsync(context={"thread": made.result}, arg=0)
        second = foo.callIntFnAsync(context={"thread": made.result}, arg=0)
        assert (await first).result == (await second).result
        assert (await made.result.getName()).result == "pipelined"

    talk(tmp_path, conversation)


@pytest.mark.usefixtures("generated")
def test_calls_for_a_busy_thread_are_queued_in_order(tmp_path: Path) -> None:
    async def conversation(foo: Any, proxy: Any) -> None:
        threads = (await foo.initThreadMap()).threadMap
        thread = (await make_thread(threads, "busy")).result
        calls = [foo.callIntFnAsync(context={"thread": thread}, arg=n) for n in range(1, 101)]
        assert [item.result for item in await asyncio.gather(*calls)] == list(range(1, 101))

    talk(tmp_path, conversation)


def test_a_call_whose_result_is_used_runs_although_it_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foo_derived import MemoryLibrary, Readable

    generate([TESTS / "foo_base.capnp", TESTS / "foo_derived.capnp"], tmp_path / "foo_used", "foo_used")
    monkeypatch.syspath_prepend(tmp_path)
    from foo_used import foo_derived as generated

    class BusyLibrary(MemoryLibrary):
        def __init__(self) -> None:
            super().__init__()
            self.go_on = threading.Event()

        def describe(self) -> str:
            return f"went on: {self.go_on.wait(60)}"

        def read_all(self, documents: Sequence[Readable]) -> list[str]:
            self.go_on.set()
            return []

    async def conversation(library: Any, proxy: Any) -> None:
        threads = library.construct().threadMap
        busy = make_thread(threads, "busy").result
        busy_call = library.describe(context={"thread": busy})
        opening = library.open(context={"thread": busy})
        document = opening.result
        # pycapnp finishes the question of a promise that is garbage.
        del opening
        signing = document.sign(context={"thread": busy})
        del document
        await library.readAll(context={"thread": make_thread(threads, "free").result}, documents=[])
        assert (await busy_call).result == "went on: True"
        assert (await signing).result == "signed: "

    talk_to(tmp_path, generated.LibraryServer, BusyLibrary(), generated._SCHEMA.Library, conversation)
    for name in [name for name in sys.modules if name.startswith("foo_used")]:
        del sys.modules[name]
