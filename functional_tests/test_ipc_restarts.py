"""Node, wallets and GUI start in every order, and stop, die and return at random under mining and payments.

`MONEYROCKET_RESTARTS_SECONDS` says for how long, for each kind of address. The choices are those of --randomseed.
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations
from typing import Any, Protocol

import pytest

from functional_tests.framework.executables import Executables
from functional_tests.framework.gui_process import GuiProcess
from functional_tests.framework.mini_wallet import NOBODYS_DESCRIPTOR, MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.pairing import pair
from functional_tests.framework.rpc_client import JsonRpcError, RpcClient
from functional_tests.framework.traffic import NO_ANSWER, Traffic
from functional_tests.framework.waiting import wait_until
from functional_tests.framework.wallet_process import WalletProcess

DURATION = float(os.environ.get("MONEYROCKET_RESTARTS_SECONDS", "20"))
LONGEST_QUIET = 1.0
"""Seconds in which nobody comes or goes, at most."""
CATCH_UP_TIMEOUT = 60.0
COINS = 40
COIN = 100_000_000

pytestmark = [pytest.mark.components, pytest.mark.timeout(DURATION + 400)]


class Component(Protocol):
    """A program that comes and goes."""

    name: str

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


@dataclass
class Scene:
    """The programs of one run.

    Attributes:
        node: the node.
        payer: the wallet process that pays.
        payee: the one that is paid.
        gui: the desktop program, None if the build has none.
        choice: decides what happens.
        events: what happened, for the report of a failure.
    """

    node: Node
    payer: WalletProcess
    payee: WalletProcess
    gui: GuiProcess | None
    choice: random.Random
    events: list[str] = field(default_factory=list)

    @property
    def components(self) -> list[Component]:
        """All programs."""
        return [self.node, self.payer, self.payee, *([self.gui] if self.gui is not None else [])]

    def start_all(self) -> None:
        """Start what does not run."""
        for component in self.components:
            if not component.running:
                component.start()

    def disturb(self) -> None:
        """One program stops, dies, or starts; rather the last, so that there is traffic."""
        away = [component for component in self.components if not component.running]
        component = self.choice.choice(away if away and self.choice.random() < 0.7 else self.components)
        action = self.choice.choice(["stop", "kill", "kill"]) if component.running else "start"
        self.events.append(f"{action} {component.name}")
        getattr(component, action)()

    def by_node(self, name: str) -> RpcClient:
        """A wallet as the node shows it.

        Raises:
            OSError: the node is away.
        """
        cookie = (self.node.chain_dir / ".cookie").read_text()
        return RpcClient(self.node.settings.rpc_port, cookie, f"/wallet/{name}", self.node.timeout(60))


@pytest.fixture(params=["unix", "tcp"])
def scene(request: pytest.FixtureRequest, node_factory: NodeFactory, executables: Executables) -> Iterator[Scene]:
    """All programs, with money in the payer's wallet, none of them running."""
    if request.param == "unix":
        node = node_factory.create("-disablewallet", "-ipcbind=unix")
        address = f"unix:{node.chain_dir / 'node.sock'}"
    else:
        address = f"tcp:127.0.0.1:{node_factory.take_port()}"
        node = node_factory.create("-disablewallet", f"-ipcbind={address}")
    payer, payee = (node_factory.create_wallet(node, connect=address) for _ in range(2))
    has_gui = executables.node.with_name("moneyrocket-gui").exists()
    profile = node_factory.create(premined=False, program="moneyrocket-gui") if has_gui else None
    if request.param == "tcp":
        for role, datadir in (("wallet", payer.datadir), ("wallet", payee.datadir)):
            pair(executables, node.datadir, datadir, role)
        if profile is not None:
            pair(executables, node.datadir, profile.datadir, "gui")
    gui = GuiProcess(profile, address) if profile is not None else None
    made = Scene(node, payer, payee, gui, random.Random(random.random()))
    made.start_all()
    for process, name in ((payer, "payer"), (payee, "payee")):
        process.rpc.createwallet(name, load_on_startup=True)
        process.wait_until_attached()
    coins = MiniWallet(node)
    script = bytes.fromhex(payer.rpc.getaddressinfo(payer.rpc.getnewaddress())["scriptPubKey"])
    for _ in range(COINS):
        coins.pay(script, COIN)
    coins.mine()
    for component in made.components:
        component.stop()
    yield made
    if gui is not None:
        gui.kill()


