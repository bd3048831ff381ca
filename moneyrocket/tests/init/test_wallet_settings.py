"""Settings of a wallet process beside a node in one data directory."""

from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import ConfigError, InitError
from moneyrocket.common.options_wallet_program import WALLET_PROGRAM_OPTIONS
from moneyrocket.init.wallet_settings import node_address, read_wallet_configuration
from moneyrocket.ipc.address import UnixAddress

CONFIG = "regtest=1\nprune=550\nrpcuser=node\n[regtest]\nwallet=savings\nrpcport=1\nserver=1\nipcbind=unix\n"


def read(datadir: Path, *arguments: str) -> ArgsManager:
    args = ArgsManager(WALLET_PROGRAM_OPTIONS)
    parse_command_line(args, [f"-datadir={datadir}", *arguments])
    read_wallet_configuration(args)
    return args


def test_the_nodes_file_is_read_without_what_is_the_nodes(tmp_path: Path) -> None:
    (tmp_path / "moneyrocket.conf").write_text(CONFIG)

    args = read(tmp_path)

    assert args.chain_name == "regtest"
    assert args.get_list("-wallet") == ["savings"]
    assert args.get("-rpcport") == "18447"
    assert not args.get_bool("-server", False)
    assert not args.is_set("-rpcuser")
    assert args.get_list("-ipcbind") == []


def test_a_file_of_its_own_counts_whole(tmp_path: Path) -> None:
    (tmp_path / "own.conf").write_text(CONFIG)

    args = read(tmp_path, "-conf=own.conf")

    assert args.get("-rpcport") == "1"
    assert args.get_bool("-server", False)
    assert args.get("-rpcuser") == "node"
    assert args.get("-debuglogfile") == "wallet.log"


def test_files_have_names_of_their_own(tmp_path: Path) -> None:
    args = read(tmp_path)

    names = [args.get(name) for name in ("-debuglogfile", "-pid", "-rpccookiefile", "-settings", "-rpcport")]
    assert names == ["wallet.log", "moneyrocket-wallet.pid", ".wallet-cookie", "wallet-settings.json", "8336"]


def test_the_node_is_looked_for_in_the_same_directory(tmp_path: Path) -> None:
    expected = UnixAddress(tmp_path / "regtest" / "node.sock")

    assert node_address(read(tmp_path, "-regtest")) == expected
    assert node_address(read(tmp_path, "-regtest", "-ipcconnect=auto")) == expected
    assert node_address(read(tmp_path, "-regtest", "-ipcconnect=unix:other")) == UnixAddress(
        tmp_path / "regtest" / "other"
    )
    assert node_address(read(tmp_path, "-noipcconnect")) is None


def test_nonsense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InitError, match="Unrecognized address 'nonsense'"):
        node_address(read(tmp_path, "-ipcconnect=nonsense"))
    with pytest.raises(InitError, match="Invalid port specified in -rpcport: '0'"):
        read(tmp_path, "-rpcport=0")
    with pytest.raises(ConfigError, match="Invalid parameter -txindex"):
        read(tmp_path, "-txindex")
