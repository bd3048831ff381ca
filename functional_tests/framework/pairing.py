"""Letting components trust one another, as their users would."""

import subprocess
from pathlib import Path

from functional_tests.framework.executables import Executables


def pair(executables: Executables, node: Path, client: Path, role: str) -> None:
    """Let a node and another component trust each other.

    Args:
        executables: the programs.
        node: the node's data directory.
        client: the other's.
        role: what the other is: ``wallet``, ``gui`` or ``cli``.
    """
    _run(executables, node, "node", _run(executables, client, role))
    _run(executables, client, role, _run(executables, node, "node"))


def _run(executables: Executables, datadir: Path, role: str, line: str = "") -> str:
    program = executables.node.with_name("moneyrocket")
    command = [str(program), "pair", "-regtest", f"-datadir={datadir}", f"-role={role}", *([line] if line else [])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
