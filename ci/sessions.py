"""The bodies of the Nox sessions: each reads its arguments and calls the module that does the work."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import nox

from ci.arguments import Arguments, split_arguments
from depends.errors import FatalError, OptionError
from depends.options import Options, parse_options
from depends.progress import Progress
from depends.run import build_depends, check_recipes, fetch_sources, layout_for, write_lockfile

_MULTIPROCESS_SESSIONS = frozenset({"multiprocess", "tests"})


def sources(session: nox.Session) -> None:
    """Fetches everything that later builds and tests need."""
    with _reported(session):
        options = _options(_arguments(session), Options(multiprocess=True))
        fetch_sources(options, layout_for(options), Progress())


def depends(session: nox.Session) -> None:
    """Builds the prefix."""
    with _reported(session):
        arguments = _arguments(session)
        selected = _selected(session)
        if arguments.rest and selected == ["depends"]:
            raise OptionError(f"depends takes options like NO_QT=1, not {' '.join(arguments.rest)}")
        # Sessions of one command share a prefix: what a later one needs is built by this one.
        base = Options(multiprocess=not _MULTIPROCESS_SESSIONS.isdisjoint(selected))
        build_depends(_options(arguments, base), Progress())


def recipes(session: nox.Session) -> None:
    """Runs the recipes' own tests."""
    with _reported(session):
        options = replace(_options(_arguments(session)), multiprocess=True)
        build_depends(options, Progress())
        check_recipes(options, layout_for(options), Progress())


def lock(session: nox.Session) -> None:
    """Pins everything anew."""
    with _reported(session):
        options = replace(_options(_arguments(session)), multiprocess=True)
        write_lockfile(options, layout_for(options), Progress())


@contextlib.contextmanager
def _reported(session: nox.Session) -> Iterator[None]:
    """Ends the session with the message of a fatal error instead of a traceback."""
    try:
        yield
    except FatalError as error:
        session.error(str(error))


def _arguments(session: nox.Session) -> Arguments:
    return split_arguments(session.posargs, os.environ.get("CONFIG_SITE"))


def _options(arguments: Arguments, base: Options | None = None) -> Options:
    return parse_options(arguments.options, os.environ, base)


def _selected(session: nox.Session) -> Sequence[str]:
    """Names of all sessions of this command; nox tells only through its runner."""
    return list(session._runner.global_config.sessions or [session.name])
