"""A run finds what is made already, and does not build beside another."""

import fcntl
import io
import threading
from pathlib import Path

import pytest

from depends.layout import Layout, tree_layout
from depends.manifest import is_whole
from depends.options import Options
from depends.progress import Progress
from depends.run import build_depends, exclusive


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A tree without recipes: prefixes without packages can be made in it, at once."""
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    (requirements / "backends.txt").write_text("")
    return tree_layout(tmp_path)


def run(layout: Layout, options: Options) -> tuple[Path, str]:
    stream = io.StringIO()
    prefix = build_depends(options, Progress(stream), layout)
    return prefix, stream.getvalue()


def test_second_run_does_nothing_and_says_so(layout: Layout) -> None:
    prefix, _ = run(layout, Options())
    before = (prefix / "share" / "depends.json").stat().st_mtime_ns

    _, output = run(layout, Options())

    assert "is up to date (no packages); nothing to do" in output
    assert (prefix / "share" / "depends.json").stat().st_mtime_ns == before


def test_two_option_sets_live_side_by_side(layout: Layout) -> None:
    run(layout, Options())
    run(layout, Options(debug=True))

    _, output = run(layout, Options())

    assert "switched to the set built before" in output
    assert len(list(layout.prefixes.iterdir())) == 2
    assert all(is_whole(prefix) for prefix in layout.prefixes.iterdir())


def test_damaged_prefix_is_made_anew(layout: Layout) -> None:
    prefix, _ = run(layout, Options())
    (prefix / "share" / "config.site").unlink()

    run(layout, Options())

    assert is_whole(prefix)


def test_a_run_waits_for_another_and_says_so(layout: Layout) -> None:
    layout.base_cache.mkdir(parents=True)
    entered = threading.Event()
    told = threading.Event()

    class Telling(Progress):
        def line(self, text: str) -> None:
            if "waiting for another run" in text:
                told.set()

    def enter() -> None:
        with exclusive(layout, Telling(io.StringIO())):
            entered.set()

    with (layout.base_cache / ".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=enter)
        thread.start()
        assert told.wait(30)
        assert not entered.is_set()
        fcntl.flock(other, fcntl.LOCK_UN)
    assert entered.wait(30)
    thread.join()
