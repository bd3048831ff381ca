import pytest

from moneyrocket.cli.dispatcher import UsageError, parse, program_command


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["-m", "node", "-regtest"], ["moneyrocket-node", "-regtest"]),
        (["-M", "node"], ["moneyrocketd"]),
        (["-m", "gui"], ["moneyrocket-gui"]),
        (["rpc", "getblockhash", "height=5"], ["moneyrocket-cli", "-named", "getblockhash", "height=5"]),
        (["node", "-ipcbind=unix", "-conf="], ["moneyrocket-node", "-ipcbind=unix", "-conf="]),
        (["node", "-noconf"], ["moneyrocketd", "-noconf"]),
    ],
)
def test_commands_choose_programs(arguments: list[str], command: list[str]) -> None:
    assert program_command(parse(arguments)) == command


def test_unknown_words() -> None:
    with pytest.raises(UsageError, match="Unknown option: -x"):
        parse(["-x"])
    with pytest.raises(UsageError, match="Unrecognized command: 'fly'"):
        program_command(parse(["fly"]))
