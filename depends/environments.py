"""Python environments from pinned requirements, made once and left alone while the pins stay the same.

Distributions are fetched into the wheelhouse first and installed from there alone, so the same code path works with
and without a network.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depends.errors import RequirementsError, SourceError
from depends.layout import Layout
from depends.process import run_logged
from depends.progress import Progress
from depends.toolchain import install_hint, python_abi

# Everything that has no wheel is built by these, installed first.
BACKENDS = "backends"
# What is fetched for the Windows Python that Wine runs, whatever Python fetches it.
WINDOWS = "wine"
WINDOWS_PLATFORM = ("--platform", "win_amd64", "--python-version", "3.13", "--implementation", "cp")
_STAMP = "moneyrocket-environment.json"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment on disk.

    Attributes:
        path: Its directory.
    """

    path: Path

    @property
    def bin(self) -> Path:
        """Directory of its executables."""
        return self.path / "bin"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.bin / "python"

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with this environment's executables first on the path."""
        return {**environ, "PATH": f"{self.bin}{os.pathsep}{environ.get('PATH', os.defpath)}"}


def requirement_files(layout: Layout, names: Sequence[str]) -> list[Path]:
    """Paths of the pinned requirement files called `names`.

    Raises:
        RequirementsError: One is missing.
    """
    paths = [layout.requirements / f"{name}.txt" for name in names]
    for path in paths:
        if not path.is_file():
            raise RequirementsError(f"{path} is missing; make it with: nox -s lock")
    return paths


def requirements_digest(layout: Layout, names: Sequence[str]) -> str:
    """Identifies an environment without wheels of our own: the pins, and the Python it is for."""
    digest = hashlib.sha256(f"{python_abi()} {sys.base_prefix} {sys.version}".encode())
    for path in requirement_files(layout, names):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def wheels_digest(wheels: Sequence[Path]) -> str:
    """Identifies wheels by their contents."""
    return hashlib.sha256(b"".join(hashlib.sha256(wheel.read_bytes()).digest() for wheel in wheels)).hexdigest()


def fetch_requirements(layout: Layout, names: Sequence[str], pip: Path, progress: Progress) -> None:
    """Fetches the pinned distributions of `names` into the wheelhouse unless it has them.

    Args:
        layout: The tree.
        names: Requirement files, without suffix.
        pip: Interpreter whose pip fetches; it has the build back ends where `names` need them.
        progress: Where progress is shown.

    Raises:
        SourceError: One can't be fetched or has a wrong hash.
    """
    stamps = layout.wheelhouse / ".fetched"
    for name in names:
        (path,) = requirement_files(layout, [name])
        key = hashlib.sha256(path.read_bytes() + python_abi().encode()).hexdigest()
        stamp = stamps / f"{name}-{python_abi()}"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
            continue
        layout.wheelhouse.mkdir(parents=True, exist_ok=True)
        command = [str(pip), "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps"]
        command += ["--require-hashes", "--no-build-isolation", "--dest", str(layout.wheelhouse), "--requirement"]
        if name == BACKENDS:
            command[-1:-1] = ["--only-binary", ":all:"]
        elif name == WINDOWS:
            command[-1:-1] = WINDOWS_PLATFORM
        title = f"fetching {path.relative_to(layout.root)}"
        with progress.step(title):
            run_logged(
                [*command, str(path)],
                title=title,
                log=_fresh(layout.logs / f"fetch-{name}.log"),
                progress=progress,
                env=_pip_environ(),
                error=SourceError,
            )
        stamps.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key, encoding="utf-8")


def ensure_environment(
    layout: Layout, name: str, requirements: Sequence[str], progress: Progress, *, wheels: Sequence[Path] = ()
) -> Environment:
    """Returns the environment `name`, made or made anew only if what it consists of changed.

    Args:
        layout: The tree.
        name: Name of the environment's directory.
        requirements: Requirement files to install, without suffix.
        progress: Where progress is shown.
        wheels: Wheels to install besides.

    Raises:
        RequirementsError: It can't be made.
        SourceError: A distribution can't be fetched.
    """
    environment = Environment(layout.environments / name)
    pins, built = requirements_digest(layout, [BACKENDS, *requirements]), wheels_digest(wheels)
    stamp = environment.path / _STAMP
    made = read_stamp(stamp) if environment.python.exists() else {}
    if made == {"pins": pins, "wheels": built}:
        return environment
    log = _fresh(layout.logs / f"environment-{name}.log")
    with progress.step(f"environment {name}: {' '.join(requirements) or 'build back ends'}"):
        if made.get("pins") != pins:
            create_venv(environment.path, log, progress)
            fetch_requirements(layout, [BACKENDS], environment.python, progress)
            install_requirements(layout, environment, [BACKENDS], log, progress)
            fetch_requirements(layout, requirements, environment.python, progress)
            install_requirements(layout, environment, requirements, log, progress)
        if wheels:
            install_wheels(environment, wheels, log, progress)
    stamp.write_text(json.dumps({"pins": pins, "wheels": built}), encoding="utf-8")
    return environment


def create_venv(path: Path, log: Path, progress: Progress) -> None:
    """Makes an empty virtual environment with pip at `path`.

    Raises:
        RequirementsError: Python's venv or ensurepip is missing.
    """
    shutil.rmtree(path, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401
    except ModuleNotFoundError as error:
        raise RequirementsError(f"{sys.executable} can't make environments; {install_hint()}") from error
    base = str(Path(getattr(sys, "_base_executable", None) or sys.executable))
    run_logged(
        [base, "-m", "venv", str(path)],
        title=f"environment {path.name}",
        log=log,
        progress=progress,
        env=_pip_environ(),
        error=RequirementsError,
    )


def install_requirements(
    layout: Layout, environment: Environment, names: Sequence[str], log: Path, progress: Progress
) -> None:
    """Installs pinned requirement files from the wheelhouse, without a network.

    Raises:
        RequirementsError: The wheelhouse lacks one or has it with a wrong hash.
    """
    if not names:
        return
    command = [str(environment.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-index", "--find-links", str(layout.wheelhouse), "--require-hashes", "--no-deps"]
    command += ["--no-build-isolation", "--no-warn-script-location"]
    for path in requirement_files(layout, names):
        command += ["--requirement", str(path)]
    _install(command, environment, log, progress)


def install_wheels(environment: Environment, wheels: Sequence[Path], log: Path, progress: Progress) -> None:
    """Installs wheels that were built here.

    Raises:
        RequirementsError: pip refuses one.
    """
    command = [str(environment.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-index", "--no-deps", "--force-reinstall", *map(str, wheels)]
    _install(command, environment, log, progress)


def _install(command: list[str], environment: Environment, log: Path, progress: Progress) -> None:
    title = f"environment {environment.path.name}"
    run_logged(command, title=title, log=log, progress=progress, env=_pip_environ(), error=RequirementsError)


def _pip_environ() -> dict[str, str]:
    """The caller's environment (pip's own settings included) without what redirects an interpreter."""
    drop = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PYTHONDONTWRITEBYTECODE"}
    return {key: value for key, value in os.environ.items() if key not in drop}


def read_stamp(stamp: Path) -> dict[str, str]:
    """Reads what an environment or a build was made from; empty when it never was finished."""
    try:
        return dict(json.loads(stamp.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _fresh(log: Path) -> Path:
    log.unlink(missing_ok=True)
    return log
