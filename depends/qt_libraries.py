"""Libraries of the system that Qt needs: which are missing, and the command that installs them.

PySide6 brings Qt itself; what Qt takes from the system is listed here by the names that the loader looks for.
"""

import ctypes
import sys
from collections.abc import Callable, Sequence

ALWAYS = (
    "libEGL.so.1",
    "libGL.so.1",
    "libX11.so.6",
    "libbrotlidec.so.1",
    "libdbus-1.so.3",
    "libfontconfig.so.1",
    "libfreetype.so.6",
    "libglib-2.0.so.0",
    "libgssapi_krb5.so.2",
    "libxkbcommon.so.0",
    "libz.so.1",
    "libzstd.so.1",
)
"""Without these Qt cannot be imported, even where there is no display."""

X11 = (
    "libX11-xcb.so.1",
    "libxcb-cursor.so.0",
    "libxcb-glx.so.0",
    "libxcb-icccm.so.4",
    "libxcb-image.so.0",
    "libxcb-keysyms.so.1",
    "libxcb-randr.so.0",
    "libxcb-render-util.so.0",
    "libxcb-render.so.0",
    "libxcb-shape.so.0",
    "libxcb-shm.so.0",
    "libxcb-sync.so.1",
    "libxcb-util.so.1",
    "libxcb-xfixes.so.0",
    "libxcb-xkb.so.1",
    "libxcb.so.1",
    "libxkbcommon-x11.so.0",
)
"""Without these there are no windows on an X11 display."""

_PACKAGES = {
    "libbrotlidec.so.1": "libbrotli1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libz.so.1": "zlib1g",
}
"""Debian's packages whose names do not follow from the library's."""


def missing(names: Sequence[str], load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Returns the libraries that the loader does not find; none on systems where Qt's packages bring them all."""
    if sys.platform != "linux":
        return []
    absent = []
    for name in names:
        try:
            load(name)
        except OSError:
            absent.append(name)
    return absent


def package(name: str) -> str:
    """Returns the package that has a library, as Debian and Ubuntu name it."""
    stem, _, version = name.partition(".so.")
    separator = "-" if stem[-1].isdigit() else ""
    return _PACKAGES.get(name, f"{stem.lower().replace('_', '-')}{separator}{version}")


def install_command(names: Sequence[str]) -> str:
    """Returns the command that installs libraries on Debian or Ubuntu."""
    return f"apt install {' '.join(sorted({package(name) for name in names}))}"
