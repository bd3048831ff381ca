"""The recipes of this tree are complete and pinned."""

import shutil
from pathlib import Path

import pytest

from depends.layout import tree_layout
from depends.options import Options
from depends.packages import PACKAGES, Package, package_source, package_version, recipe_digest, wanted_packages
from depends.plan import make_plan

LAYOUT = tree_layout()
FETCHED = [package for package in PACKAGES if not package.in_tree]


def test_nothing_is_wanted_without_multiprocess() -> None:
    assert wanted_packages(Options()) == ()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_recipe_is_complete(package: Package) -> None:
    folder = LAYOUT.recipes / package.name / "all"

    assert package_version(LAYOUT, package)
    assert (folder / "conanfile.py").is_file()
    assert (folder / "test_package" / "conanfile.py").is_file()


@pytest.mark.parametrize("package", FETCHED, ids=lambda package: package.name)
def test_source_is_pinned(package: Package) -> None:
    source = package_source(LAYOUT, package)

    assert source is not None
    assert len(bytes.fromhex(source.sha256)) == 32
    assert source.origins


def test_packages_stand_after_what_they_require() -> None:
    seen: set[str] = set()
    for package in PACKAGES:
        assert set(package.requires) <= seen
        seen.add(package.name)


def test_digest_follows_the_recipe_but_not_its_test(tmp_path: Path) -> None:
    shutil.copytree(LAYOUT.recipes / "capnproto", tmp_path / "recipes" / "capnproto")
    layout = tree_layout(tmp_path)
    before = recipe_digest(layout, PACKAGES[0])

    test = tmp_path / "recipes" / "capnproto" / "all" / "test_package" / "conanfile.py"
    test.write_text(test.read_text() + "# changed\n")
    after_test = recipe_digest(layout, PACKAGES[0])
    recipe = tmp_path / "recipes" / "capnproto" / "all" / "conanfile.py"
    recipe.write_text(recipe.read_text() + "# changed\n")

    assert after_test == before
    assert recipe_digest(layout, PACKAGES[0]) != before


def test_lockfile_has_every_package() -> None:
    text = LAYOUT.lockfile.read_text()

    for package in PACKAGES:
        assert f'"{package.name}/{package_version(LAYOUT, package)}' in text


def test_plan_explains_only_what_differs() -> None:
    plan = make_plan(LAYOUT, Options(multiprocess=True), "x86_64-linux-gnu", None)

    assert plan.reasons(plan.manifest) == {}
    assert set(plan.reasons(None).values()) == {"not built yet"}
