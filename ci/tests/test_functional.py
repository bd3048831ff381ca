"""Tests of the suite can be named as people are used to."""

from pathlib import Path

import pytest

from ci.functional import select_tests


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("test_wallet_basic.py", "test_wallet_chain.py", "test_p2p_sync.py"):
        path = tmp_path / "functional_tests" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["functional_tests"]),
        (["wallet_basic"], ["functional_tests/test_wallet_basic.py"]),
        (["wallet_*"], ["functional_tests/test_wallet_basic.py", "functional_tests/test_wallet_chain.py"]),
        (["functional_tests/test_p2p_sync.py::test_x"], ["functional_tests/test_p2p_sync.py::test_x"]),
        (["-k", "send"], ["functional_tests", "-k", "send"]),
        (["p2p_sync", "-x"], ["functional_tests/test_p2p_sync.py", "-x"]),
    ],
)
def test_selection(root: Path, arguments: list[str], expected: list[str]) -> None:
    assert select_tests(root, arguments) == expected
