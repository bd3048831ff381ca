"""Benchmarks: what something costs, measured against what else does the same in the same run."""

import os
from collections.abc import Sequence

from ci.checks import run_checks
from ci.environments import test_environment
from depends.config_site import ConfigSite
from depends.errors import OptionError
from depends.layout import Layout
from depends.process import clean_environment
from depends.progress import Progress

_LIBRARY = "recipes/libmultiprocess"
BENCHES = {"ipc": "bench"}
"""Name on the command line, and the module in libmultiprocess's folder that runs it."""


def run_bench(layout: Layout, site: ConfigSite, progress: Progress, arguments: Sequence[str]) -> None:
    """Runs one benchmark on the prefix's libmultiprocess and pycapnp.

    Args:
        layout: The tree.
        site: The prefix.
        progress: Where progress is shown.
        arguments: Name of the benchmark, then its own options.

    Raises:
        OptionError: There is no such benchmark.
        CheckFailedError: It failed.
    """
    name = arguments[0] if arguments else ""
    if name not in BENCHES:
        raise OptionError(f"bench needs a name: nox -s bench -- {' | '.join(BENCHES)}{f', not {name}' if name else ''}")
    environment = test_environment(layout, progress, site.wheels)
    command = [str(environment.python), "-m", BENCHES[name], *arguments[1:]]
    environ = {"PYTHONPATH": str(layout.root / _LIBRARY), "PATH": clean_environment(os.environ).get("PATH", os.defpath)}
    run_checks([command], layout.root, progress, environ)
