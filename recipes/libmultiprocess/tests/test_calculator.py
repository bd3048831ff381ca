"""The example runs as its README says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import libmultiprocess

ROOT = Path(__file__).parent.parent


def test_readme_commands(tmp_path: Path) -> None:
    folder = tmp_path / "calculator"
    shutil.copytree(ROOT / "examples" / "calculator", folder, ignore=shutil.ignore_patterns("generated", "__pycache__"))
    readme = (folder / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", readme, re.MULTILINE)
    commands = [line.strip() for line in blocks[0].splitlines()]
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for name, arguments in (("mpgen", '-m libmultiprocess.mpgen "$@"'), ("python", '"$@"')):
        (bin_dir / name).write_text(f"#!/bin/sh\nexec {sys.executable} {arguments}\n")
        (bin_dir / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{bin_dir}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(libmultiprocess.__file__).parent.parent),
    }

    outputs = [
        subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        for command in commands
    ]

    expected = re.sub(r"\d{4}", "PID", blocks[1].replace("    ", ""))
    assert re.sub(r"process \d+", "process PID", outputs[1].stdout) == expected.replace("   ", "   ")
    assert outputs[1].stderr == ""
    assert len(set(re.findall(r"process (\d+)", outputs[1].stdout))) == 2
