"""`share/config.site`: the one file that tells builds, executables and tests about a prefix.

A shell can source it; here a shell does so too, and what it exports is read back. So there is one reading of it.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from depends.errors import OptionError

_TEMPLATE = """\
# Describes this dependency prefix. Source it in a shell, or hand it to the build:
#     nox -s build -- CONFIG_SITE=<this file>
# The prefix may be moved: its place is found from this file's.
if [ -n "${BASH_SOURCE:-}" ]; then
    depends_site=$BASH_SOURCE
elif [ -n "${ZSH_VERSION:-}" ]; then
    eval 'depends_site=${(%):-%x}'
else
    depends_site=${CONFIG_SITE:-${ac_site_file:-}}
fi
if [ ! -f "$depends_site" ]; then
    echo "config.site: this shell does not tell where the file is; set CONFIG_SITE to its path" >&2
    return 1
fi
depends_prefix=$(CDPATH='' cd -- "$(dirname -- "$depends_site")/.." && pwd -P)
unset depends_site

MONEYROCKET_DEPENDS_PREFIX=$depends_prefix
"""
_EXPORTS = """\
PATH=$depends_prefix/bin:$PATH
PKG_CONFIG_PATH=$depends_prefix/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
CMAKE_PREFIX_PATH=$depends_prefix${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}
export MONEYROCKET_DEPENDS_PREFIX MONEYROCKET_HOST MONEYROCKET_WHEELS PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH
"""
_FLAGS = ("MULTIPROCESS", "NO_QT", "NO_WALLET", "NO_ZMQ", "DEBUG")


@dataclass(frozen=True, slots=True)
class ConfigSite:
    """What a prefix offers.

    Attributes:
        path: The file that was read.
        prefix: The prefix.
        host: Host triplet.
        wheels: Wheels that were built for the prefix.
        multiprocess: It has Cap'n Proto, pycapnp and libmultiprocess.
        debug: Its libraries carry debug information.
        qt: It was made without NO_QT=1, so the desktop programs are built.
    """

    path: Path
    prefix: Path
    host: str
    wheels: tuple[Path, ...]
    multiprocess: bool
    debug: bool
    qt: bool = True


def config_site_text(host: str, build_set: Mapping[str, bool]) -> str:
    """Returns the text of the file for a prefix made for `host` with these options."""
    lines = [f"MONEYROCKET_HOST={host}", "MONEYROCKET_WHEELS=$depends_prefix/wheels"]
    for name in _FLAGS:
        lines += [f"MONEYROCKET_{name}={int(build_set[name])}", f"export MONEYROCKET_{name}"]
    return _TEMPLATE + "\n".join(lines) + "\n" + _EXPORTS


def read_config_site(path: Path) -> ConfigSite:
    """Sources the file with a shell and returns what it exports.

    Raises:
        OptionError: There is no such file, or it is not one of ours.
    """
    path = path.absolute()
    if not path.is_file():
        raise OptionError(f"CONFIG_SITE={path}: no such file; make a prefix with: nox -s depends")
    shell = shutil.which("sh") or "/bin/sh"
    script = '. "$CONFIG_SITE" && env -0'
    environ = {"CONFIG_SITE": str(path), "PATH": os.environ.get("PATH", os.defpath)}
    done = subprocess.run([shell, "-c", script], capture_output=True, env=environ, check=False)
    entries = (entry.partition("=") for entry in done.stdout.decode(errors="replace").split("\0"))
    values = {name: value for name, _, value in entries}
    prefix = values.get("MONEYROCKET_DEPENDS_PREFIX")
    if done.returncode or prefix is None:
        raise OptionError(f"CONFIG_SITE={path}: not made by depends: {done.stderr.decode(errors='replace').strip()}")
    return ConfigSite(
        path=path,
        prefix=Path(prefix),
        host=values["MONEYROCKET_HOST"],
        wheels=tuple(sorted(Path(values["MONEYROCKET_WHEELS"]).glob("*.whl"))),
        multiprocess=values["MONEYROCKET_MULTIPROCESS"] == "1",
        debug=values["MONEYROCKET_DEBUG"] == "1",
        qt=values["MONEYROCKET_NO_QT"] != "1",
    )
