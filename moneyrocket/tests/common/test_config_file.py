from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.config_file import read_config_files
from moneyrocket.common.errors import ConfigError
from moneyrocket.common.options_node import NODE_OPTIONS


def read(datadir: Path, text: str, *arguments: str) -> ArgsManager:
    (datadir / "moneyrocket.conf").write_text(text)
    args = ArgsManager(NODE_OPTIONS)
    parse_command_line(args, [f"-datadir={datadir}", *arguments])
    read_config_files(args)
    args.select_network(args.chain_name)
    return args


def test_sections_prefixes_and_comments(tmp_path: Path) -> None:
    args = read(tmp_path, "regtest=1 # a chain\nrpcport=1\n[regtest]\nrpcport = 2\nnodebug=1\n[main]\nrpcport=3\n")

    assert (args.chain_name, args.get_int("-rpcport", 0)) == ("regtest", 2)
    assert args.is_negated("-debug")
    assert read(tmp_path, "regtest=1\nregtest.rpcport=4\n").get_int("-rpcport", 0) == 4


def test_unknown_keys_and_sections_do_no_harm(tmp_path: Path) -> None:
    args = read(tmp_path, "bogus=1\n[nowhere]\nport=1\n")

    assert [section for section, _, _ in args.unrecognized_sections()] == ["nowhere"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "-port=1",
            "parse error on line 1: -port=1, options in configuration file must be specified without leading -",
        ),
        (
            "\nnolisten",
            "parse error on line 2: nolisten, if you intended to specify a negated option, use nolisten=1 instead",
        ),
        ("rpcpassword=a#b", "parse error on line 1, using # in rpcpassword can be ambiguous and should be avoided"),
        ("includeconf=none.conf", "Failed to include configuration file none.conf"),
        ("datadir=/does/not/exist", 'specified data directory "/does/not/exist" does not exist.'),
    ],
)
def test_malformed_files(tmp_path: Path, text: str, message: str) -> None:
    arguments = [] if "datadir" not in text else ["-conf=" + str(tmp_path / "moneyrocket.conf")]
    (tmp_path / "moneyrocket.conf").write_text(text)
    args = ArgsManager(NODE_OPTIONS)
    parse_command_line(args, arguments or [f"-datadir={tmp_path}"])

    with pytest.raises(ConfigError) as error:
        read_config_files(args)

    assert str(error.value) == message


def test_included_files_count_but_include_no_further(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.conf").write_text("uacomment=one\nincludeconf=two.conf\n")
    args = read(tmp_path, "includeconf=one.conf\nuacomment=main\n")

    assert args.get_list("-uacomment") == ["main", "one"]
    assert capsys.readouterr().err == (
        "warning: -includeconf cannot be used from included files; ignoring -includeconf=two.conf\n"
    )


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="could not be opened"):
        read(tmp_path, "", "-conf=other.conf")
