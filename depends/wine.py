"""Wine, which runs Windows programs: where it is, and how to get it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

INSTALL_WINE = "apt install --no-install-recommends wine64"

# Debian's package wine64 alone puts no command on the path.
_DEBIAN = Path("/usr/lib/wine")


def find_wine(environ: Mapping[str, str] = os.environ, debian: Path = _DEBIAN) -> Path | None:
    """The command that runs 64-bit Windows programs, or None.

    Args:
        environ: Has `PATH`.
        debian: Where Debian keeps it.
    """
    return _tool("wine64", environ, debian) or _tool("wine", environ, debian)


def find_wineserver(environ: Mapping[str, str] = os.environ, debian: Path = _DEBIAN) -> Path | None:
    """The command that ends everything that runs in a Wine prefix, or None."""
    return _tool("wineserver", environ, debian)


def _tool(name: str, environ: Mapping[str, str], debian: Path) -> Path | None:
    found = shutil.which(name, path=environ.get("PATH")) or shutil.which(name, path=str(debian))
    return Path(found) if found else None
