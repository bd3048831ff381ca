from pathlib import Path

import pytest

from moneyrocket.common.args import ArgsManager, parse_command_line
from moneyrocket.common.errors import InitError
from moneyrocket.common.options_node import IPC_OPTIONS, NODE_OPTIONS
from moneyrocket.common.options_wallet_program import WALLET_PROGRAM_OPTIONS
from moneyrocket.init import isolation
from moneyrocket.init.sandbox_files import lone_wallet_files, node_files
from moneyrocket.init.sandbox_network import desktop_network, wallet_network
from moneyrocket.init.sandbox_policies import desktop_policy, node_policy, wallet_folders, wallet_policy
from moneyrocket.sandbox.policy import NO_NETWORK, NetworkAccess


def _args(datadir: Path, *arguments: str) -> ArgsManager:
    args = ArgsManager((*NODE_OPTIONS, *IPC_OPTIONS))
    parse_command_line(args, ["-regtest", f"-datadir={datadir}", *arguments])
    args.select_network("regtest")
    return args


def _wallet_args(datadir: Path, *arguments: str) -> ArgsManager:
    args = ArgsManager(WALLET_PROGRAM_OPTIONS)
    parse_command_line(args, ["-regtest", f"-datadir={datadir}", *arguments])
    args.select_network("regtest")
    return args


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    (tmp_path / "data/regtest/wallets").mkdir(parents=True)
    return tmp_path / "data"


def _make_wallet(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "wallet.dat").touch()
    return folder


def _covers(paths: tuple[Path, ...], path: Path) -> bool:
    return any(path.is_relative_to(allowed) for allowed in paths)


def test_a_wallet_process_has_its_wallets_and_nothing_of_the_node(datadir: Path) -> None:
    policy = wallet_policy(_args(datadir))

    assert policy.network == NO_NETWORK
    assert _covers(policy.write, datadir / "regtest/wallets/w/wallet.dat")
    for name in ("settings.json", "blocks/blk00000.dat", "chainstate/data.mdb", ".cookie"):
        assert not _covers((*policy.write, *policy.read), datadir / "regtest" / name)


def test_wallets_that_settings_name_outside_of_the_folder_of_wallets(datadir: Path, tmp_path: Path) -> None:
    outside = _make_wallet(tmp_path / "outside")
    (tmp_path / "no wallet").mkdir()

    folders = wallet_folders(_args(datadir, f"-wallet={outside}", f"-wallet={tmp_path / 'no wallet'}", "-wallet=w"))

    assert folders == (datadir / "regtest/wallets", outside)


