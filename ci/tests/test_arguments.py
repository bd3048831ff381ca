"""What stands after `--` is sorted by its form."""

from pathlib import Path

from ci.arguments import Arguments, split_arguments


def test_words_are_sorted() -> None:
    words = ["NO_QT=1", "--enable-multiprocess", "CONFIG_SITE=a/config.site", "wallet_basic", "-k", "send"]

    assert split_arguments(words) == Arguments(
        options=("NO_QT=1",),
        config_site=Path("a/config.site"),
        multiprocess=True,
        rest=("wallet_basic", "-k", "send"),
    )


def test_environment_names_the_prefix_unless_a_word_does() -> None:
    assert split_arguments([], "env/config.site").config_site == Path("env/config.site")
    assert split_arguments(["CONFIG_SITE=word"], "env/config.site").config_site == Path("word")
    assert split_arguments([]).config_site is None
