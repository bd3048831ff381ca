"""A prefix is complete, can be moved, and tells what it is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from depends.build_id import Inputs
from depends.config_site import read_config_site
from depends.errors import OptionError
from depends.manifest import MANIFEST, Manifest, is_whole, read_manifest
from depends.options import Options
from depends.prefix import activate_prefix, assemble_prefix, relocatable_pc

INPUTS = Inputs("1.0", "r", "s", "release", "x86_64-linux-gnu", "gcc", "", "", {})
MANIFEST_OF_THING = Manifest("x86_64-linux-gnu", Options(multiprocess=True).build_set(), {"thing": INPUTS})


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    for name in ("bin/tool", "lib/libthing.a", "include/thing.h", "wheels/thing-1.0-py3-none-any.whl"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    pc = package / "lib" / "pkgconfig" / "thing.pc"
    pc.parent.mkdir()
    pc.write_text("prefix=/built/here\nlibdir=/built/here/lib\nName: Thing\nVersion: 1\nDescription: x\n")
    target = tmp_path / "prefix"
    assemble_prefix(target, MANIFEST_OF_THING, {"thing": package})
    return target


def test_prefix_has_every_folder_and_its_manifest(prefix: Path) -> None:
    assert {path.name for path in prefix.iterdir()} == {"bin", "lib", "include", "wheels", "share"}
    assert (prefix / "bin" / "tool").read_text() == "bin/tool"
    assert read_manifest(prefix) == MANIFEST_OF_THING
    assert is_whole(prefix)


def test_missing_file_is_noticed(prefix: Path) -> None:
    (prefix / "lib" / "libthing.a").unlink()

    assert not is_whole(prefix)


def test_unreadable_manifest_counts_as_none(prefix: Path) -> None:
    (prefix / MANIFEST).write_text('{"format": 0}')

    assert read_manifest(prefix) is None
    assert not is_whole(prefix)


def test_moved_prefix_describes_its_new_place(prefix: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "with space"
    moved.parent.mkdir()
    prefix.rename(moved)

    site = read_config_site(moved / "share" / "config.site")

    assert site.prefix == moved
    assert site.wheels == (moved / "wheels" / "thing-1.0-py3-none-any.whl",)
    assert (site.multiprocess, site.debug, site.host) == (True, False, "x86_64-linux-gnu")


@pytest.mark.parametrize(("shell", "source"), [("sh", 'CONFIG_SITE="{}"; . "{}"'), ("bash", 'source "{1}"')])
def test_shells_can_source_it(prefix: Path, shell: str, source: str) -> None:
    if shutil.which(shell) is None:
        pytest.fail(f"this test needs {shell}")
    path = prefix / "share" / "config.site"
    script = source.format(path, path) + '; echo "$MONEYROCKET_DEPENDS_PREFIX:$PATH"'

    done = subprocess.run([shell, "-ec", script], capture_output=True, text=True, check=True, cwd="/")

    assert done.stdout.startswith(f"{prefix}:{prefix}/bin:")


def test_shell_that_does_not_tell_the_place_gets_a_message(prefix: Path) -> None:
    command = ["sh", "-c", f'unset CONFIG_SITE BASH_SOURCE; . "{prefix}/share/config.site"']

    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})

    assert done.returncode != 0
    assert "set CONFIG_SITE" in done.stderr


def test_another_file_is_no_config_site(tmp_path: Path) -> None:
    path = tmp_path / "config.site"
    path.write_text("prefix=/usr\n")

    with pytest.raises(OptionError, match="not made by depends"):
        read_config_site(path)


def test_pkg_config_paths_follow_the_file() -> None:
    text = relocatable_pc("prefix=/built/here\nlibdir=/built/here/lib\nCflags: -I${prefix}/include\n")

    assert text == "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\nCflags: -I${prefix}/include\n"


def test_activated_prefix_replaces_the_old_one_and_leaves_the_stored_one(prefix: Path, tmp_path: Path) -> None:
    active = tmp_path / "depends" / "x86_64-linux-gnu"
    active.mkdir(parents=True)
    (active / "old").write_text("")

    activate_prefix(prefix, active)

    assert not (active / "old").exists()
    assert is_whole(active)
    assert is_whole(prefix)


def test_set_id_tells_option_sets_apart() -> None:
    other = Manifest("x86_64-linux-gnu", Options(multiprocess=True, debug=True).build_set(), {"thing": INPUTS})

    assert other.set_id != MANIFEST_OF_THING.set_id
