"""Which executables are under test, and where they are."""

import shutil
from dataclasses import dataclass
from pathlib import Path


class ExecutableNotFoundError(Exception):
    """The program to test is not there; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Executables:
    """The node under test and its command-line client.

    Attributes:
        node: the node.
        cli: the client.
        takes_sigterm: whether the node can be told to stop by SIGTERM, as it cannot on Windows.
    """

    node: Path
    cli: Path
    takes_sigterm: bool = True

    @property
    def is_multiprocess(self) -> bool:
        """Whether the node keeps its wallet in a process of its own, which its name promises."""
        return self.node.name.endswith("-node")


def find_executables(node: str, search: tuple[Path, ...], *, takes_sigterm: bool = True) -> Executables:
    """Find the node and the client beside it.

    Args:
        node: name or path of the node's executable.
        search: folders to look for a bare name in, before PATH.
        takes_sigterm: see `Executables`.

    Raises:
        ExecutableNotFoundError: if either is missing.
    """
    path = _find(node, search)
    prefix = path.name.removesuffix("-node") if path.name.endswith("-node") else path.name.removesuffix("d")
    cli = path.with_name(f"{prefix}-cli")
    if not cli.exists():
        raise ExecutableNotFoundError(f"{path} has no {cli.name} beside it; put both in one folder")
    return Executables(path, cli, takes_sigterm)


def _find(node: str, search: tuple[Path, ...]) -> Path:
    if "/" in node:
        path = Path(node).absolute()
        if path.exists():
            return path
        raise ExecutableNotFoundError(f"{path} does not exist")
    for folder in search:
        if (folder / node).exists():
            return folder / node
    found = shutil.which(node)
    if found:
        return Path(found).absolute()
    looked = ", ".join(map(str, search)) or "nowhere"
    raise ExecutableNotFoundError(
        f"no {node} in {looked} or on PATH; build it (nox -s build), "
        "or give a path: --moneyrocketd=PATH or MONEYROCKETD=PATH"
    )


def build_folders(root: Path) -> tuple[Path, ...]:
    """The ``bin`` folders that the build session makes, multiprocess shape first."""
    return tuple(sorted(root.glob("build/*/multiprocess/bin")) + sorted(root.glob("build/*/monolithic/bin")))
