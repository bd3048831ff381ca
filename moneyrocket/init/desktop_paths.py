"""Where windows find fonts, themes, the display and their user's documents."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYSTEM: Final = (
    "/etc", "/opt", "/sys", "/run/udev", "/var/cache/fontconfig", "/var/lib/dbus", "/dev/shm", "/proc/meminfo",
    "/proc/sys", "/proc/filesystems", "/proc/version",
)  # fmt: skip
_DEVICES: Final = ("/dev/dri", "/dev/null", "/dev/zero", "/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-modeset")
_LOOK: Final = (".config", ".local/share", ".cache", ".fonts", ".icons", ".themes", ".Xauthority", ".XCompose")
"""In the home folder: how programs are to look."""


@dataclass(frozen=True, slots=True)
class DesktopPaths:
    """What a program with windows uses besides its own files.

    Attributes:
        read: may be read.
        write: may be written: the user's documents, which are chosen in file dialogs.
        devices: of the display.
    """

    read: tuple[Path, ...]
    write: tuple[Path, ...]
    devices: tuple[Path, ...]


def desktop_paths() -> DesktopPaths:
    """The paths of this system and this user."""
    home = Path.home()
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    write = [Path("/dev/shm"), Path("/media"), Path("/mnt"), Path("/run/media"), *_documents(home)]
    write += [Path(runtime)] if runtime else []
    read = [*map(Path, _SYSTEM), *(home / name for name in _LOOK)]
    return DesktopPaths(tuple(read), tuple(write), tuple(map(Path, _DEVICES)))


def _documents(home: Path) -> list[Path]:
    """The folders of a home folder; not the hidden ones, which hold what other programs obey, and secrets."""
    try:
        return [child for child in home.iterdir() if child.is_dir() and not child.name.startswith(".")]
    except OSError:
        return []
