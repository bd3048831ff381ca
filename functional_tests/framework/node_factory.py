"""Makes nodes, links them, and takes them all down, whatever the test left behind."""

import shutil
import subprocess
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from functional_tests.framework.executables import Executables
from functional_tests.framework.logs import LogSource, merge_logs, unexpected_lines
from functional_tests.framework.node import Node, NodeSettings
from functional_tests.framework.ports import PortPool
from functional_tests.framework.waiting import wait_until
from functional_tests.framework.wallet_process import WalletProcess


class NodeErrors(Exception):  # noqa: N818 - several errors at once
    """Everything that went wrong with a test's nodes, together."""


@dataclass(frozen=True, slots=True)
class FactorySettings:
    """What all nodes of a test share: programs, folders, and how patient to be."""

    executables: Executables
    directory: Path
    pid_dir: Path
    premined: Path
    timeout_factor: float = 1.0


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder, sharing its blocks with the original where the file system can."""
    subprocess.run(["cp", "-a", "--reflink=auto", f"{source}/.", str(target)], check=True)


class NodeFactory:
    """Makes nodes for one test."""

    def __init__(self, settings: FactorySettings) -> None:
        self._settings = settings
        self._ports = PortPool()
        self.nodes: list[Node] = []
        self.wallets: list[WalletProcess] = []

    def create(self, *extra_args: str, premined: bool = True, program: str = "") -> Node:
        """Make a node that is not running yet.

        Args:
            extra_args: options given at every start.
            premined: begin with the pre-mined chain (its coins belong to `MiniWallet`) rather than the genesis block.
            program: another executable in the folder of the node's, which has a node in it.
        """
        executables = self._settings.executables
        if program:
            executables = replace(executables, node=executables.node.with_name(program))
        name = f"node{len(self.nodes)}"
        node = Node(
            NodeSettings(
                executables=executables,
                directory=self._settings.directory / name,
                name=name,
                p2p_port=self._ports.take(),
                rpc_port=self._ports.take(),
                pid_dir=self._settings.pid_dir,
                timeout_factor=self._settings.timeout_factor,
                extra_args=extra_args,
            )
        )
        if premined:
            copy_tree(self._settings.premined, node.datadir)
        self.nodes.append(node)
        return node

    def take_port(self) -> int:
        """A TCP port that is nobody else's."""
        return self._ports.take()

    def create_wallet(self, node: Node, *extra_args: str, shared: bool = False, connect: str = "") -> WalletProcess:
        """Make a wallet process that is not running yet.

        Args:
            node: the node that it attaches to.
            extra_args: options given at every start.
            shared: it uses the node's data directory.
            connect: the value of -ipcconnect; the node's default socket by default.
        """
        name = f"wallet{len(self.wallets)}"
        settings = NodeSettings(
            executables=self._settings.executables,
            directory=self._settings.directory / name,
            name=name,
            p2p_port=0,
            rpc_port=self._ports.take(),
            pid_dir=self._settings.pid_dir,
            timeout_factor=self._settings.timeout_factor,
            extra_args=extra_args,
        )
        wallet = WalletProcess(settings, node, shared=shared, connect=connect)
        self.wallets.append(wallet)
        return wallet

    def start(self, *extra_args: str, premined: bool = True) -> Node:
        """Make a node and start it."""
        node = self.create(*extra_args, premined=premined)
        node.start()
        return node

    def start_many(self, count: int, *extra_args: str, premined: bool = True, linked: bool = True) -> list[Node]:
        """Make nodes and start them side by side, by default linked in a row."""
        nodes = [self.create(*extra_args, premined=premined) for _ in range(count)]
        for node in nodes:
            node.start(wait=False)
        for node in nodes:
            node.wait_until_ready()
        if linked:
            for first, second in pairwise(nodes):
                link(first, second)
        return nodes

    def log_sources(self) -> list[LogSource]:
        """The logs of all nodes."""
        return [node.debug_log for node in self.nodes] + [wallet.log for wallet in self.wallets]

    def evidence(self) -> str:
        """The merged end of all logs, and standard error of every node that wrote there."""
        programs: list[Node | WalletProcess] = [*self.nodes, *self.wallets]
        parts = [f"--- {program.name} stderr\n{program.stderr()}" for program in programs if program.stderr().strip()]
        parts.append("--- last log lines of all nodes, in order of time\n" + merge_logs(self.log_sources(), last=60))
        return "\n".join(parts)

    def close(self) -> None:
        """Stop what still runs and look through every log.

        Raises:
            NodeErrors: with everything that went wrong, after every process is gone.
        """
        errors: list[str] = []
        for wallet in self.wallets:
            if wallet.running:
                try:
                    wallet.stop()
                except Exception as error:
                    errors.append(str(error))
            wallet.kill_all()
            errors += unexpected_lines(wallet.log)
        for node in self.nodes:
            if not node.running:
                continue
            try:
                node.terminate()
            except Exception as error:
                errors.append(str(error))
        for node in self.nodes:
            node.kill_all()
            errors += unexpected_lines(node.debug_log)
            errors += unexpected_lines(LogSource(f"{node.name} stderr", node.stderr_path))
        self._ports.release_all()
        if errors:
            raise NodeErrors("\n".join(errors))

    def remove_directories(self) -> None:
        """Delete everything that the nodes wrote."""
        shutil.rmtree(self._settings.directory, ignore_errors=True)


def link(first: Node, second: Node) -> None:
    """Connect two nodes, and wait until both have finished the handshake."""
    first.rpc.addnode(second.p2p_address, "onetry")
    for node, other in ((first, second), (second, first)):
        node.wait_for(
            "getpeerinfo",
            lambda peers, other=other: any(
                other.name in peer["subver"] and peer["bytesrecv_per_msg"].get("pong", 0) >= 29 for peer in peers
            ),
        )


def unlink(first: Node, second: Node) -> None:
    """Disconnect two nodes."""
    for peer in first.rpc.getpeerinfo():
        if second.name in peer["subver"]:
            first.rpc.disconnectnode(nodeid=peer["id"])
    for node, other in ((first, second), (second, first)):
        node.wait_for("getpeerinfo", lambda peers, other=other: not any(other.name in peer["subver"] for peer in peers))


def wait_until_synced(nodes: list[Node], timeout: float = 60) -> None:
    """Wait until all nodes have the same best block and the same mempool."""
    wait_until(
        lambda: [(node.rpc.getbestblockhash(), sorted(node.rpc.getrawmempool())) for node in nodes],
        "nodes agree on tip and mempool",
        timeout=nodes[0].timeout(timeout),
        accept=lambda views: all(view == views[0] for view in views),
    )
    for node in nodes:
        node.rpc.syncwithvalidationinterfacequeue()
