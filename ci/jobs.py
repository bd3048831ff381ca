"""The jobs of CI. Each is a list of Nox sessions, so it runs the same on a laptop: `nox -s <sessions>`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        name: Name of the job.
        sessions: The Nox sessions it runs, in this order.
        about: What it proves.
    """

    name: str
    sessions: tuple[str, ...]
    about: str


JOBS = (
    Job("lint", ("lint",), "format and lint"),
    Job("layers", ("layers",), "imports go down the layers only"),
    Job("multiprocess", ("depends", "multiprocess"), "dependencies from nothing, functional suite on moneyrocket-node"),
    Job("monolithic", ("monolithic",), "functional suite on moneyrocketd, without any dependency prefix"),
    Job("types", ("types",), "types, generated proxies included"),
    Job("unit", ("unit",), "unit tests"),
    Job("recipes", ("recipes",), "every recipe's package can be used"),
    Job("wine", ("wine",), "node and wallet as Windows programs"),
    Job("offline", ("offline",), "dependencies from nothing with the network removed"),
)


def all_sessions() -> tuple[str, ...]:
    """Every session that a job runs, each once, in order."""
    return tuple(dict.fromkeys(name for job in JOBS for name in job.sessions))
