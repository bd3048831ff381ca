"""Assembles a relocatable prefix from package folders, and puts one in place."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from depends.config_site import config_site_text
from depends.manifest import Manifest, write_manifest

_FOLDERS = ("bin", "lib", "include", "wheels", "share")


def assemble_prefix(target: Path, manifest: Manifest, folders: Mapping[str, Path]) -> None:
    """Makes the prefix `target` from the package folders; it appears complete or not at all.

    Args:
        target: Directory to make; one of that name is replaced.
        manifest: What is in it.
        folders: The package folder of each package.
    """
    staging = target.with_name(f"{target.name}.{os.getpid()}.new")
    shutil.rmtree(staging, ignore_errors=True)
    for name in _FOLDERS:
        (staging / name).mkdir(parents=True)
    for package, folder in folders.items():
        for name in ("bin", "lib", "include", "wheels"):
            if (folder / name).is_dir():
                shutil.copytree(folder / name, staging / name, symlinks=True, dirs_exist_ok=True)
        if (folder / "licenses" / package).is_dir():
            shutil.copytree(folder / "licenses" / package, staging / "share" / "licenses" / package)
    for path in (staging / "lib").rglob("*.pc"):
        path.write_text(relocatable_pc(path.read_text(encoding="utf-8")), encoding="utf-8")
    config_site = staging / "share" / "config.site"
    config_site.write_text(config_site_text(manifest.host, manifest.options), encoding="utf-8")
    write_manifest(staging, manifest)
    replace_directory(staging, target)


def relocatable_pc(text: str) -> str:
    """Rewrites a pkg-config file so that its paths follow from where the file is (`<prefix>/lib/pkgconfig`)."""
    match = re.search(r"^prefix=(.*)$", text, re.MULTILINE)
    if match is None:
        return text
    old = match[1].strip()
    text = text[: match.start()] + "prefix=${pcfiledir}/../.." + text[match.end() :]
    return text.replace(old + "/", "${prefix}/") if old.startswith("/") and len(old) > 1 else text


def activate_prefix(stored: Path, active: Path) -> None:
    """Puts a copy of the prefix `stored` at `active`, in place of what is there."""
    staging = active.parent / "work" / f"{active.name}.{os.getpid()}.new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(stored, staging, symlinks=True)
    replace_directory(staging, active)


def replace_directory(new: Path, target: Path) -> None:
    """Renames `new` to `target`, so that nobody sees half of it."""
    old = new.with_name(new.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
