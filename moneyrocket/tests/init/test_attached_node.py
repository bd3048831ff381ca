"""What a desktop program is given of a node that is not its own: before it is up, and when it shall stop."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.settings import Settings
from moneyrocket.init.attached_node import AttachedNode
from moneyrocket.interfaces.node import NodeNotifications, NodeStartError
from moneyrocket.node.announcer import Announcer
from moneyrocket.rpc.table import RpcTable

PATIENCE = 30


@pytest.fixture
def context() -> Any:
    """The parts of a node that has just begun to start."""
    made = SimpleNamespace(
        args=ArgsManager(()),
        rpc_table=RpcTable(),
        announcer=Announcer(),
        startup_over=threading.Event(),
        shutdown=threading.Event(),
        wallet_loader=None,
    )

    def request_shutdown() -> None:
        made.shutdown.set()
        made.startup_over.set()

    made.request_shutdown = request_shutdown
    return made


@pytest.fixture
def node(context: Any) -> AttachedNode:
    return AttachedNode(context, Settings())


@pytest.fixture
def starting(node: AttachedNode) -> threading.Thread:
    """A thread that waits for the node to be up."""
    thread = threading.Thread(target=node.start, daemon=True)
    thread.start()
    return thread


def test_start_waits_until_the_node_is_up(context: Any, starting: threading.Thread) -> None:
    assert starting.is_alive()

    context.startup_over.set()

    starting.join(PATIENCE)
    assert not starting.is_alive()


def test_start_returns_when_the_node_shall_stop(node: AttachedNode, starting: threading.Thread) -> None:
    node.request_shutdown()

    starting.join(PATIENCE)
    assert not starting.is_alive()
    assert node.shutdown_requested()


def test_nobody_waits_for_a_program_that_has_left(node: AttachedNode, starting: threading.Thread) -> None:
    handler = node.handle_notifications(NodeNotifications())

    handler.disconnect()

    starting.join(PATIENCE)
    assert not starting.is_alive()
    assert not node.announcer.is_watched


def test_the_step_under_way_is_told(context: Any, node: AttachedNode) -> None:
    told = threading.Event()

    class Watching(NodeNotifications):
        def init_message(self, message: str) -> None:
            assert message == "Verifying blocks…"
            told.set()

    context.rpc_table.set_warmup_status("Verifying blocks…")
    node.handle_notifications(Watching())

    assert told.wait(PATIENCE)


def test_leaving_stops_nothing(context: Any, node: AttachedNode) -> None:
    node.stop()

    assert not context.shutdown.is_set()


def test_wallets_that_another_program_has_restarted_are_no_error(context: Any, node: AttachedNode) -> None:
    def restart() -> None:
        raise InitError("The wallet process has not ended.")

    context.restart_wallets = restart
    with pytest.raises(NodeStartError, match="has not ended"):
        node.restart_wallets()
    context.wallet_loader = object()

    node.restart_wallets()
