"""Node and wallets over the generated proxies, as a desktop program has them: every method, from another process."""

from __future__ import annotations

import inspect
import os
import sys
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from moneyrocket.interfaces.init import GlobalArgs, NotOfferedError
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.wallet import Wallet, Wallets
from moneyrocket.ipc.process import ChildProcess, spawn_process
from moneyrocket.tests.ipc.answering import answering, hints, sample
from moneyrocket.tests.ipc.test_processes import AnsweringChain

_VALUES: tuple[tuple[type, str], ...] = tuple(
    (interface, name)
    for interface in (Node, Wallets, Wallet)
    for name in sorted(typing.cast(Any, interface).__abstractmethods__)
    # These take or return objects, which are no values to compare.
    if name not in ("handle_notifications", "handle_log", "handle_loaded", "wallets", "loaded", "allow_wallet_file")
    and not (interface is Wallets and name in ("create", "load", "restore"))
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


@pytest.fixture(scope="module")
def there(child: ChildProcess) -> dict[type, object]:
    node = child.init.make_node(GlobalArgs("{}"))
    wallets = node.wallets()
    assert wallets is not None
    return {Node: node, Wallets: wallets, Wallet: wallets.loaded()[0]}


@pytest.mark.parametrize(("interface", "name"), _VALUES, ids=[f"{cls.__name__}.{name}" for cls, name in _VALUES])
def test_same_answer_there_as_here(there: dict[type, object], interface: type, name: str) -> None:
    types_of = hints(getattr(interface, name))
    for seed in ("one", "two", "three"):
        arguments = [
            sample(types_of[parameter], f"{seed} {parameter}")
            for parameter in inspect.signature(getattr(interface, name)).parameters
            if parameter != "self"
        ]
        expected = getattr(answering(interface), name)(*arguments)
        assert getattr(there[interface], name)(*arguments) == expected


def test_the_wallets_of_a_loader(child: ChildProcess) -> None:
    loader = child.init.make_wallet_loader(GlobalArgs("{}"), AnsweringChain())

    (wallet,) = loader.wallets().loaded()

    assert wallet.name() == answering(Wallet).name()


def test_a_process_without_a_node_says_so(child: ChildProcess) -> None:
    with pytest.raises(NotOfferedError):
        child.init.make_node(GlobalArgs(""))
