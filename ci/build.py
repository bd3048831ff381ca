"""Builds the executables: `build/<host triplet>/<shape>/bin/`, a tree made from wheels alone."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.executables import Shape, executables, write_launchers
from ci.system_capnproto import system_wheels
from depends.config_site import ConfigSite, read_config_site
from depends.doctor import qt_findings, require_healthy
from depends.environments import (
    Environment,
    ensure_environment,
    fetch_requirements,
    read_stamp,
    requirement_files,
    requirements_digest,
    wheels_digest,
)
from depends.errors import BuildError, OptionError
from depends.layout import Layout
from depends.process import clean_environment, run_logged
from depends.progress import Progress, format_seconds
from depends.triplet import machine_triplet

_STAMP = "moneyrocket-build.json"
_SOURCES = ("moneyrocket", "pyproject.toml", "hatch_build.py", "LICENSE")
_NOT_BUILT = frozenset({"__pycache__", "tests", "generated"})


@dataclass(frozen=True, slots=True)
class Target:
    """What to build.

    Attributes:
        shape: Whether the multiprocess executables are built.
        site: The dependency prefix, or None to do without.
        qt: Whether the desktop programs are built.
    """

    shape: Shape
    site: ConfigSite | None
    qt: bool = True


def choose_target(
    layout: Layout, config_site: Path | None, multiprocess: bool | None, *, no_qt: bool = False
) -> Target:
    """Decides the shape and the prefix the way `configure` does: what is not said follows from the prefix.

    Args:
        layout: The tree.
        config_site: `CONFIG_SITE`, or None for the default prefix if that exists.
        multiprocess: `--enable-multiprocess` or `--disable-multiprocess`, or None for what the prefix has.
        no_qt: `NO_QT=1`; a prefix made with it leaves the desktop programs out as well.

    Raises:
        OptionError: The prefix named has no multiprocess libraries though they are asked for.
    """
    default = layout.prefix(machine_triplet()) / "share" / "config.site"
    if config_site is None and default.is_file():
        config_site = default
    site = read_config_site(config_site) if config_site else None
    if multiprocess is None:
        multiprocess = site is not None and site.multiprocess
    if multiprocess and site is not None and not site.multiprocess:
        raise OptionError(
            f"--enable-multiprocess: {site.prefix} was made without MULTIPROCESS=1; "
            "run: nox -s depends -- MULTIPROCESS=1"
        )
    qt = not no_qt and (site is None or site.qt)
    return Target(Shape.MULTIPROCESS if multiprocess else Shape.MONOLITHIC, site, qt)


def build_executables(layout: Layout, target: Target, progress: Progress) -> Path:
    """Builds the executables unless nothing changed, and returns their directory.

    Raises:
        FatalError: A dependency is missing or a step fails.
    """
    start = time.monotonic()
    shape = target.shape
    if target.qt:
        # Before the long part, not when the first window is opened.
        require_healthy(qt_findings())
    tree = layout.root / "build" / machine_triplet() / shape.value
    wheels = dependency_wheels(layout, target, progress)
    requirements = runtime_requirements(target)
    chosen = executables(shape, qt=target.qt)
    wanted = {
        "libraries": requirements_digest(layout, requirements),
        "wheels": wheels_digest(wheels),
        "source": sources_digest(layout.root),
        "qt": str(int(target.qt)),
    }
    made = read_stamp(tree / _STAMP)
    name = tree.relative_to(layout.root)
    if made == wanted and all((tree / "bin" / e.name).exists() for e in chosen):
        took = format_seconds(time.monotonic() - start)
        progress.line(f"build: {name} is up to date; nothing to do ({took})")
        return tree / "bin"
    builder = ensure_environment(layout, f"build-{shape.value}", _builder_requirements(shape), progress, wheels=wheels)
    log = layout.logs / f"build-{shape.value}.log"
    log.unlink(missing_ok=True)
    libraries = {key: wanted[key] for key in ("libraries", "wheels")}
    if not libraries.items() <= made.items():
        with progress.step(f"{name}: libraries"):
            if made.get("libraries") != wanted["libraries"]:
                _make_tree(layout, tree, requirements, builder, log, progress)
            if wheels:
                _install(tree, wheels, builder, log, progress)
            _write_stamp(tree, libraries)
    with progress.step(f"{name}: executables"):
        wheel = _build_wheel(layout, shape, builder, log, progress)
        _install(tree, [wheel], builder, log, progress)
        write_launchers(tree / "bin", chosen)
        _write_stamp(tree, wanted)
    progress.line(f"build: {name}/bin is ready ({format_seconds(time.monotonic() - start)})")
    return tree / "bin"


def dependency_wheels(layout: Layout, target: Target, progress: Progress) -> tuple[Path, ...]:
    """The wheels with native code that the shape needs: the prefix's, or made with the system's Cap'n Proto.

    Raises:
        FatalError: There is no prefix, and the system has no Cap'n Proto to build against.
    """
    if target.shape is Shape.MONOLITHIC:
        return ()
    return target.site.wheels if target.site else system_wheels(layout, progress)


def runtime_requirements(target: Target) -> list[str]:
    """Requirement files of what the executables import."""
    multiprocess = ["multiprocess"] if target.shape is Shape.MULTIPROCESS else []
    return ["runtime", *multiprocess, *(["gui"] if target.qt else [])]


def sources_digest(root: Path) -> str:
    """SHA-256 over everything that goes into moneyrocket's wheel."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        for directory, folders, files in os.walk(root / name):
            folders[:] = sorted(folder for folder in folders if folder not in _NOT_BUILT)
            for file in sorted(files):
                _add(digest, root, Path(directory, file))
        if (root / name).is_file():
            _add(digest, root, root / name)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", root: Path, path: Path) -> None:
    digest.update(path.relative_to(root).as_posix().encode() + b"\0")
    digest.update(hashlib.sha256(path.read_bytes()).digest())


