from dataclasses import replace

from moneyrocket.node.block_index import BlockIndex
from moneyrocket.node.net.headers_presync import HeadersPresync
from moneyrocket.primitives.block import BlockHeader

BITS = 0x207FFFFF
GENESIS = BlockIndex(BlockHeader(1, bytes(32), bytes(32), 1_600_000_000, BITS, 0), None)
WORK = GENESIS.chain_work
"""Work of one block."""


def _chain(count: int, salt: int = 0) -> list[BlockHeader]:
    headers = []
    prev = GENESIS.hash
    for number in range(count):
        header = BlockHeader(1, prev, bytes(32), 1_600_000_001 + number, BITS, salt)
        headers.append(header)
        prev = header.hash
    return headers


def _presync(minimum: int) -> HeadersPresync:
    return HeadersPresync(0, GENESIS, WORK * (1 + minimum), lambda height, before, bits: before == bits)


def test_headers_are_released_the_second_time() -> None:
    chain = _chain(25)
    presync = _presync(20)

    first = [presync.process(chain[:10], full=True), presync.process(chain[10:20], full=True)]
    second = [presync.process(chain[:10], full=True), presync.process(chain[10:], full=False)]

    assert [result.headers for result in first] == [(), ()]
    assert [result.headers for result in second] == [tuple(chain[:10]), tuple(chain[10:])]
    assert presync.finished


def test_locator_asks_from_where_the_sync_is() -> None:
    chain = _chain(20)
    presync = _presync(20)

    presync.process(chain[:10], full=True)
    assert presync.locator().hashes[0] == chain[9].hash
    presync.process(chain[10:], full=True)

    assert presync.locator().hashes[0] == GENESIS.hash


def test_other_headers_the_second_time_end_the_sync() -> None:
    presync = _presync(20)
    for at in (0, 10):
        presync.process(_chain(20)[at : at + 10], full=True)

    result = presync.process(_chain(20, salt=1)[:10], full=True)

    assert not result.success
    assert presync.finished


def test_chain_that_ends_with_too_little_work_ends_the_sync() -> None:
    presync = _presync(20)

    result = presync.process(_chain(5), full=False)

    assert (result.success, result.headers, presync.finished) == (True, (), True)


def test_impossible_difficulty_ends_the_sync() -> None:
    (header,) = _chain(1)

    result = _presync(20).process([replace(header, bits=0x1D00FFFF)], full=True)

    assert not result.success
