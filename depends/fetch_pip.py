"""Fetches a source distribution with pip, from whatever index pip is configured to use."""

import os
import shutil
import subprocess
from pathlib import Path

from depends.environments import Environment
from depends.errors import SourceError
from depends.sources import Source


def fetch_pip(source: Source, origin: str, target: Path, environment: Environment) -> None:
    """Fetches `pip:<name>==<version>/<file>` to `target`.

    Args:
        source: What to fetch; pip checks its hash too, before it runs anything from the archive.
        origin: The address.
        target: File to write.
        environment: Has pip, and the back ends that the distribution's metadata needs.

    Raises:
        SourceError: The index can't be reached or has no such distribution.
    """
    requirement, _, filename = origin.partition(":")[2].partition("/")
    work = target.with_name(target.name + ".pip")
    try:
        work.mkdir(parents=True, exist_ok=True)
        pinned = work / "pinned.txt"
        pinned.write_text(f"{requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
        command = [str(environment.python), "-m", "pip", "download", "--disable-pip-version-check", "--no-input"]
        command += ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes"]
        command += ["--dest", str(work), "--requirement", str(pinned)]
        environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment.environ(environ), cwd=work
        )
        downloaded = work / filename
        if done.returncode or not downloaded.is_file():
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            raise SourceError(errors[-1] if errors else f"pip did not bring {filename}: {done.stderr[-400:]}")
        downloaded.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
