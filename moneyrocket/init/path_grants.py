"""Lets the wallet process have the file that a request names, for as long as the request runs.

The wallet process cannot ask for a file on its own: what its launcher opens for it is what a user's request, which
the node has seen, names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcRequest
from moneyrocket.sandbox.state import launcher

_PATHS: Final = {"backupwallet": ("destination", 0, True), "restorewallet": ("backup_file", 1, False)}
"""By method: the parameter that is a path, its place, and whether the file is written."""


@contextmanager
def granted_paths(request: RpcRequest) -> Iterator[None]:
    """While the block runs, wallet processes can have the file opened that a request names, if it names one."""
    with ExitStack() as stack:
        described = _PATHS.get(request.method)
        outside = launcher()
        if described is not None and outside is not None:
            name, place, write = described
            path = _parameter(request.params, name, place)
            if isinstance(path, str):
                # Without a launcher the wallet process says that it may not open the file.
                with suppress(OSError):
                    stack.enter_context(outside.granted(str(Path(path).absolute()), write=write))
        yield


def _parameter(params: Json, name: str, place: int) -> Json:
    if isinstance(params, dict):
        return params.get(name)
    return params[place] if isinstance(params, list) and len(params) > place else None
