#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""Every workflow of the project. `nox -l` lists them; without nox, `python3 noxfile.py` makes its own environment.

Arguments after `--` go to the session: options (`NO_QT=1 MULTIPROCESS=1`) and what pytest is to run.
"""

import os
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - older ones get here, and deserve a sentence
    sys.exit(f"Moneyrocket needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}")

ROOT = Path(__file__).resolve().parent
BOOTSTRAP = ROOT / ".nox" / "bootstrap"


def _bootstrap_python() -> Path:
    """Returns the interpreter of a small environment that has nox, made from requirements/nox.txt."""
    pins = ROOT / "requirements" / "nox.txt"
    stamp, python = BOOTSTRAP / "pins.txt", BOOTSTRAP / "bin" / "python"
    wanted = f"{sys.version}\n{pins.read_text(encoding='utf-8')}"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"nox is not installed: making {BOOTSTRAP.relative_to(ROOT)} from {pins.relative_to(ROOT)}", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(BOOTSTRAP)], check=False).returncode:
        sys.exit("Python's venv is missing; on Debian or Ubuntu: apt install python3-venv")
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*pip, "--only-binary", ":all:", "--requirement", str(pins)], check=False).returncode:
        sys.exit("nox could not be installed; check the network, or pip's settings")
    stamp.write_text(wanted, encoding="utf-8")
    return python


try:
    import nox
except ModuleNotFoundError:
    if __name__ != "__main__":
        raise
    own = str(_bootstrap_python())
    os.execv(own, [own, "-m", "nox", "--noxfile", str(Path(__file__).resolve()), *sys.argv[1:]])

sys.path.insert(0, str(ROOT))
from ci import sessions  # noqa: E402

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["depends", "multiprocess"]
nox.options.error_on_missing_interpreters = True


@nox.session
def doctor(session: nox.Session) -> None:
    """Say what this machine lacks, and the command that fixes it."""
    sessions.doctor(session)


@nox.session
def sources(session: nox.Session) -> None:
    """Fetch every source, so that everything after works without a network."""
    sessions.sources(session)


@nox.session
def depends(session: nox.Session) -> None:
    """Build the pinned dependencies; options: NO_QT=1 MULTIPROCESS=1 DEBUG=1 ..."""
    sessions.depends(session)


@nox.session
def build(session: nox.Session) -> None:
    """Build the executables; options: --enable-multiprocess CONFIG_SITE=..."""
    sessions.build(session)


@nox.session
def multiprocess(session: nox.Session) -> None:
    """Build the multiprocess executables and run the functional suite on moneyrocket-node."""
    sessions.functional(session, "multiprocess")


@nox.session
def monolithic(session: nox.Session) -> None:
    """Build the one-process executables and run the functional suite on moneyrocketd."""
    sessions.functional(session, "monolithic")


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests."""
    sessions.unit(session)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and lint; `-- --fix` repairs what can be repaired."""
    sessions.lint(session)


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    sessions.types(session)


@nox.session
def layers(session: nox.Session) -> None:
    """Check that imports go down the layers only."""
    sessions.layers(session)


@nox.session(default=False)
def screenshots(session: nox.Session) -> None:
    """Draw every page of the desktop program into build/screenshots; `-- --commit` renews docs/images."""
    sessions.screenshots(session)


@nox.session
def tests(session: nox.Session) -> None:
    """Run everything that CI checks."""
    sessions.tests(session)


@nox.session(tags=["ci"], default=False)
def recipes(session: nox.Session) -> None:
    """Run each recipe's test_package against the built packages."""
    sessions.recipes(session)


@nox.session(tags=["ci"], default=False)
def offline(session: nox.Session) -> None:
    """Build the dependencies from nothing with the network removed."""
    sessions.offline(session)


@nox.session(tags=["ci"], default=False)
def wine(session: nox.Session) -> None:
    """Run node, wallet and libmultiprocess as Windows programs under Wine."""
    sessions.wine(session)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure; `-- ipc [--cpp DIR]` compares calls between processes."""
    sessions.bench(session)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Resolve and hash requirements/*.in and the recipes anew (needs a network)."""
    sessions.lock(session)


if __name__ == "__main__":
    nox.main()
