"""Mining and Rpc over the generated proxies: every method, from another process, and by a client that is not ours."""

from __future__ import annotations

import inspect
import os
import sys
import threading
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from libmultiprocess import RemoteError, close

from moneyrocket.interfaces.mining import BlockCreateOptions, BlockTemplate, Mining, MiningError
from moneyrocket.interfaces.rpc import Rpc
from moneyrocket.ipc.generated import mining as generated
from moneyrocket.ipc.mining_types import TYPES, read_block, read_optional_transaction
from moneyrocket.ipc.process import ChildProcess, spawn_process
from moneyrocket.primitives.block import Block, BlockHeader
from moneyrocket.primitives.transaction import TxOut
from moneyrocket.tests.ipc.answering import answering, hints, sample

_VALUES: tuple[tuple[type, str], ...] = tuple(
    (interface, name)
    for interface in (Mining, BlockTemplate, Rpc)
    for name in sorted(typing.cast(Any, interface).__abstractmethods__)
    # These return objects, which are no values to compare.
    if name not in ("create_new_block", "wait_next", "interrupt")
)


@pytest.fixture(scope="module")
def child() -> Iterator[ChildProcess]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    process = spawn_process("no-such-executable", "moneyrocket.tests.ipc.served", "tests")
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
    yield process
    process.close(60)


@pytest.fixture
def mining(child: ChildProcess) -> Mining:
    return child.init.make_mining()


@pytest.mark.parametrize(("interface", "name"), _VALUES, ids=[f"{cls.__name__}.{name}" for cls, name in _VALUES])
def test_same_answer_there_as_here(child: ChildProcess, mining: Mining, interface: type, name: str) -> None:
    template = mining.create_new_block(BlockCreateOptions(), cooldown=False)
    there: dict[type, object] = {Mining: mining, BlockTemplate: template, Rpc: child.init.make_rpc()}
    types_of = hints(getattr(interface, name))
    for seed in ("one", "two", "three", "four"):
        arguments = [
            sample(types_of[parameter], f"{seed} {parameter}")
            for parameter in inspect.signature(getattr(interface, name)).parameters
            if parameter != "self"
        ]
        expected = getattr(answering(interface), name)(*arguments)
        assert getattr(there[interface], name)(*arguments) == expected


def test_there_may_be_no_template(mining: Mining) -> None:
    assert mining.create_new_block(BlockCreateOptions(use_mempool=False), cooldown=False) is None


def test_an_interruption_passes_the_call_that_it_ends(mining: Mining) -> None:
    made: list[BlockTemplate | None] = []
    thread = threading.Thread(target=lambda: made.append(mining.create_new_block(BlockCreateOptions())), daemon=True)
    thread.start()

    mining.interrupt()

    thread.join(60)
    assert [template is not None for template in made] == [True]
    close(made[0])


def test_an_error_arrives_as_bitcoin_core_spells_it(mining: Mining) -> None:
    with pytest.raises(RemoteError, match="too light"):
        mining.create_new_block(BlockCreateOptions(block_reserved_weight=0))
    assert MiningError.remote_type_name == "std::exception"


@pytest.mark.parametrize("data", [b"", bytes(79), bytes(80) + b"\x01"])
def test_bytes_that_end_too_soon_are_no_block(data: bytes) -> None:
    with pytest.raises(MiningError, match=r"^SpanReader::read\(\): end of data: "):
        read_block(data)


def test_no_bytes_are_no_transaction() -> None:
    assert read_optional_transaction(b"") is None
    with pytest.raises(MiningError, match=r"^SpanReader::read\(\): end of data: "):
        read_optional_transaction(b"\x00")


@pytest.mark.parametrize("cls", [Block, BlockHeader, TxOut])
def test_what_follows_a_value_is_ignored(cls: type) -> None:
    (custom,) = (item for item in TYPES if item.name.endswith(f".{cls.__name__}"))
    value = sample(cls, "value")

    assert custom.read(custom.build(value) + b"more") == value


def test_the_schema_is_bitcoin_cores() -> None:
    # Fixed numbers: programs that are not ours are built with them.
    schema = generated._SCHEMA
    ordinals = {name: method.numbers[1] for name, method in generated._MINING_METHODS.items()}
    template_ordinals = {name: method.numbers[1] for name, method in generated._BLOCK_TEMPLATE_METHODS.items()}

    assert schema.schema.node.id == 0xC77D03DF6A41B505
    assert (schema.maxMoney, schema.maxDouble, schema.defaultBlockReservedWeight) == (
        2_100_000_000_000_000,
        1.7976931348623157e308,
        8000,
    )
    assert sorted(ordinals, key=ordinals.__getitem__) == [
        "isTestChain",
        "isInitialBlockDownload",
        "getTip",
        "waitTipChanged",
        "createNewBlock",
        "checkBlock",
        "interrupt",
        "submitBlock",
        "getTransactionsByTxID",
        "getTransactionsByWitnessID",
    ]
    assert (template_ordinals["submitSolutionOld7"], template_ordinals["submitSolution"]) == (7, 10)
