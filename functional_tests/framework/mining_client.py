"""The Mining interface as a Stratum v2 template provider uses it: pycapnp and the schema, and no code of the node."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "moneyrocket" / "ipc" / "capnp"
OP_TRUE = b"\x51"
MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class MiningSession:
    """A connection to a node.

    Attributes:
        init: the node's first object.
        mining: the remote object.
        context: what calls carry: a thread of the node that runs them, one after the other.
        schema: the schema's types.
    """

    init: Any
    mining: Any
    context: Any
    schema: Any


def mine_over_ipc(path: Path, conversation: Callable[[MiningSession], Awaitable[None]]) -> None:
    """Connect to a node's socket and hold a conversation over it.

    Args:
        path: the socket.
        conversation: what to say; exceptions of it are raised.
    """
    # The monolithic shape has no such interface, and its environment no such package.
    import capnp
    from libmultiprocess.schema import INCLUDE_DIR, load_schema

    init_schema: Any = load_schema(SCHEMAS / "init.capnp")
    mining_schema: Any = load_schema(SCHEMAS / "mining.capnp")
    proxy_schema: Any = load_schema(INCLUDE_DIR / "mp" / "proxy.capnp")

    async def talk() -> None:
        async with capnp.kj_loop():
            stream = await capnp.AsyncIoStream.create_unix_connection(str(path))
            client = capnp.TwoPartyClient(stream)
            init = client.bootstrap().cast_as(init_schema.Init)
            context = proxy_schema.Context.new_message()
            request = (await init.construct()).threadMap.makeThread_request()
            request.name = "test"
            context.thread = (await request.send()).result
            mining = (await init.makeMining(context)).result
            await conversation(MiningSession(init, mining, context, mining_schema))
            client.close()
            stream.close()

    asyncio.run(talk())


@dataclass(frozen=True, slots=True)
class Solution:
    """A block that was found.

    Attributes:
        header: its 80 bytes.
        coinbase: its coinbase with the witness.
    """

    header: bytes
    coinbase: bytes

    @property
    def hash(self) -> str:
        """The block's hash in display order."""
        return _hash256(self.header)[::-1].hex()

    @property
    def version(self) -> int:
        """The header's version."""
        return int.from_bytes(self.header[:4], "little")

    @property
    def time(self) -> int:
        """The header's time."""
        return int.from_bytes(self.header[68:72], "little")

    @property
    def nonce(self) -> int:
        """The header's nonce."""
        return int.from_bytes(self.header[76:], "little")


async def solve(session: MiningSession, template: Any, extra: bytes = b"\x00") -> Solution:
    """Find a block of a template, in the way of a pool: with a coinbase of its own, and the Merkle path alone.

    Args:
        session: where the template is from.
        template: the remote template.
        extra: what follows the prefix in the coinbase's input script; tells siblings apart.
    """
    header = bytes((await template.getBlockHeader(session.context)).result)
    parts = (await template.getCoinbaseTx(session.context)).result
    script = bytes(parts.scriptSigPrefix) + extra
    outputs = [_u64(parts.blockRewardRemaining) + _counted(OP_TRUE), *(bytes(item) for item in parts.requiredOutputs)]
    body = b"".join((
        b"\x01" + bytes(32) + b"\xff" * 4 + _counted(script) + _u32(parts.sequence),
        bytes((len(outputs),)),
        *outputs,
    ))  # fmt: skip
    start, end = _u32(parts.version), _u32(parts.lockTime)
    coinbase = start + b"\x00\x01" + body + b"\x01" + _counted(bytes(parts.witness)) + end
    root = _hash256(start + body + end)
    for sibling in (await template.getCoinbaseMerklePath(session.context)).result:
        root = _hash256(root + bytes(sibling))
    return Solution(_with_nonce(header[:36] + root + header[68:76]), coinbase)


async def submit(session: MiningSession, template: Any, solution: Solution) -> tuple[bool, str, str]:
    """Hand a solution in; returns whether it is accepted, the reason and the details."""
    told = await template.submitSolution(
        session.context, solution.version, solution.time, solution.nonce, solution.coinbase
    )
    return told.result, told.reason, told.debug


def _with_nonce(start: bytes) -> bytes:
    size, digits = start[75], int.from_bytes(start[72:75], "little")
    target = digits << 8 * (size - 3)
    nonce = 0
    while int.from_bytes(_hash256(start + _u32(nonce)), "little") > target:
        nonce += 1
    return start + _u32(nonce)


def _hash256(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _counted(data: bytes) -> bytes:
    assert len(data) < 0xFD
    return bytes((len(data),)) + data
