"""What moneyrocketd says and does before there is a chain."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, module: str = "moneyrocketd") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", f"moneyrocket.init.{module}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


def test_version() -> None:
    done = run("-version")

    assert done.returncode == 0
    assert done.stdout.startswith("Moneyrocket daemon version v")
    assert done.stdout.splitlines()[0].endswith(" moneyrocketd")
    assert done.stderr == ""


def test_help_lists_options_by_group() -> None:
    done = run("-?")

    assert done.returncode == 0
    assert "\nOptions:\n\n" in done.stdout
    assert "\nRPC server options:\n\n" in done.stdout
    assert "-regtest" not in done.stdout
    assert "  -regtest\n" in run("-help-debug").stdout
    assert max(len(line) for line in done.stdout.partition("Options:")[2].splitlines()) <= 79


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-bogus=1"], "Error parsing command line arguments: Invalid parameter -bogus=1"),
        (["stray"], "Command line contains unexpected token 'stray', see moneyrocketd -h for a list of options."),
        (["-debug=bogus"], "Unsupported logging category -debug=bogus."),
        (["-loglevel=loud"], "Unsupported global logging level -loglevel=loud. Valid values: info, debug, trace."),
        (
            ["-testnet4"],
            "Invalid combination of -regtest, -signet, -testnet, -testnet4 and -chain. Can use at most one.",
        ),
        (["-coinstatsindex"], "-coinstatsindex is not supported by this version of Moneyrocket."),
        (["-listen=0", "-bind=127.0.0.1"], "Cannot set -bind or -whitebind together with -listen=0"),
        (["-blocksdir=/does/not/exist"], 'Specified blocks directory "/does/not/exist" does not exist.'),
        (["-testactivationheight=segwit"], "Invalid format (segwit) for -testactivationheight=name@height."),
        (["-rpcport=0"], "Invalid port specified in -rpcport: '0'"),
    ],
)
def test_settings_that_make_no_sense(datadir: Path, arguments: list[str], message: str) -> None:
    done = run(f"-datadir={datadir}", "-regtest", "-printtoconsole=0", *arguments)

    assert done.returncode == 1
    assert done.stderr == f"Error: {message}\n"


def test_a_missing_data_directory(tmp_path: Path) -> None:
    done = run(f"-datadir={tmp_path}/none")

    assert (done.returncode, done.stderr) == (1, f'Error: Specified data directory "{tmp_path}/none" does not exist.\n')


def test_a_malformed_configuration_file(datadir: Path) -> None:
    (datadir / "moneyrocket.conf").write_text("nonsense\n")

    done = run(f"-datadir={datadir}")

    assert done.stderr == (
        "Error: Error reading configuration file: parse error on line 1: nonsense, if you intended to specify a "
        "negated option, use nonsense=1 instead\n"
    )


def test_malformed_settings(datadir: Path) -> None:
    settings = datadir / "regtest" / "settings.json"
    settings.parent.mkdir()
    settings.write_text("[]")

    done = run(f"-datadir={datadir}", "-regtest")

    assert done.stderr == (
        f"Error: Settings file could not be read:\n- Found non-object value [] in settings file {settings}\n"
    )


def test_a_directory_in_use(datadir: Path) -> None:
    folder = datadir / "regtest"
    folder.mkdir()
    with (folder / ".lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = run(f"-datadir={datadir}", "-regtest", "-printtoconsole=0")

    assert done.returncode == 1
    assert done.stderr == (
        f"Error: Cannot obtain a lock on directory {folder}. Moneyrocket is probably already running.\n"
    )


def test_an_ignored_configuration_file(datadir: Path, tmp_path: Path) -> None:
    (datadir / "moneyrocket.conf").write_text("")
    other = tmp_path / "other.conf"
    other.write_text("")

    done = run(f"-datadir={datadir}", f"-conf={other}", "-regtest")

    assert done.returncode == 1
    assert f'contains a "moneyrocket.conf" file which is ignored, because a different configuration file "{other}"' in (
        done.stderr
    )


@pytest.mark.parametrize("module", ["moneyrocket_qt", "moneyrocket_gui"])
def test_desktop_programs_tell_version_and_options_without_a_display(module: str) -> None:
    version, options = run("-version", module=module), run("-?", module=module)

    assert version.stdout.splitlines()[0].endswith(module.replace("_", "-"))
    assert "-datadir" in options.stdout
    assert (version.returncode, options.returncode) == (0, 0)
