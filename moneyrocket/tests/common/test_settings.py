import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import ConfigError
from moneyrocket.common.options import Flag, OptionSpec
from moneyrocket.common.settings import Settings
from moneyrocket.interfaces.json import Json

OPTIONS = (
    *(OptionSpec(f"-{name}") for name in ("debug", "includeconf", "chain", "regtest", "signet")),
    OptionSpec("-port=<n>", flags=Flag.NETWORK_ONLY),
    OptionSpec("-file=<f>", flags=Flag.NO_NEGATION | Flag.NO_ELISION),
)


def manager(*arguments: str, config: dict[str, dict[str, list[Json]]] | None = None, network: str = "") -> ArgsManager:
    args = ArgsManager(OPTIONS, Settings(config=config or {}, network=network))
    parse_command_line(args, arguments)
    return args


def test_the_last_value_of_the_command_line_and_the_first_of_the_file_win() -> None:
    config: dict[str, dict[str, list[Json]]] = {"": {"debug": ["c", "d"]}}

    assert manager("-debug=a", "--debug=b", config=config).get("-debug", "") == "b"
    assert manager(config=config).get("-debug", "") == "c"
    assert manager("-debug=a", config=config).get_list("-debug") == ["a", "c", "d"]


def test_negation_drops_what_was_before() -> None:
    config: dict[str, dict[str, list[Json]]] = {"": {"debug": ["c"]}}

    assert manager("-debug=a", "-nodebug", config=config).get_list("-debug") == []
    assert manager("-nodebug").is_negated("-debug")
    assert manager("-nodebug=0").get_bool("-debug", False)


def test_options_of_a_network_are_not_taken_from_the_default_section() -> None:
    config: dict[str, dict[str, list[Json]]] = {"": {"port": ["1"]}, "regtest": {}}
    args = manager(config=config, network="regtest")

    assert args.get_int("-port", 5) == 5
    assert args.unsuitable_section_only_options() == ["-port"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("-bogus=1", "Invalid parameter -bogus=1"),
        ("-regtest.port=1", "Invalid parameter -regtest.port=1"),
        ("word", "Invalid command 'word'"),
        ("-file", "Can not set -file with no value. Please specify value with -file=value."),
        ("-nofile", "Negating of -file is meaningless and therefore forbidden"),
        ("-includeconf=x", '-includeconf cannot be used from commandline; -includeconf="x"'),
    ],
)
def test_malformed_command_lines(argument: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        manager(argument)

    assert str(error.value) == message


def test_the_chain_is_chosen_once() -> None:
    assert manager("-regtest").chain_name == "regtest"
    assert manager("-chain=testnet4").chain_name == "testnet4"
    with pytest.raises(ConfigError, match="Invalid combination"):
        _ = manager("-regtest", "-signet").chain_name
    with pytest.raises(ConfigError, match=r"Unknown chain nope\."):
        _ = manager("-chain=nope").chain_name


def test_settings_travel_as_json() -> None:
    args = manager("-debug=a", "-nodebug", config={"": {"port": ["1"]}}, network="regtest")

    assert Settings.from_json(args.settings.to_json()) == args.settings
