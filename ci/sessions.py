"""The bodies of the Nox sessions: each reads its arguments and calls the module that does the work."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import nox

from ci.arguments import Arguments, split_arguments
from ci.bench import run_bench
from ci.build import Target, build_executables, choose_target, dependency_wheels
from ci.checks import check_layers, check_lint, check_types, check_units
from ci.executables import Shape
from ci.functional import run_functional
from ci.jobs import all_sessions
from ci.locking import lock_requirements
from ci.offline import check_offline, network_remover
from ci.screenshots import take_screenshots
from ci.wine_checks import check_windows
from depends.config_site import ConfigSite, read_config_site
from depends.doctor import examine, require_healthy
from depends.environments import fetch_requirements
from depends.errors import FatalError, OptionError
from depends.layout import Layout
from depends.options import Options, parse_options
from depends.progress import Progress
from depends.run import build_depends, check_recipes, fetch_sources, layout_for, write_lockfile
from depends.wine import INSTALL_WINE, find_wine

# Sessions that need a prefix with the multiprocess libraries.
_MULTIPROCESS_SESSIONS = frozenset({"multiprocess", "tests", "unit", "types", "recipes", "bench"})


def doctor(session: nox.Session) -> None:
    """Reports what the machine has and lacks."""
    with _reported(session):
        findings = examine(_layout(session).root, qt=not _options(_arguments(session)).no_qt)
        for finding in findings:
            print(f"{'ok     ' if finding.ok else 'MISSING'} {finding.name}: {finding.detail}")
        require_healthy(findings)


def sources(session: nox.Session) -> None:
    """Fetches everything that later builds and tests need."""
    with _reported(session):
        options = replace(_options(_arguments(session)), multiprocess=True)
        layout = layout_for(options)
        environment = fetch_sources(options, layout, Progress())
        names = [path.stem for path in sorted(layout.requirements.glob("*.txt"))]
        fetch_requirements(layout, [name for name in names if name != "cmake"], environment.python, Progress())


def depends(session: nox.Session) -> None:
    """Builds the prefix."""
    with _reported(session):
        arguments = _arguments(session)
        selected = _selected(session)
        if arguments.rest and list(selected) == ["depends"]:
            raise OptionError(f"depends takes options like NO_QT=1, not {' '.join(arguments.rest)}")
        # Sessions of one command share a prefix: what a later one needs is built by this one.
        base = Options(multiprocess=not _MULTIPROCESS_SESSIONS.isdisjoint(selected))
        build_depends(_options(arguments, base), Progress())


def build(session: nox.Session) -> None:
    """Builds the executables in the shape that the arguments or the prefix call for."""
    with _reported(session):
        arguments = _arguments(session)
        layout = _layout(session)
        if arguments.rest:
            raise OptionError(f"build takes --enable-multiprocess or CONFIG_SITE=…, not {' '.join(arguments.rest)}")
        no_qt = _options(arguments).no_qt
        target = choose_target(layout, arguments.config_site, arguments.multiprocess, no_qt=no_qt)
        build_executables(layout, target, Progress())


def functional(session: nox.Session, shape_name: str) -> None:
    """Builds one shape and runs the functional suite on it."""
    with _reported(session):
        progress = Progress()
        arguments = _arguments(session)
        layout = _layout(session)
        shape = Shape(shape_name)
        site = _multiprocess_site(session, progress) if shape is Shape.MULTIPROCESS else None
        qt = site.qt if site is not None else not _options(arguments).no_qt
        target = Target(shape, site, qt)
        executables = build_executables(layout, target, progress)
        wheels = dependency_wheels(layout, target, progress)
        run_functional(layout, target, executables, wheels, progress, arguments.rest)


def unit(session: nox.Session) -> None:
    """Runs the unit tests."""
    with _reported(session):
        progress = Progress()
        site = _multiprocess_site(session, progress)
        check_units(_layout(session), site, progress, _own_arguments(session))


def lint(session: nox.Session) -> None:
    """Checks format and lint."""
    with _reported(session):
        check_lint(_layout(session), Progress(), _own_arguments(session))


def types(session: nox.Session) -> None:
    """Checks types."""
    with _reported(session):
        progress = Progress()
        check_types(_layout(session), _multiprocess_site(session, progress), progress)


def layers(session: nox.Session) -> None:
    """Checks import layers."""
    with _reported(session):
        check_layers(_layout(session), Progress())


def screenshots(session: nox.Session) -> None:
    """Draws the desktop program."""
    with _reported(session):
        take_screenshots(_layout(session), Progress(), _own_arguments(session))


def wine(session: nox.Session) -> None:
    """Runs the Windows programs under Wine."""
    with _reported(session):
        check_windows(_layout(session), Progress(), _own_arguments(session))


def tests(session: nox.Session) -> None:
    """Queues every session that CI runs."""
    for name in all_sessions():
        if name == "wine" and find_wine() is None:
            print(f"wine: LEFT OUT, since wine64 is not installed; on Debian or Ubuntu: {INSTALL_WINE}")
        else:
            session.notify(name)


def recipes(session: nox.Session) -> None:
    """Runs the recipes' own tests."""
    with _reported(session):
        options = replace(_options(_arguments(session)), multiprocess=True)
        build_depends(options, Progress())
        check_recipes(options, layout_for(options), Progress())


