"""`depends` itself: from options to a prefix that is in place."""

import contextlib
import fcntl
import functools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from depends.conan_client import Conan, locked_versions
from depends.environments import Environment, ensure_environment
from depends.fetch_debian import fetch_debian
from depends.fetch_http import fetch_http
from depends.fetch_pip import fetch_pip
from depends.layout import ROOT, Layout, tree_layout
from depends.manifest import is_whole, read_manifest
from depends.options import Options
from depends.packages import PACKAGES
from depends.plan import Plan, make_plan
from depends.prefix import activate_prefix, assemble_prefix
from depends.progress import Progress, format_seconds
from depends.sources import Fetcher, fetch_source, verify_cached
from depends.toolchain import find_compiler
from depends.triplet import host_triplet


def layout_for(options: Options, root: Path = ROOT) -> Layout:
    """Returns the layout of the tree with the caches that the options name."""
    return tree_layout(root, base_cache=options.base_cache, sources=options.sources_path)


def build_depends(options: Options, progress: Progress, layout: Layout | None = None) -> Path:
    """Makes the prefix for `options`, or finds it made, and returns it.

    Raises:
        FatalError: Something is missing, a source is not what was pinned, or a build fails.
    """
    start = time.monotonic()
    layout = layout or layout_for(options)
    triplet = host_triplet(options.host)
    with exclusive(layout, progress):
        compiler = find_compiler(os.environ) if options.multiprocess else None
        plan = make_plan(layout, options, triplet, compiler)
        # A damaged source is an error even when nothing has to be built from it now: better today than next year.
        for source in plan.sources:
            verify_cached(layout.sources, source)
        active = layout.prefix(triplet)
        current = read_manifest(active)
        if current and current.set_id == plan.manifest.set_id and is_whole(active):
            took = format_seconds(time.monotonic() - start)
            progress.line(f"depends: {triplet} is up to date ({plan.summary()}); nothing to do ({took})")
            return active
        stored = layout.prefixes / f"{triplet}-{plan.manifest.set_id}"
        made = read_manifest(stored)
        if made and made.set_id == plan.manifest.set_id and is_whole(stored):
            activate_prefix(stored, active)
            took = format_seconds(time.monotonic() - start)
            progress.line(f"depends: {triplet} switched to the set built before ({plan.summary()}) ({took})")
            return active
        for name, reason in plan.reasons(current).items():
            progress.line(f"{name}: {reason}")
        folders = _build_packages(layout, options, plan, triplet, progress) if plan.packages else {}
        with progress.step(f"prefix {active.relative_to(layout.root)}"):
            assemble_prefix(stored, plan.manifest, folders)
            activate_prefix(stored, active)
    progress.line(f"depends: {triplet} is ready ({plan.summary()}) ({format_seconds(time.monotonic() - start)})")
    progress.line(f"  CONFIG_SITE={active / 'share' / 'config.site'}")
    return active


def fetch_sources(options: Options, layout: Layout, progress: Progress) -> Environment:
    """Fetches every source of the wanted packages and makes the environment that builds them.

    Returns:
        The environment with Conan and the build back ends.

    Raises:
        FatalError: A source can't be fetched or is not what was pinned.
    """
    environment = ensure_environment(layout, "depends", tool_requirements(), progress)
    plan = make_plan(layout, options, host_triplet(options.host), None)
    fetchers: dict[str, Fetcher] = {
        "https": fetch_http,
        "debian": fetch_debian,
        "pip": functools.partial(fetch_pip, environment=environment),
    }
    for source in plan.sources:
        fetch_source(layout.sources, source, fetchers, progress)
    return environment


def tool_requirements() -> list[str]:
    """Requirement files of the environment that builds packages; CMake and Ninja only where the system has none."""
    have_both = shutil.which("cmake") and shutil.which("ninja")
    return ["conan"] if have_both else ["conan", "cmake"]


def write_lockfile(options: Options, layout: Layout, progress: Progress) -> None:
    """Writes Conan's lockfile anew from the recipes.

    Raises:
        FatalError: Conan fails.
    """
    conan, plan, host, build = _client(layout, options, host_triplet(options.host), progress)
    references = {package.name: plan.reference(package.name) for package in plan.packages}
    conan.lock(references, host, build, layout.logs / "conan-lock.log")
    in_tree = frozenset(package.name for package in PACKAGES if package.in_tree)
    text = layout.lockfile.read_text(encoding="utf-8")
    layout.lockfile.write_text(locked_versions(text, in_tree=in_tree), encoding="utf-8")


def check_recipes(options: Options, layout: Layout, progress: Progress) -> None:
    """Runs every recipe's `test_package` against the packages that were built.

    Raises:
        FatalError: A package is not built, or a test fails.
    """
    with exclusive(layout, progress):
        conan, plan, host, build = _client(layout, options, host_triplet(options.host), progress)
        for package in plan.packages:
            log = layout.logs / f"{package.name}-test_package.log"
            log.unlink(missing_ok=True)
            with progress.step(f"{package.name}: test_package"):
                conan.test(package.name, plan.reference(package.name), host, build, log)


@contextlib.contextmanager
def exclusive(layout: Layout, progress: Progress) -> Iterator[None]:
    """Holds the lock of the package cache: two builds at once would damage it."""
    layout.base_cache.mkdir(parents=True, exist_ok=True)
    with (layout.base_cache / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.line(f"depends: waiting for another run that uses {layout.base_cache}")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _client(layout: Layout, options: Options, triplet: str, progress: Progress) -> tuple[Conan, Plan, Path, Path]:
    compiler = find_compiler(os.environ)
    plan = make_plan(layout, options, triplet, compiler)
    environment = fetch_sources(options, layout, progress)
    conan = Conan(layout, environment, progress, echo=options.log)
    conan.prepare_home()
    host, build = conan.write_profiles(compiler, triplet, options.debug, plan.build_ids)
    return conan, plan, host, build


def _build_packages(layout: Layout, options: Options, plan: Plan, triplet: str, progress: Progress) -> dict[str, Path]:
    conan, _, host, build = _client(layout, options, triplet, progress)
    folders: dict[str, Path] = {}
    for package in plan.packages:
        log = layout.logs / f"{package.name}-{plan.build_ids[package.name]}.log"
        log.unlink(missing_ok=True)
        title = f"{package.name} {plan.manifest.packages[package.name].version}"
        with progress.step(title):
            graph = conan.install(plan.reference(package.name), host, build, log, title)
        folders[package.name] = graph[package.name]
    return folders
