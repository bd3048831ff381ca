"""The doctor names what is missing, with a way to get it."""

import os
from pathlib import Path

import pytest

from depends.doctor import Finding, examine, require_healthy
from depends.errors import ToolchainError


def test_machine_without_tools(tmp_path: Path) -> None:
    findings = {finding.name: finding for finding in examine(tmp_path, {"PATH": str(tmp_path)})}

    assert not findings["C++ compiler"].ok
    assert not findings["git"].ok
    assert findings["cmake"].ok, "CMake is fetched when the system has none"


def test_this_machine_has_a_compiler(tmp_path: Path) -> None:
    findings = {finding.name: finding for finding in examine(tmp_path, os.environ)}

    assert findings["C++ compiler"].ok


def test_missing_things_are_listed() -> None:
    with pytest.raises(ToolchainError, match="git: install it"):
        require_healthy([Finding("Python", True, "3.11"), Finding("git", False, "install it")])
