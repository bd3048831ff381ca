import sys

import pytest

from functional_tests.test_runner import pytest_command


def test_a_name_becomes_a_file_and_options_become_pytest_options() -> None:
    command = pytest_command(["--jobs", "4", "wallet_basic", "--failfast", "--nocleanup"])

    assert command == [
        sys.executable, "-m", "pytest", "functional_tests/test_wallet_basic.py", "-n", "4", "-x", "--nocleanup",
    ]  # fmt: skip


def test_without_names_all_tests_run_and_the_runner_is_not_one_of_them() -> None:
    command = pytest_command([])

    assert "functional_tests/test_wallet_basic.py" in command
    assert "functional_tests/test_runner.py" not in command


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no functional test is named 'walet_basic'. There are: .*wallet_basic"):
        pytest_command(["walet_basic"])
