"""Compiles the runtime's hot path from the same source that runs without compiling, by mypyc.

``LIBMULTIPROCESS_PURE=1`` in the environment leaves it as it is, for a machine without a C compiler: everything works
the same, and a call takes two to three times as long.
"""

import os
from pathlib import Path

from setuptools import setup

COMPILED = (
    *("calls", "channel", "connection", "method", "pairing", "service", "threadmap", "threads"),
    *("rpc/messages", "rpc/references", "rpc/session", "rpc/tables"),
    *(
        "wire/codec",
        "wire/framing",
        "wire/layout",
        "wire/lists",
        "wire/message",
        "wire/output",
        "wire/types",
        "wire/values",
    ),
)


def extensions() -> list[object]:
    """The modules that are compiled."""
    if os.environ.get("LIBMULTIPROCESS_PURE") == "1":
        return []
    from mypyc.build import mypycify

    paths = [str(Path("src", "libmultiprocess", f"{name}.py")) for name in COMPILED]
    made: list[object] = mypycify(["--config-file=pyproject.toml", *paths], opt_level="3", debug_level="0")
    return made


setup(ext_modules=extensions())