def _builder_requirements(shape: Shape) -> list[str]:
    return ["runtime", "multiprocess"] if shape is Shape.MULTIPROCESS else []


def _make_tree(
    layout: Layout,
    tree: Path,
    requirements: list[str],
    builder: Environment,
    log: Path,
    progress: Progress,
) -> None:
    """Makes the tree with the pinned libraries in it; pip itself stays outside."""
    shutil.rmtree(tree, ignore_errors=True)
    fetch_requirements(layout, requirements, builder.python, progress)
    title = f"build: {tree.name} libraries"
    create = [str(builder.python), "-m", "venv", "--without-pip", str(tree)]
    run_logged(create, title=title, log=log, progress=progress, env=clean_environment(os.environ))
    pip = _pip_into(tree, builder)
    files = [word for path in requirement_files(layout, requirements) for word in ("--requirement", str(path))]
    pinned = [*pip, "--find-links", str(layout.wheelhouse), "--require-hashes", "--only-binary", ":all:", *files]
    run_logged(pinned, title=title, log=log, progress=progress, env=_install_environ())


def _build_wheel(layout: Layout, shape: Shape, builder: Environment, log: Path, progress: Progress) -> Path:
    """Builds moneyrocket's own wheel; `hatch_build.py` generates the proxies of the multiprocess shape."""
    target = layout.root / "build" / "wheels" / shape.value
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    run_logged(
        [str(builder.python), "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)],
        title="build: moneyrocket wheel",
        log=log,
        progress=progress,
        env=clean_environment(os.environ, MONEYROCKET_MULTIPROCESS=str(int(shape is Shape.MULTIPROCESS))),
        cwd=layout.root,
    )
    wheels = list(target.glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError(f"expected one wheel in {target}, found {len(wheels)}; see {log}")
    return wheels[0]


def _install(tree: Path, wheels: Sequence[Path], builder: Environment, log: Path, progress: Progress) -> None:
    command = [*_pip_into(tree, builder), "--force-reinstall", *map(str, wheels)]
    run_logged(command, title=f"build: {tree.name} install", log=log, progress=progress, env=_install_environ())


def _pip_into(tree: Path, builder: Environment) -> list[str]:
    """pip of the build environment, working on the tree."""
    pip = [str(builder.python), "-m", "pip", "--python", str(tree / "bin" / "python"), "install"]
    return [*pip, "--disable-pip-version-check", "--no-input", "--no-index", "--no-deps", "--compile"]


def _install_environ() -> dict[str, str]:
    """Byte code is compiled while installing: it would be missing from every start otherwise."""
    environ = clean_environment(os.environ)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return environ


def _write_stamp(tree: Path, data: dict[str, str]) -> None:
    (tree / _STAMP).write_text(json.dumps(data) + "\n", encoding="utf-8")
