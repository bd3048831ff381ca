"""Options come from words and the environment, and a wrong one is explained."""

from pathlib import Path

import pytest

from depends.errors import OptionError
from depends.options import Options, is_option, parse_options


def test_words_set_options() -> None:
    options = parse_options(["NO_QT=1", "MULTIPROCESS=1"], {})

    assert options == Options(no_qt=True, multiprocess=True)


def test_environment_sets_options_and_other_variables_are_ignored() -> None:
    options = parse_options([], {"NO_WALLET": "1", "HOME": "/home/someone"})

    assert options == Options(no_wallet=True)


def test_words_win_over_environment_and_base() -> None:
    options = parse_options(["MULTIPROCESS=0"], {"MULTIPROCESS": "1"}, Options(multiprocess=True))

    assert not options.multiprocess


def test_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    options = parse_options(["SOURCES_PATH=cache", "BASE_CACHE=built"], {})

    assert (options.sources_path, options.base_cache) == (tmp_path / "cache", tmp_path / "built")


@pytest.mark.parametrize(
    ("word", "nearest"), [("MULTIPROCES=1", "MULTIPROCESS"), ("no_qt=1", "NO_QT"), ("NOWALLET=1", "NO_WALLET")]
)
def test_unknown_option_suggests_the_nearest(word: str, nearest: str) -> None:
    with pytest.raises(OptionError, match=f"unknown option {word}: did you mean {nearest}\\?"):
        parse_options([word], {})


def test_option_without_likeness_lists_all() -> None:
    with pytest.raises(OptionError, match="known options: NO_QT NO_WALLET"):
        parse_options(["XYZZY=1"], {})


def test_flag_refuses_other_values_and_names_where_they_came_from() -> None:
    with pytest.raises(OptionError, match="environment variable DEBUG=verbose: expected 1 or 0"):
        parse_options([], {"DEBUG": "verbose"})


def test_option_needs_a_value() -> None:
    with pytest.raises(OptionError, match="NO_QT=1"):
        parse_options(["NO_QT"], {})


@pytest.mark.parametrize(
    ("word", "expected"), [("NO_QT=1", True), ("-k", False), ("wallet_basic", False), ("--moneyrocketd=x", False)]
)
def test_is_option(word: str, expected: bool) -> None:
    assert is_option(word) is expected
