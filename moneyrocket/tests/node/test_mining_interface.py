"""Block templates as miners outside the node get them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from moneyrocket.common import clock
from moneyrocket.common.args import ArgsManager
from moneyrocket.interfaces.mining import (
    BlockCheckOptions,
    BlockCreateOptions,
    BlockTemplate,
    BlockVerdict,
    BlockWaitOptions,
    MiningError,
)
from moneyrocket.node.context import NodeContext
from moneyrocket.node.miner import Miner, solve_block
from moneyrocket.node.mining_interface import NodeMining
from moneyrocket.node.mining_options import MiningOptions
from moneyrocket.primitives.amount import COIN
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.hashes import ZERO_HASH, hash256, hash_to_hex
from moneyrocket.primitives.transaction import NULL_OUTPOINT, Transaction, TxIn, TxOut
from moneyrocket.rpc.table import RpcTable
from moneyrocket.tests.node.mempool_chain import MempoolChain, pay

T = TypeVar("T")

SECONDS = 60
AT_ONCE = BlockWaitOptions(timeout=0, fee_threshold=1)
GOOD = BlockVerdict("", "", True)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[MempoolChain]:
    made = MempoolChain(tmp_path)
    made.mine(101)
    yield made
    made.chainman.close()


@pytest.fixture
def node(chain: MempoolChain) -> NodeContext:
    made = NodeContext(ArgsManager(()), chain.chainman.params, RpcTable())
    made.signals, made.notifications = chain.signals, chain.notifications
    made.chainman, made.mempool = chain.chainman, chain.mempool
    made.miner = Miner(chain.chainman, chain.mempool, MiningOptions())
    return made


@pytest.fixture
def mining(node: NodeContext) -> NodeMining:
    return NodeMining(node)


def template_of(mining: NodeMining, options: BlockCreateOptions | None = None) -> BlockTemplate:
    made = mining.create_new_block(options or BlockCreateOptions(), cooldown=False)
    assert made is not None
    return made


def coinbase_for(template: BlockTemplate, extra: bytes = b"\x00") -> Transaction:
    """A coinbase as a pool makes it."""
    parts = template.get_coinbase_tx()
    assert parts.witness is not None
    txin = TxIn(NULL_OUTPOINT, parts.script_sig_prefix + extra, parts.sequence, (parts.witness,))
    outputs = (TxOut(parts.block_reward_remaining, b"\x51"), *parts.required_outputs)
    return Transaction(parts.version, (txin,), outputs, parts.lock_time)


def solved(template: BlockTemplate, coinbase: Transaction) -> Block:
    """The block with this coinbase, the Merkle root made from the path that the template tells."""
    root = coinbase.txid
    for sibling in template.get_coinbase_merkle_path():
        root = hash256(root + sibling)
    block = template.get_block()
    header = replace(block.header, merkle_root=root)
    done, _ = solve_block(Block(header, (coinbase, *block.transactions[1:])), 1000)
    assert done is not None
    return done


def submit(template: BlockTemplate, block: Block) -> BlockVerdict:
    header = block.header
    return template.submit_solution(header.version, header.time, header.nonce, block.transactions[0])


def while_waiting(wait: Callable[[], T], then: Callable[[], object]) -> T:
    """What ``wait`` returns after ``then`` was done."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(wait()), daemon=True)
    thread.start()
    then()
    thread.join(SECONDS)
    return results[0]


def test_a_block_of_a_template_is_accepted(chain: MempoolChain, mining: NodeMining) -> None:
    tx = pay(chain.coins[1], fee=5000)
    chain.accept(tx)
    template = template_of(mining)
    block = solved(template, coinbase_for(template))

    assert template.get_tx_fees() == [5000]
    assert len(template.get_tx_sigops()) == 1
    assert template.get_coinbase_tx().block_reward_remaining == 50 * COIN + 5000
    assert mining.check_block(block, BlockCheckOptions()) == GOOD
    assert submit(template, block) == GOOD
    assert chain.chainman.tip.hash == block.hash
    assert template.get_block() == block
    assert template.get_block_header() == block.header


