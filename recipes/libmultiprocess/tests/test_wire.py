"""What a peer that is not ours may send, by pycapnp alone."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import capnp
import pytest

from libmultiprocess import EventLoop, listen
from libmultiprocess.schema import INCLUDE_DIR, load_schema


def talk(
    tmp_path: Path, conversation: Callable[[Any, Any], Awaitable[None]], make: Callable[[], object] | None = None
) -> None:
    """Serves a `foo.FooImplementation`, or what ``make`` makes, and calls it from a plain pycapnp client."""
    from foo import FooImplementation
    from foo_generated import foo as generated

    path = tmp_path / "foo.sock"
    proxy_schema = load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")

    async def client() -> None:
        async with capnp.kj_loop():
            stream = await capnp.AsyncIoStream.create_unix_connection(str(path))
            peer = capnp.TwoPartyClient(stream)
            foo = peer.bootstrap().cast_as(generated._SCHEMA.FooInterface)
            await conversation(foo, proxy_schema)
            peer.close()
            stream.close()

    with EventLoop("server") as loop:
        listener = listen(loop, path, generated.FooInterfaceServer, (make or FooImplementation)())
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


@pytest.mark.usefixtures("generated")
def test_a_call_whose_result_is_used_runs_although_it_is_finished(tmp_path: Path) -> None:
    from foo import FooImplementation

    go_on = threading.Event()

    class Busy(FooImplementation):
        def add(self, a: int, b: int) -> int:
            assert go_on.wait(60)
            return a + b

    async def conversation(foo: Any, proxy: Any) -> None:
        # Keeps the thread busy that also runs initThreadMap.
        adding = foo.add(a=1, b=2)

        # pycapnp has no use for the answer of initThreadMap once the second call is on its way, and says so.
        def begin() -> Any:
            threads = foo.initThreadMap().threadMap
            return make_thread(threads, "pipelined").result

        context = proxy.Context.new_message()
        context.thread = begin()
        calling = foo.callIntFnAsync(context, 5)
        with pytest.raises(capnp.KjException, match="not implemented"):
            await foo.cast_as(proxy.ThreadMap).makePool(count=1)
        go_on.set()
        assert (await adding).result == 3
        assert (await calling).result == 5

    talk(tmp_path, conversation, Busy)