def offline(session: nox.Session) -> None:
    """Builds the prefix from nothing without a network."""
    with _reported(session):
        remover = network_remover()
        if remover is None:
            session.skip("NOT CHECKED: this user may not remove the network (unshare -n)")
        layout = _layout(session)
        fetch_sources(replace(_options(_arguments(session)), multiprocess=True), layout, Progress())
        check_offline(layout, remover, Progress())


def bench(session: nox.Session) -> None:
    """Runs a benchmark."""
    with _reported(session):
        progress = Progress()
        site = _multiprocess_site(session, progress)
        run_bench(_layout(session), site, progress, _own_arguments(session))


def lock(session: nox.Session) -> None:
    """Pins everything anew."""
    with _reported(session):
        options = replace(_options(_arguments(session)), multiprocess=True)
        layout = layout_for(options)
        lock_requirements(layout, Progress())
        write_lockfile(options, layout, Progress())


@contextlib.contextmanager
def _reported(session: nox.Session) -> Iterator[None]:
    """Ends the session with the message of a fatal error instead of a traceback."""
    try:
        yield
    except FatalError as error:
        session.error(str(error))


def _multiprocess_site(session: nox.Session, progress: Progress) -> ConfigSite:
    """The prefix that CONFIG_SITE names, or the default one, built when it is not there."""
    arguments = _arguments(session)
    path: Path | None = arguments.config_site
    if path is None:
        options = replace(_options(arguments), multiprocess=True)
        path = build_depends(options, progress) / "share" / "config.site"
    site = read_config_site(path)
    if not site.multiprocess:
        raise OptionError(f"{site.prefix} was made without MULTIPROCESS=1; run: nox -s depends -- MULTIPROCESS=1")
    return site


def _arguments(session: nox.Session) -> Arguments:
    return split_arguments(session.posargs, os.environ.get("CONFIG_SITE"))


def _own_arguments(session: nox.Session) -> tuple[str, ...]:
    """Arguments for the tool that a session runs; those given to several sessions at once are for none of the tools."""
    return _arguments(session).rest if list(_selected(session)) == [session.name] else ()


def _layout(session: nox.Session) -> Layout:
    return layout_for(_options(_arguments(session)))


def _options(arguments: Arguments, base: Options | None = None) -> Options:
    return parse_options(arguments.options, os.environ, base)


def _selected(session: nox.Session) -> Sequence[str]:
    """Names of all sessions of this command; nox tells only through its runner."""
    return list(session._runner.global_config.sessions or [session.name])
