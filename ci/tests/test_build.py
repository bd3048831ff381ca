"""What is built follows from the prefix and the flags, and again only when sources change."""

from pathlib import Path

import pytest

from ci.build import Target, choose_target, runtime_requirements, sources_digest
from ci.executables import Shape
from depends.errors import OptionError
from depends.layout import Layout, tree_layout
from depends.manifest import Manifest
from depends.options import Options
from depends.prefix import assemble_prefix
from depends.triplet import machine_triplet


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return tree_layout(tmp_path)


def make_prefix(layout: Layout, *, multiprocess: bool, no_qt: bool = False) -> Path:
    manifest = Manifest(machine_triplet(), Options(multiprocess=multiprocess, no_qt=no_qt).build_set(), {})
    prefix = layout.prefix(machine_triplet())
    assemble_prefix(prefix, manifest, {})
    return prefix


@pytest.mark.parametrize(("multiprocess", "shape"), [(True, Shape.MULTIPROCESS), (False, Shape.MONOLITHIC)])
def test_default_prefix_decides(layout: Layout, multiprocess: bool, shape: Shape) -> None:
    prefix = make_prefix(layout, multiprocess=multiprocess)

    target = choose_target(layout, None, None)

    assert target.shape is shape
    assert target.site is not None
    assert target.site.prefix == prefix


def test_without_prefix_the_build_is_monolithic_unless_asked(layout: Layout) -> None:
    assert choose_target(layout, None, None).shape is Shape.MONOLITHIC
    assert choose_target(layout, None, True).shape is Shape.MULTIPROCESS
    assert choose_target(layout, None, True).site is None


def test_flag_wins_over_prefix(layout: Layout) -> None:
    make_prefix(layout, multiprocess=True)

    assert choose_target(layout, None, False).shape is Shape.MONOLITHIC


def test_the_gui_is_built_unless_prefix_or_option_say_no(layout: Layout) -> None:
    assert choose_target(layout, None, None).qt
    assert not choose_target(layout, None, None, no_qt=True).qt

    make_prefix(layout, multiprocess=True, no_qt=True)

    target = choose_target(layout, None, None)
    assert not target.qt
    assert runtime_requirements(target) == ["runtime", "multiprocess"]
    assert runtime_requirements(Target(Shape.MONOLITHIC, None)) == ["runtime", "gui"]


def test_prefix_without_the_libraries_is_refused(layout: Layout) -> None:
    make_prefix(layout, multiprocess=False)

    with pytest.raises(OptionError, match="nox -s depends -- MULTIPROCESS=1"):
        choose_target(layout, None, True)


def test_missing_config_site_is_an_error(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no such file"):
        choose_target(layout, tmp_path / "config.site", None)


def test_digest_follows_sources_but_not_tests_or_byte_code(tmp_path: Path) -> None:
    module = tmp_path / "moneyrocket" / "module.py"
    test = tmp_path / "moneyrocket" / "tests" / "test_module.py"
    cache = tmp_path / "moneyrocket" / "__pycache__" / "module.pyc"
    for path in (module, test, cache):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    before = sources_digest(tmp_path)

    test.write_text("2")
    cache.write_text("2")
    unchanged = sources_digest(tmp_path)
    module.write_text("2")

    assert unchanged == before
    assert sources_digest(tmp_path) != before
