"""Build hook: generates the proxies of the multiprocess shape into the wheel.

`MONEYROCKET_MULTIPROCESS=1` in the environment asks for them; the build session sets it. They come from the schemas in
moneyrocket/ipc/capnp and the abstract classes in moneyrocket/interfaces, so they are never committed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCHEMAS = Path("moneyrocket/ipc/capnp")
GENERATED = Path("moneyrocket/ipc/generated")


class ProxyBuildHook(BuildHookInterface[Any]):
    """Runs mpgen before the wheel is put together."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generates the proxies when they are asked for.

        Raises:
            RuntimeError: mpgen refuses a schema.
        """
        if os.environ.get("MONEYROCKET_MULTIPROCESS") != "1":
            return
        generate_proxies(Path(self.root))
        # They are ignored by git, so the wheel would leave them out.
        build_data["artifacts"].append(f"{GENERATED.as_posix()}/**")


def generate_proxies(root: Path) -> None:
    """Writes the proxy modules of the tree at `root` anew, with the mpgen of the running Python.

    Raises:
        RuntimeError: mpgen refuses a schema.
    """
    schemas = sorted((root / SCHEMAS).glob("*.capnp"))
    if not schemas:
        raise RuntimeError(f"no schemas in {root / SCHEMAS}")
    shutil.rmtree(root / GENERATED, ignore_errors=True)
    command = [sys.executable, "-m", "libmultiprocess.mpgen", "--out", str(GENERATED)]
    command += ["--import-prefix", ".".join(GENERATED.parts), *(str(path.relative_to(root)) for path in schemas)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mpgen failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    generate_proxies(Path(__file__).resolve().parent)
