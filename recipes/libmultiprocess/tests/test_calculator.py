"""The example runs as its README says."""

import os
import re
import shlex
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
    programs = {"mpgen": [sys.executable, "-m", "libmultiprocess.mpgen"], "python": [sys.executable]}
    environment = {**os.environ, "PYTHONPATH": str(Path(libmultiprocess.__file__).parent.parent)}

    outputs = []
    for line in blocks[0].splitlines():
        program, *arguments = shlex.split(line)
        command = [*programs[program], *arguments]
        outputs.append(subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True))

    expected = re.sub(r"\d{4}", "PID", blocks[1].replace("    ", ""))
    assert re.sub(r"process \d+", "process PID", outputs[1].stdout) == expected.replace("   ", "   ")
    assert outputs[1].stderr == ""
    assert len(set(re.findall(r"process (\d+)", outputs[1].stdout))) == 2
