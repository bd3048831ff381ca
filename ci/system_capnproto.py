"""The way without a prefix: pycapnp and libmultiprocess built against the Cap'n Proto that pkg-config finds."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from depends.environments import BACKENDS, Environment, ensure_environment, requirements_digest
from depends.errors import ToolchainError
from depends.fetch_pip import fetch_pip
from depends.layout import Layout
from depends.packages import PACKAGES, package_source, recipe_digest
from depends.process import run_logged
from depends.progress import Progress
from depends.sources import cached_path, fetch_source
from depends.toolchain import find_compiler

MINIMUM = "1.0"


def system_wheels(layout: Layout, progress: Progress) -> tuple[Path, ...]:
    """Builds the two wheels, or finds them built.

    Raises:
        ToolchainError: pkg-config finds no Cap'n Proto that is new enough.
        FatalError: A build fails.
    """
    version, cflags, libs = _pkg_config()
    pycapnp, libmultiprocess = (entry for entry in PACKAGES if entry.uses_python)
    digests = [recipe_digest(layout, entry) for entry in (pycapnp, libmultiprocess)]
    compiler = find_compiler(os.environ).identity
    key = hashlib.sha256(
        "\0".join([version, cflags, libs, compiler, requirements_digest(layout, [BACKENDS]), *digests]).encode()
    ).hexdigest()[:16]
    target = layout.root / "build" / "wheels" / f"system-{key}"
    names = (pycapnp.name, libmultiprocess.name)
    found = [next(target.glob(f"{name}-*.whl"), None) for name in names]
    if not all(found):
        environment = ensure_environment(layout, "build-system", [], progress)
        shutil.rmtree(target, ignore_errors=True)
        with progress.step(f"pycapnp with the system's Cap'n Proto {version}"):
            source = _unpack_pycapnp(layout, environment, progress)
            _wheel(environment, source, target, {"CXXFLAGS": f"-O2 -g0 {cflags}", "LDFLAGS": libs}, layout, progress)
        with progress.step("libmultiprocess"):
            _wheel(environment, layout.recipes / "libmultiprocess", target, {}, layout, progress)
        found = [next(target.glob(f"{name}-*.whl"), None) for name in names]
    return tuple(wheel for wheel in found if wheel is not None)


def _pkg_config() -> tuple[str, str, str]:
    """Version, compiler flags and linker directories of the system's Cap'n Proto."""
    advice = (
        "run: nox -s depends -- MULTIPROCESS=1 (builds everything that is needed), "
        "or install it (Debian, Ubuntu: apt install libcapnp-dev capnproto pkg-config)"
    )
    tool = shutil.which("pkg-config")
    if tool is None:
        raise ToolchainError(
            f"--enable-multiprocess: no dependency prefix, and no pkg-config to find Cap'n Proto; {advice}"
        )

    def ask(*words: str) -> str:
        done = subprocess.run([tool, *words, "capnp-rpc"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolchainError(
                f"--enable-multiprocess: no dependency prefix, and pkg-config finds no Cap'n Proto "
                f"{MINIMUM} or newer; {advice}"
            )
        return done.stdout.strip()

    ask(f"--atleast-version={MINIMUM}")
    return ask("--modversion"), ask("--cflags"), ask("--libs-only-L")


def _unpack_pycapnp(layout: Layout, environment: Environment, progress: Progress) -> Path:
    package = next(entry for entry in PACKAGES if entry.name == "pycapnp")
    source = package_source(layout, package)
    assert source is not None
    fetchers = {"pip": lambda entry, origin, target: fetch_pip(entry, origin, target, environment)}
    fetch_source(layout.sources, source, fetchers, progress)
    folder = layout.work / "system-pycapnp"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(cached_path(layout.sources, source)) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    with (unpacked / "setup.cfg").open("a", encoding="utf-8") as stream:
        stream.write("\n[build_ext]\nforce_system_libcapnp = 1\n")
    return unpacked


def _wheel(
    environment: Environment, source: Path, target: Path, flags: dict[str, str], layout: Layout, progress: Progress
) -> None:
    command = [str(environment.python), "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index"]
    run_logged(
        [*command, "--no-cache-dir", "--wheel-dir", str(target), str(source)],
        title=f"wheel of {source.name}",
        log=layout.logs / f"system-{source.name}.log",
        progress=progress,
        env={**environment.environ(os.environ), **flags},
    )
