"""Jobs, sessions and the workflow agree with one another."""

import re
from pathlib import Path

import pytest

from ci.jobs import JOBS, all_sessions

ROOT = Path(__file__).resolve().parents[2]


def noxfile_sessions() -> dict[str, str]:
    """Docstring of every session in the noxfile, by name."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    pattern = r'@nox\.session[^\n]*\ndef (\w+)\(session: nox\.Session\) -> None:\n    """([^\n]*)"""'
    return dict(re.findall(pattern, text))


def test_every_job_consists_of_sessions_that_exist() -> None:
    assert set(all_sessions()) <= set(noxfile_sessions())


def test_every_session_is_documented_on_one_line() -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")

    assert len(noxfile_sessions()) == text.count("@nox.session")


def test_workflow_runs_exactly_the_jobs() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")

    found = re.findall(r"\{name: ([\w-]+), sessions: ([\w ]+)\}", text)

    assert [(name, tuple(sessions.split())) for name, sessions in found] == [(job.name, job.sessions) for job in JOBS]


@pytest.mark.parametrize("command", ["python3 noxfile.py -s depends multiprocess", "python3 noxfile.py -s tests"])
def test_ci_run_is_the_two_commands_of_the_readme(command: str) -> None:
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