class Miner:
    """Mines blocks, and takes one back now and then, in a thread of its own until it is stopped."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._choice = random.Random(scene.choice.random())
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="miner", daemon=True)
        self.blocks = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "mining hangs"

    def _run(self) -> None:
        while not self._stopping.wait(self._choice.uniform(0.1, 0.6)):
            try:
                rpc = self._scene.by_node("")
                if self._choice.random() < 0.15:
                    rpc.invalidateblock(rpc.getbestblockhash())
                    rpc.generatetodescriptor(1, f"raw(6a04{self._choice.randrange(2**32):08x})")
                rpc.generatetodescriptor(1, NOBODYS_DESCRIPTOR)
                self.blocks += 1
            except (*NO_ANSWER, JsonRpcError):
                continue


def wait_until_at_tip(scene: Scene, process: WalletProcess, name: str) -> None:
    """Wait until a wallet has taken in the node's tip."""
    tip = scene.node.rpc.getbestblockhash()
    wait_until(
        lambda: process.wallet(name).getwalletinfo()["lastprocessedblock"]["hash"],
        f"{name} at the tip after {scene.events[-10:]}",
        timeout=process.timeout(CATCH_UP_TIMEOUT),
        accept=lambda seen: seen == tip,
    )


def settle(scene: Scene) -> None:
    """Everybody runs, and every payment is confirmed."""
    # A payment is locked to the height it was made at. Whoever takes the tip back right after it takes it out of the
    # mempool, and its wallet offers it again when it starts.
    if scene.payer.running:
        scene.payer.stop()
    scene.start_all()
    for process, name in ((scene.payer, "payer"), (scene.payee, "payee")):
        process.wait_until_attached()
        wait_until_at_tip(scene, process, name)
    wait_until(
        lambda: scene.node.generate(1, NOBODYS_DESCRIPTOR) and scene.node.rpc.getrawmempool(),
        "an empty mempool",
        timeout=scene.node.timeout(CATCH_UP_TIMEOUT),
        accept=lambda left: not left,
    )
    for process, name in ((scene.payer, "payer"), (scene.payee, "payee")):
        wait_until_at_tip(scene, process, name)


def assert_balance_is_that_of_the_chain(scene: Scene, process: WalletProcess, name: str) -> None:
    """The wallet's money is exactly what the UTXO set has for its descriptors."""
    wallet = process.wallet(name)
    descriptors: list[Any] = [
        {"desc": each["desc"], "range": max(each["range"][1], each["next_index"] + 20)}
        for each in wallet.listdescriptors()["descriptors"]
    ]
    found = scene.node.rpc.scantxoutset("start", descriptors)
    assert wallet.getbalance() == found["total_amount"], (
        f"{name}: {wallet.getbalance()}, chain: {found['total_amount']}"
    )


def test_programs_start_in_every_order(scene: Scene) -> None:
    starters = [component for component in scene.components if component is not scene.payee]
    for order in permutations(starters):
        for component in order:
            component.start()
        scene.payer.wait_until_attached()
        wait_until_at_tip(scene, scene.payer, "payer")
        assert scene.node.wallet("payer").getbalance() == COINS
        for component in scene.choice.sample(order, len(order)):
            component.stop()


def test_programs_come_and_go_under_payments(scene: Scene) -> None:
    order = list(scene.components)
    scene.choice.shuffle(order)
    for component in order:
        component.start()
    settle(scene)
    ways = [lambda: scene.payer.wallet("payer"), lambda: scene.by_node("payer")]
    traffic = Traffic(ways, lambda: scene.payee.wallet("payee"), random.Random(scene.choice.random()), Decimal("0.001"))
    miner = Miner(scene)
    end = time.monotonic() + DURATION

    traffic.start()
    miner.start()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, scene.choice.uniform(0, LONGEST_QUIET)))
        scene.disturb()
    traffic.stop(scene.node.timeout(120))
    miner.stop(scene.node.timeout(120))
    settle(scene)

    print(f"{len(scene.events)} restarts, {miner.blocks} blocks, payments: {traffic.summary()}")
    traffic.assert_accounted(scene.payer.wallet("payer"), scene.payee.wallet("payee"))
    for process, name in ((scene.payer, "payer"), (scene.payee, "payee")):
        assert_balance_is_that_of_the_chain(scene, process, name)
    if scene.gui is not None:
        scene.gui.wait_until_shown(scene.node.rpc.getblockcount(), ["payer", "payee"])
