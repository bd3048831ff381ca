"""A chain mined once per executable and run, and copied into every test's data directory."""

import fcntl
import shutil
from pathlib import Path

from functional_tests.framework.executables import Executables
from functional_tests.framework.mini_wallet import MINER_DESCRIPTOR
from functional_tests.framework.node import Node, NodeSettings
from functional_tests.framework.ports import PortPool

HEIGHT = 200


def premined_chain(executables: Executables, shared_dir: Path, timeout_factor: float) -> Path:
    """The data directory to copy. The first worker to come makes it; the others wait for it."""
    target = shared_dir / "premined"
    with (shared_dir / "premined.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            unfinished = shared_dir / "premined-unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _mine(executables, unfinished, shared_dir / "pids", timeout_factor)
            (unfinished / "data").rename(target)
    return target


def _mine(executables: Executables, directory: Path, pid_dir: Path, timeout_factor: float) -> None:
    ports = PortPool()
    node = Node(
        NodeSettings(
            executables=executables,
            directory=directory,
            name="miner",
            p2p_port=ports.take(),
            rpc_port=ports.take(),
            pid_dir=pid_dir,
            timeout_factor=timeout_factor,
            extra_args=("-disablewallet",),
        )
    )
    try:
        node.start()
        node.generate(HEIGHT, MINER_DESCRIPTOR)
        node.stop()
    finally:
        node.kill_all()
        ports.release_all()
    for left in ("debug.log", ".cookie", ".lock", "mempool.dat", "peers.dat", "settings.json"):
        (node.chain_dir / left).unlink(missing_ok=True)