def test_a_folder_of_wallets_elsewhere(datadir: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()

    assert wallet_folders(_args(datadir, f"-walletdir={tmp_path / 'elsewhere'}")) == (tmp_path / "elsewhere",)
    assert wallet_folders(_args(datadir, f"-walletdir={tmp_path / 'missing'}")) == ()


def test_a_node_sees_no_wallets(datadir: Path, tmp_path: Path) -> None:
    outside = _make_wallet(tmp_path / "outside")
    mainnet = datadir / "wallets/w/wallet.dat"

    policy = node_policy(_args(datadir, f"-wallet={outside}", f"-sandboxallow={tmp_path}"))

    for wallet in (datadir / "regtest/wallets/w/wallet.dat", outside / "wallet.dat", mainnet):
        assert not _covers((*policy.read, *policy.write), wallet)
    for name in ("blocks", "chainstate"):
        assert _covers(policy.write, datadir / "regtest" / name)
    assert policy.network.unrestricted


def test_a_node_replaces_its_own_files_beside_wallets_through_the_launcher(datadir: Path) -> None:
    names = {path.name for path in node_files(_args(datadir, "-ipcbind=unix", "-pid=own.pid"))}

    assert {"debug.log", "settings.json.tmp", ".cookie", "own.pid", "peers.dat.new", ".lock", "node.sock"} <= names
    assert not any("wallet" in name for name in names)


def test_wallets_among_the_files_of_the_node_are_refused(datadir: Path) -> None:
    wallets = datadir / "regtest/blocks/wallets"
    wallets.mkdir(parents=True)

    with pytest.raises(InitError, match=r"Choose another -walletdir, or start with -sandbox=0"):
        node_policy(_args(datadir, f"-walletdir={wallets}"))


def test_a_folder_that_the_user_allows(datadir: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    args = _args(datadir, f"-sandboxallow={tmp_path / 'backups'}")

    assert tmp_path / "backups" in wallet_policy(args).write
    assert tmp_path / "backups" in node_policy(args).write


def test_windows_see_no_wallets(datadir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("Documents", ".ssh", ".config"):
        (tmp_path / name).mkdir()

    policy = desktop_policy(_args(datadir))

    allowed = (*policy.read, *policy.write)
    assert not _covers(allowed, datadir / "regtest/wallets/w/wallet.dat")
    assert not _covers(allowed, tmp_path / ".ssh/id")
    assert _covers(policy.write, datadir / "regtest/gui/preferences.json")
    assert _covers(policy.write, tmp_path / "Documents/payments.csv")
    assert not _covers(policy.write, tmp_path / ".config/autostart")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-noipcconnect"], NO_NETWORK),
        ([], NetworkAccess(unix=True)),
        (["-ipcconnect=tcp:192.0.2.1:8500"], NetworkAccess(connect_ports=(8500,))),
        (["-ipcconnect=tcp:node.example:8500"], NetworkAccess(connect_ports=(8500,), lookup=True)),
        (["-noipcconnect", "-server"], NetworkAccess(bind_ports=(18447,))),
        (["-noipcconnect", "-server", "-rpcport=99", "-ipcbind=tcp:127.0.0.1:98"], NetworkAccess(bind_ports=(98, 99))),
        (["-noipcconnect", "-ipcbind=unix"], NetworkAccess(accept=True)),
        (["-ipcconnect=nonsense", "-ipcbind=tcp:x"], NO_NETWORK),
    ],
)
def test_a_wallet_process_on_its_own_reaches_its_node_and_serves(
    datadir: Path, arguments: list[str], expected: NetworkAccess
) -> None:
    args = _wallet_args(datadir, *arguments)
    args.soft_set("-rpcport", "18447")

    assert wallet_network(args) == expected
    assert any(path.name == "wallet.sock" for path in lone_wallet_files(args)) == expected.accept


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        (":0", NetworkAccess(unix=True)),
        ("", NetworkAccess(unix=True)),
        ("localhost:10.0", NetworkAccess(unix=True, connect_ports=(6010,), lookup=True)),
        ("192.0.2.7:1", NetworkAccess(unix=True, connect_ports=(6001,))),
    ],
)
def test_windows_reach_their_display(
    datadir: Path, monkeypatch: pytest.MonkeyPatch, display: str, expected: NetworkAccess
) -> None:
    monkeypatch.setenv("DISPLAY", display)

    assert desktop_network(_args(datadir)) == expected


@pytest.mark.parametrize(
    ("option", "problem", "wanted"), [("-sandbox=0", "", False), ("-debug", "", True), ("-debug", "no Landlock", False)]
)
def test_whether_to_enter(
    datadir: Path, monkeypatch: pytest.MonkeyPatch, option: str, problem: str, wanted: bool
) -> None:
    monkeypatch.setattr(isolation, "sandbox_problem", lambda: problem)

    assert isolation.sandbox_wanted(_args(datadir, option)) == wanted


def test_asking_for_a_sandbox_where_there_is_none_is_an_error(datadir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "sandbox_problem", lambda: "this system has no Landlock")

    with pytest.raises(InitError, match=r"-sandbox=1.*this system has no Landlock.*Leave the option out"):
        isolation.sandbox_wanted(_args(datadir, "-sandbox=1"))
