"""Mining over a socket, as Stratum v2 template providers do it; in the monolithic shape nobody can connect."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional_tests.framework.mini_wallet import MiniWallet
from functional_tests.framework.mining_client import MILLISECONDS, MiningSession, mine_over_ipc, solve, submit
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.premined_chain import HEIGHT

HARDEST_BITS = bytes.fromhex("00000101")
A_MINUTE = 60 * MILLISECONDS


@pytest.fixture
def socket() -> Iterator[Path]:
    """Where the node listens: a test's own folder may be too deep for a socket."""
    with tempfile.TemporaryDirectory(prefix="moneyrocket-") as folder:
        yield Path(folder) / "node.sock"


@pytest.fixture
def node(node_factory: NodeFactory, socket: Path) -> Node:
    """A node that others can connect to, if it is of the shape that has this."""
    made = node_factory.create()
    bind = f"-ipcbind=unix:{socket}"
    if made.settings.executables.is_multiprocess:
        made.start(bind)
    else:
        assert made.start_error(bind).endswith(f"Invalid parameter {bind}")
    return made


def test_a_block_of_a_template_becomes_the_tip(node: Node, socket: Path) -> None:
    if not node.running:
        return
    tx = MiniWallet(node).send(fee=5000)

    async def mine(session: MiningSession) -> None:
        template = (await session.mining.createNewBlock(session.context, {}, False)).result
        assert list((await template.getTxFees(session.context)).result) == [5000]
        solution = await solve(session, template)
        assert await submit(session, template, solution) == (True, "", "")
        assert await submit(session, template, solution) == (False, "duplicate", "")
        block = bytes((await template.getBlock(session.context)).result)
        assert block.startswith(solution.header)
        assert node.rpc.getbestblockhash() == solution.hash
        await template.destroy(session.context)

    mine_over_ipc(socket, mine)
    assert node.rpc.getblockcount() == HEIGHT + 1
    assert node.rpc.getblock(node.rpc.getbestblockhash())["tx"][1:] == [tx.txid]


def test_a_complete_block_is_checked_and_submitted(node: Node, socket: Path) -> None:
    if not node.running:
        return

    async def mine(session: MiningSession) -> None:
        template = (await session.mining.createNewBlock(session.context, {}, False)).result
        solution = await solve(session, template)
        block = solution.header + b"\x01" + solution.coinbase
        checked = await session.mining.checkBlock(session.context, block, {})
        assert (checked.result, checked.reason) == (True, "")
        unsolved = solution.header[:72] + HARDEST_BITS + solution.header[76:] + b"\x01" + solution.coinbase
        refused = await session.mining.checkBlock(session.context, unsolved, {})
        assert (refused.result, refused.reason) == (False, "high-hash")
        assert (await session.mining.submitBlock(session.context, block)).result
        assert node.rpc.getbestblockhash() == solution.hash

    mine_over_ipc(socket, mine)


def test_a_template_follows_tip_and_fees(node: Node, socket: Path) -> None:
    if not node.running:
        return
    wallet = MiniWallet(node)

    async def mine(session: MiningSession) -> None:
        options = session.schema.BlockWaitOptions.new_message(timeout=A_MINUTE, feeThreshold=1)
        template = (await session.mining.createNewBlock(session.context, {}, False)).result
        waiting = template.waitNext(session.context, options)
        tx = wallet.send(fee=700)
        richer = (await waiting).result
        assert list((await richer.getTxFees(session.context)).result) == [700]
        waiting = richer.waitNext(session.context, options)
        wallet.mine()
        following = (await waiting).result
        assert list((await following.getTxFees(session.context)).result) == []
        found = (await session.mining.getTransactionsByTxID(session.context, [bytes.fromhex(tx.txid)[::-1]])).result
        assert [bytes(item) for item in found] == [b""]
        options.timeout = 0
        assert not (await following.waitNext(session.context, options))._has("result")

    mine_over_ipc(socket, mine)


def test_waits_for_the_tip_end_by_a_block_by_time_and_by_request(node: Node, socket: Path) -> None:
    if not node.running:
        return

    async def wait(session: MiningSession) -> None:
        mining, context = session.mining, session.context
        tip = (await mining.getTip(context)).result
        assert (bytes(tip.hash)[::-1].hex(), tip.height) == (node.rpc.getbestblockhash(), HEIGHT)
        waiting = mining.waitTipChanged(context, bytes(tip.hash), A_MINUTE)
        MiniWallet(node).mine()
        new = (await waiting).result
        assert new.height == HEIGHT + 1
        assert (await mining.waitTipChanged(context, bytes(new.hash), 1.0)).result.height == HEIGHT + 1
        waiting = mining.waitTipChanged(context, bytes(new.hash), A_MINUTE)
        await mining.interrupt()
        assert len((await waiting).result.hash) == 0

    mine_over_ipc(socket, wait)


def test_a_node_stops_under_a_miner_who_waits(node: Node, socket: Path) -> None:
    if not node.running:
        return

    async def wait(session: MiningSession) -> None:
        tip = (await session.mining.getTip(session.context)).result
        waiting = session.mining.waitTipChanged(session.context, bytes(tip.hash), A_MINUTE)
        stopping = asyncio.create_task(asyncio.to_thread(node.stop))
        assert len((await waiting).result.hash) == 0
        await stopping

    mine_over_ipc(socket, wait)


def test_nothing_waits_on_for_a_miner_who_has_gone(node: Node, socket: Path) -> None:
    if not node.running:
        return

    async def leave(session: MiningSession) -> None:
        tip = (await session.mining.getTip(session.context)).result
        with node.expect_log("recv request", "Mining.waitTipChanged$Params"):
            waiting = session.mining.waitTipChanged(session.context, bytes(tip.hash), A_MINUTE)
            # By the answer to this, that request has arrived as well.
            await session.init.construct()
        del waiting

    with node.expect_log("Mining.waitTipChanged$Results ()"):
        mine_over_ipc(socket, leave)
