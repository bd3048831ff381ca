"""moneyrocket-gui over a node that runs on its own: it attaches, leaves, waits and returns, and the node goes on.

A build without Qt has no such program; `test_desktop_programs` holds that.
"""

import tempfile
from collections.abc import Callable, Iterator

import pytest

from functional_tests.framework.desktop import DesktopFlow
from functional_tests.framework.executables import Executables
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.pairing import pair
from functional_tests.framework.waiting import wait_until

PROGRAM = "moneyrocket-gui"

StartFlow = Callable[..., DesktopFlow]


@pytest.fixture
def address() -> Iterator[str]:
    """Where the node listens: a test's own folder may be too deep for a socket."""
    with tempfile.TemporaryDirectory(prefix="moneyrocket-") as folder:
        yield f"unix:{folder}/node.sock"


@pytest.fixture
def node(executables: Executables, node_factory: NodeFactory, address: str) -> Node | None:
    """A node that lets others connect, not running yet; None if the build has no GUI that could."""
    if not executables.node.with_name(PROGRAM).exists():
        return None
    return node_factory.create(f"-ipcbind={address}", premined=False, program="moneyrocket-node")


@pytest.fixture
def start(node: Node | None, node_factory: NodeFactory, address: str) -> Iterator[StartFlow]:
    """Starts the program with a flow to go through, in a data directory of its own."""
    flows: list[DesktopFlow] = []

    def begin(flow: str, *options: str, gui: Node | None = None) -> DesktopFlow:
        assert node is not None
        gui = gui or node_factory.create(*(options or (f"-ipcconnect={address}",)), premined=False, program=PROGRAM)
        flows.append(DesktopFlow(gui, flow))
        return flows[-1]

    yield begin
    for flow in flows:
        flow.kill_all()


def mine(node: Node, blocks: int, address: str) -> None:
    node.rpc.generatetoaddress(blocks, address)


def test_payment_beside_another_window(node: Node | None, start: StartFlow) -> None:
    if node is None:
        return
    node.start()
    processes = {process.pid for process in node.processes()}
    flow, other = start("attached"), start("beside")
    address = flow.wait_for("address")["address"]
    other.wait_for("beside")
    mine(node, 101, address)
    for each in (flow, other):
        assert each.wait_for("mined")["balance"] == "50.00000000 BTC"
        assert each.pids() == {}
    flow.wait_for("paid")
    assert len(node.rpc.getrawmempool()) == 1
    mine(node, 1, address)
    for each in (flow, other):
        each.wait_for("confirmed")
        each.wait_until_closed()

    assert node.rpc.getblockcount() == 102
    assert node.rpc.listwallets() == ["w"]
    assert {process.pid for process in node.processes()} == processes
    node.stop()


def test_the_window_has_a_log_of_its_own(node: Node | None, node_factory: NodeFactory, start: StartFlow) -> None:
    if node is None:
        return
    node.start()
    start("close").wait_until_closed()
    gui = node_factory.nodes[-1]

    assert "Attached to the node" in (gui.chain_dir / "gui.log").read_text()
    assert not gui.debug_log.path.exists()
    assert not (gui.chain_dir / "blocks").exists()
    assert f"{PROGRAM} " in node.debug_log.path.read_text()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_node_comes_back(
    kind: str,
    node: Node | None,
    start: StartFlow,
    address: str,
    node_factory: NodeFactory,
    executables: Executables,
) -> None:
    if node is None:
        return
    if kind == "tcp":
        address = f"tcp:127.0.0.1:{node_factory.take_port()}"
        node = node_factory.create(f"-ipcbind={address}", premined=False, program="moneyrocket-node")
    gui = node_factory.create(f"-ipcconnect={address}", premined=False, program=PROGRAM)
    if kind == "tcp":
        pair(executables, node.datadir, gui.datadir, "gui")
    node.start()
    node.rpc.createwallet("w", load_on_startup=True)
    miner = node.wallet("w").getnewaddress()
    mine(node, 1, miner)
    flow = start("returns", gui=gui)

    flow.wait_for("first there")
    node.stop()
    assert address.partition(":")[2] in flow.wait_for("first away")["notice"]
    node.start()
    mine(node, 1, miner)
    flow.wait_for("second there")
    node.kill()
    flow.wait_for("second away")
    node.start()
    mine(node, 1, miner)

    assert flow.wait_for("back")["text"] == "Block 3"
    flow.wait_until_closed()
    assert node.rpc.getblockcount() == 3


def test_a_stranger_is_told_how_to_be_let_in(node: Node | None, node_factory: NodeFactory, start: StartFlow) -> None:
    if node is None:
        return
    flow = start("refused", f"-ipcconnect=tcp:127.0.0.1:{node_factory.take_port()}")

    assert "moneyrocket pair -role=gui" in flow.wait_for("refused")["hint"]
    flow.wait_until_closed()


def test_the_window_first(node: Node | None, start: StartFlow) -> None:
    if node is None:
        return
    flow = start("waits")
    hint = flow.wait_for("waiting")["hint"]
    assert hint.startswith("Nobody listens at ")
    assert "node.sock" in hint
    assert "-ipcbind" in hint

    node.start()

    flow.wait_for("welcome")
    flow.wait_until_closed()


def test_no_node_ever(node: Node | None, start: StartFlow) -> None:
    if node is None:
        return
    start("gives_up").wait_until_closed()


def test_a_killed_window_leaves_the_node_as_it_is(node: Node | None, start: StartFlow) -> None:
    if node is None:
        return
    node.start()
    flow = start("killed")
    flow.wait_for("killed")

    flow.kill_all()

    mine(node, 1, node.wallet("w").getnewaddress())
    assert node.wallet("w").getbalances()["mine"]["immature"] == 50
    start("look").wait_until_closed()
    node.stop()


def test_auto(node: Node | None, node_factory: NodeFactory, start: StartFlow) -> None:
    if node is None:
        return
    owner = start("until_a_block", "-ipcconnect=auto", "-ipcbind=unix")
    first = node_factory.nodes[-1]
    wait_until(
        (first.chain_dir / "node.sock").exists,
        "its node listens",
        timeout=first.timeout(60),
        accept=lambda there: there,
    )
    assert sorted(owner.pids()) == ["moneyrocket-node", "moneyrocket-wallet"]

    guest = start("without_node", "-ipcconnect=auto", f"-datadir={first.datadir}")
    guest.wait_for("created")

    assert guest.pids() == {}
    owner.wait_until_closed()
    guest.wait_for("away")
    guest.wait_until_closed()


def test_another_chain(node: Node | None, start: StartFlow, address: str) -> None:
    if node is None:
        return
    node.start()
    flow = start("refused", f"-ipcconnect={address}", "-noregtest", "-signet")

    hint = flow.wait_for("refused")["hint"]

    assert f"{PROGRAM} is set to the chain signet, and this node to regtest" in hint
    flow.wait_until_closed()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-ipcconnect=nonsense",), "Error: Invalid -ipcconnect: Unrecognized address 'nonsense'. Use auto, unix, "),
        (("-ipcconnect=unix:" + 110 * "x",), "exceeded maximum socket path length"),
        (("-ipcconnect=unix", "-ipcbind=unix"), "Error: Cannot set -ipcconnect=unix together with -ipcbind"),
    ],
)
def test_options_that_make_no_sense(
    node: Node | None,
    node_factory: NodeFactory,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    words: str,
) -> None:
    if node is None:
        return
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    gui = node_factory.create(premined=False, program=PROGRAM)

    error = gui.start_error(*options)

    assert words in error
    assert len(error.splitlines()) == 1