def test_the_coinbase_begins_with_the_height_alone(tmp_path: Path, node: NodeContext) -> None:
    low = MempoolChain(tmp_path / "low")
    node.chainman, node.signals, node.notifications = low.chainman, low.signals, low.notifications
    node.miner = Miner(low.chainman, None, MiningOptions())

    template = template_of(NodeMining(node))

    assert template.get_coinbase_tx().script_sig_prefix == b"\x51"
    assert submit(template, solved(template, coinbase_for(template, b"\xaa"))) == GOOD
    low.chainman.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda block: replace(block.header, version=0), "bad-version(0x00000000)"),
        (lambda block: replace(block.header, prev_hash=ZERO_HASH), "inconclusive-not-best-prevblk"),
        (lambda block: replace(block.header, merkle_root=ZERO_HASH), "bad-txnmrklroot"),
        (lambda block: replace(block.header, bits=0x01010000), "high-hash"),
    ],
    ids=("version", "parent", "root", "work"),
)
def test_a_bad_block_is_refused_with_its_reason(
    mining: NodeMining, change: Callable[[Block], BlockHeader], reason: str
) -> None:
    template = template_of(mining)
    good = solved(template, coinbase_for(template))
    bad = Block(change(good), good.transactions)
    bad = solve_block(bad, 1000)[0] or bad

    verdict = mining.check_block(bad, BlockCheckOptions())

    assert (verdict.result, verdict.reason) == (False, reason)


def test_checks_can_be_left_out(mining: NodeMining) -> None:
    template = template_of(mining)
    block = template.get_block()
    unsolved = Block(replace(block.header, merkle_root=ZERO_HASH), block.transactions)

    assert mining.check_block(unsolved, BlockCheckOptions(check_merkle_root=False, check_pow=False)) == GOOD


def test_what_becomes_of_a_block_is_told(mining: NodeMining) -> None:
    first, second, third = (template_of(mining) for _ in range(3))
    block = solved(first, coinbase_for(first, b"\x01"))
    stale = solved(second, coinbase_for(second, b"\x02"))
    bad = solved(third, replace(coinbase_for(third, b"\x03"), lock_time=2**32 - 1))

    assert mining.submit_block(block) == GOOD
    assert mining.submit_block(block) == BlockVerdict("duplicate", "", False)
    assert submit(first, block) == BlockVerdict("duplicate", "", False)
    assert submit(second, stale) == BlockVerdict("inconclusive", "", False)
    assert mining.submit_block(bad) == BlockVerdict("bad-txns-nonfinal", "non-final transaction", False)
    known = f"block {hash_to_hex(bad.hash)} was previously marked invalid"
    assert mining.submit_block(bad) == BlockVerdict("duplicate-invalid", known, False)


def test_a_refused_coinbase_stays_in_the_template(mining: NodeMining) -> None:
    template = template_of(mining)
    block = solved(template, coinbase_for(template))
    bare = block.transactions[0].without_witness()

    refused = template.submit_solution(block.header.version, block.header.time, block.header.nonce, bare)

    assert refused.reason == "bad-witness-nonce-size"
    assert template.get_block().transactions[0] == bare
    assert submit(template, block) == GOOD


def test_a_solution_without_a_coinbase_does_nothing(mining: NodeMining) -> None:
    template = template_of(mining)
    before = template.get_block()

    assert not template.submit_solution(0, 0, 0, None).result
    assert template.get_block() is before


def test_old_clients_are_told_to_update(mining: NodeMining) -> None:
    with pytest.raises(MiningError, match="Please update your client"):
        template_of(mining).submit_solution_old7(0, 0, 0, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (BlockCreateOptions(block_reserved_weight=0), "block_reserved_weight (0) is lower than minimum safety value"),
        (
            BlockCreateOptions(block_reserved_weight=4_000_001),
            "block_reserved_weight (4000001) exceeds consensus maximum block weight (4000000)",
        ),
        (
            BlockCreateOptions(coinbase_output_max_additional_sigops=80_001),
            "coinbase_output_max_additional_sigops (80001) exceeds consensus maximum block sigops cost (80000)",
        ),
    ],
)
def test_options_out_of_range_are_refused(mining: NodeMining, options: BlockCreateOptions, message: str) -> None:
    with pytest.raises(MiningError) as refused:
        mining.create_new_block(options, cooldown=False)

    assert str(refused.value).startswith(message)


def test_options_leave_transactions_out(chain: MempoolChain, mining: NodeMining) -> None:
    chain.accept(pay(chain.coins[1]))

    assert template_of(mining, BlockCreateOptions(use_mempool=False)).get_tx_fees() == []
    assert template_of(mining, BlockCreateOptions(block_reserved_weight=4_000_000)).get_tx_fees() == []
    assert template_of(mining).get_tx_fees() == [1000]


def test_the_next_template_keeps_the_options(chain: MempoolChain, mining: NodeMining) -> None:
    template = template_of(mining, BlockCreateOptions(use_mempool=False))
    chain.accept(pay(chain.coins[1]))

    chain.mine()
    following = template.wait_next(BlockWaitOptions())

    assert following is not None
    assert following.get_block_header().prev_hash == chain.chainman.tip.hash
    assert following.get_tx_fees() == []


