"""The launchers start the right module with the right interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

from ci.executables import DAEMONS, EXECUTABLES, Executable, Shape, executables, launcher_text, write_launchers

COMMON = {"moneyrocketd", "moneyrocket-cli", "moneyrocket"}


def names(shape: Shape, *, qt: bool) -> set[str]:
    return {entry.name for entry in executables(shape, qt=qt)}


def test_shapes() -> None:
    processes = {"moneyrocket-node", "moneyrocket-wallet"}

    assert names(Shape.MONOLITHIC, qt=True) == COMMON | {"moneyrocket-qt"}
    assert names(Shape.MULTIPROCESS, qt=True) == COMMON | processes | {"moneyrocket-qt", "moneyrocket-gui"}
    assert names(Shape.MONOLITHIC, qt=False) == COMMON
    assert names(Shape.MULTIPROCESS, qt=False) == COMMON | processes
    assert all(DAEMONS[shape] in names(shape, qt=False) for shape in Shape)


@pytest.mark.parametrize("executable", EXECUTABLES, ids=lambda executable: executable.name)
def test_module_exists(executable: Executable) -> None:
    root = Path(__file__).resolve().parents[2]

    assert (root / (executable.module.replace(".", "/") + ".py")).is_file()


@pytest.mark.parametrize("folder", ["bin", "with space", "x" * 150])
def test_launcher_runs_its_module_and_passes_arguments_and_status(tmp_path: Path, folder: str) -> None:
    python = tmp_path / folder / "python"
    python.parent.mkdir()
    # Stands for the interpreter of a build: it has the package on its path though the launcher isolates it.
    python.write_text(
        f"#!/bin/sh\nshift\nexec {sys.executable} -c \"import sys; sys.path.insert(0, '{tmp_path}'); "
        'sys.argv = sys.argv[1:]; exec(open(sys.argv[0]).read())" "$@"\n'
    )
    python.chmod(0o755)
    (tmp_path / "sample.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 7\n")
    launcher = tmp_path / folder / "sample"
    launcher.write_text(launcher_text(Executable("sample", "sample"), python))
    launcher.chmod(0o755)

    done = subprocess.run([launcher, "-a", "b c"], capture_output=True, text=True, check=False)

    assert (done.stdout, done.returncode, done.stderr) == ("['-a', 'b c']\n", 7, "")


def test_other_commands_are_removed(tmp_path: Path) -> None:
    for name in ("python", "python3", "activate", "moneyrocket-node"):
        (tmp_path / name).write_text("")

    write_launchers(tmp_path, executables(Shape.MONOLITHIC, qt=False))

    assert {path.name for path in tmp_path.iterdir()} == COMMON | {"python", "python3"}
