"""Fetches an archive from Debian's source package of the same bytes.

Uses the machine's own apt mirror with a private configuration: nothing needs root, and the system's package lists are
not touched.
"""

import re
import shutil
import subprocess
from pathlib import Path

from depends.errors import SourceError
from depends.sources import Source

_ARCHIVE_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def fetch_debian(source: Source, origin: str, target: Path, *, etc: Path = Path("/etc/apt")) -> None:
    """Fetches `debian:<suite>/<package>/<file>` to `target`.

    Raises:
        SourceError: This is no Debian machine, or its mirror lacks the file.
    """
    del source
    if shutil.which("apt-get") is None:
        raise SourceError("this system has no apt-get")
    suite, package, filename = origin.partition(":")[2].split("/")
    mirror = find_mirror(etc)
    work = target.with_name(target.name + ".apt")
    try:
        for folder in ("lists/partial", "cache/archives/partial", "download"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        sources_list = work / "private.sources"
        sources_list.write_text(private_sources(mirror, suite), encoding="utf-8")
        options = apt_options(work, sources_list)
        _run(["apt-get", "-qq", *options, "update"], work)
        command = ["apt-get", "-qq", *options, "--download-only", "--only-source", "--tar-only", "source", package]
        _run(command, work / "download")
        downloaded = work / "download" / filename
        if not downloaded.is_file():
            raise SourceError(f"Debian's {suite} has another version of {package}")
        downloaded.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def find_mirror(etc: Path) -> str:
    """Returns the address of the Debian mirror that the machine's apt uses.

    Raises:
        SourceError: Its configuration names none.
    """
    candidates = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    for path in candidates:
        if path.suffix not in (".list", ".sources") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for uri in re.findall(r"^(?:URIs:|deb(?:-src)?(?:\s+\[[^\]]*\])?)\s+(\S+)", text, re.MULTILINE):
            if uri.rstrip("/").endswith("/debian"):
                return str(uri)
    raise SourceError("apt's configuration names no Debian mirror")


def private_sources(mirror: str, suite: str) -> str:
    """The apt source that lists only the source packages of `suite`."""
    signed = f"Signed-By: {_ARCHIVE_KEYRING}\n" if _ARCHIVE_KEYRING.exists() else ""
    return f"Types: deb-src\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n{signed}"


def apt_options(work: Path, sources_list: Path) -> list[str]:
    """Options that keep apt inside `work`."""
    settings = {
        "Dir::Etc::sourcelist": sources_list,
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": work / "lists",
        "Dir::Cache": work / "cache",
        # The unprivileged user that root's apt switches to can't read a private directory.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise SourceError(f"{command[0]} failed: {lines[-1] if lines else f'status {done.returncode}'}")