def test_higher_fees_are_worth_a_template(chain: MempoolChain, mining: NodeMining) -> None:
    template = template_of(mining)
    assert template.wait_next(AT_ONCE) is None
    chain.accept(pay(chain.coins[1], fee=1000))

    assert template.wait_next(replace(AT_ONCE, fee_threshold=1001)) is None
    following = template.wait_next(replace(AT_ONCE, fee_threshold=1000))
    assert following is not None
    assert following.get_tx_fees() == [1000]
    assert following.wait_next(AT_ONCE) is None
    assert following.wait_next(replace(AT_ONCE, fee_threshold=0)) is not None
    assert template.wait_next(BlockWaitOptions(timeout=0)) is None


def test_a_test_chain_with_an_old_tip_may_have_an_easy_block(chain: MempoolChain, mining: NodeMining) -> None:
    template = template_of(mining)
    assert template.wait_next(BlockWaitOptions(timeout=0)) is None

    clock.set_mock_time(chain.chainman.tip.time + 20 * 60 + 1)
    try:
        assert template.wait_next(BlockWaitOptions(timeout=0)) is not None
    finally:
        clock.set_mock_time(0)


def test_waiting_for_a_template_ends_when_it_is_told_to(mining: NodeMining) -> None:
    template = template_of(mining)

    assert while_waiting(lambda: template.wait_next(BlockWaitOptions()), template.interrupt_wait) is None
    assert while_waiting(lambda: template.wait_next(BlockWaitOptions()), template.released) is None
    assert template.wait_next(BlockWaitOptions()) is None


def test_a_new_tip_ends_the_wait_for_one(chain: MempoolChain, mining: NodeMining) -> None:
    before = mining.get_tip()
    assert before is not None
    assert mining.wait_tip_changed(before.hash, timeout=0) == before

    after = while_waiting(lambda: mining.wait_tip_changed(before.hash), chain.mine)

    assert after == mining.get_tip() != before


@pytest.mark.parametrize("end", [NodeMining.interrupt, NodeMining.close])
def test_waiting_for_a_tip_ends_when_it_is_told_to(mining: NodeMining, end: Callable[[NodeMining], None]) -> None:
    tip = mining.get_tip()
    assert tip is not None

    assert while_waiting(lambda: mining.wait_tip_changed(tip.hash), lambda: end(mining)) is None


def test_every_wait_ends_with_the_node(node: NodeContext, mining: NodeMining) -> None:
    tip = mining.get_tip()
    assert tip is not None
    template = template_of(mining)

    assert while_waiting(lambda: mining.wait_tip_changed(tip.hash), node.request_shutdown) is None
    assert template.wait_next(BlockWaitOptions()) is None
    assert mining.create_new_block(BlockCreateOptions()) is None


def test_a_template_waits_for_blocks_whose_headers_are_known(
    chain: MempoolChain, mining: NodeMining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.chainman, "_initial_download", False)
    template = template_of(mining)
    block = solved(template, coinbase_for(template))
    chain.chainman.process_new_headers([block.header])
    assert chain.chainman.blocks_ahead_of_tip() == 1

    following = while_waiting(
        lambda: mining.create_new_block(BlockCreateOptions()), lambda: chain.chainman.process_new_block(block)
    )

    assert following is not None
    assert following.get_block_header().prev_hash == block.hash


def test_initial_download_ends_before_a_template_is_made(
    chain: MempoolChain, mining: NodeMining, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain.chainman, "_initial_download", True)
    assert mining.is_initial_block_download()

    assert while_waiting(lambda: mining.create_new_block(BlockCreateOptions()), mining.interrupt) is None


def test_an_interruption_counts_for_a_call_that_does_not_wait(
    node: NodeContext, mining: NodeMining, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = node.miner.create_block

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        mining.interrupt()
        return create(*args, **kwargs)

    monkeypatch.setattr(node.miner, "create_block", interrupted)
    assert mining.create_new_block(BlockCreateOptions()) is None

    monkeypatch.setattr(node.miner, "create_block", create)
    assert mining.create_new_block(BlockCreateOptions()) is not None


def test_transactions_are_found_by_either_id(chain: MempoolChain, mining: NodeMining) -> None:
    tx = pay(chain.coins[1])
    chain.accept(tx)

    assert mining.get_transactions_by_txid([tx.txid, ZERO_HASH]) == [tx, None]
    assert mining.get_transactions_by_wtxid([ZERO_HASH, tx.wtxid]) == [None, tx]
    assert mining.is_test_chain()
