"""-sandbox: what each process is kept from, tried from inside each process.

In the monolithic shape there is no sandbox, and RPC says so. On a system that has none the programs run without, and
-sandbox=1 is refused.
"""

import ctypes
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from functional_tests.framework import sandbox_probe
from functional_tests.framework.executables import Executables
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.process import session_members
from functional_tests.framework.rpc_client import JsonRpcError, RpcClient
from functional_tests.framework.waiting import wait_until

LANDLOCK_CREATE_RULESET = 444
"""Number of the system call on every architecture."""
LANDLOCK_CREATE_RULESET_VERSION = 1

PROGRAMS = ("moneyrocket-node", "moneyrocket-wallet", "moneyrocket-gui")

WALLETS = {
    "read a wallet",
    "write a wallet",
    "cut a wallet off",
    "rename a wallet",
    "let others read a wallet",
    "list wallets",
    "make a file beside a wallet",
}
DOCUMENTS = {"read a document", "write a document", "make a document", "list documents"}
NETWORK = {"connect over TCP", "send over UDP", "listen over TCP"}
OTHERS = {"run a program", "signal another process", "read another process's memory"}

FORBIDDEN = {
    "wallet": {"let others read a wallet"}
    | DOCUMENTS
    | NETWORK
    | OTHERS
    | {"connect to a Unix socket", "make datagram sockets"},
    "node": WALLETS | DOCUMENTS | OTHERS,
    "gui": WALLETS | DOCUMENTS | NETWORK | OTHERS | {"make datagram sockets"},
}
"""By role, what its process must not be able to do. Everything else that is tried it does for its work."""


@pytest.fixture
def listeners(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A TCP port and a Unix socket that somebody listens on."""
    path = str(tmp_path / "somebody.sock")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(path)
        unix.listen()
        yield tcp.getsockname()[1], path


@pytest.fixture
def probed(
    node_factory: NodeFactory,
    executables: Executables,
    listeners: tuple[int, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Node | None:
    """A program that is not running yet and can be probed, one with windows if there is; None in one process."""
    if not executables.is_multiprocess:
        return None
    real = [path for path in map(executables.node.with_name, PROGRAMS) if path.exists()]
    programs = tmp_path / "bin"
    sandbox_probe.write_probed_programs(real, programs)
    node = node_factory.create("-server=1")
    node.settings = replace(
        node.settings, executables=Executables(programs / real[-1 if len(real) == 3 else 0].name, executables.cli)
    )
    decoys = node.chain_dir / "wallets" / "decoys"
    for role in FORBIDDEN:
        (decoys / role).mkdir(parents=True)
        (decoys / role / "wallet.dat").write_bytes(b"not a wallet")
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "document").write_text("private")
    (tmp_path / "outcomes").mkdir()
    port, path = listeners
    targets = sandbox_probe.Targets(str(tmp_path / "outcomes"), str(decoys), str(documents), port, path)
    sandbox_probe.write_targets(targets, tmp_path / "targets")
    monkeypatch.setenv(sandbox_probe.VARIABLE, str(tmp_path / "targets"))
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return node


def _landlock_version() -> int:
    """What the kernel itself says; negative without Landlock."""
    version: int = ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)
    return version


def _is_available(node: Node) -> bool:
    """Whether the system has a sandbox. A running node must not say otherwise."""
    version = _landlock_version()
    sandboxes = node.rpc.getsandboxinfo()
    told_absent = any(each.get("reason", "").startswith("not available") for each in sandboxes)
    assert told_absent == (version < 3), f"Landlock {version}; libseccomp is needed as well; {sandboxes}"
    return not told_absent


def _pids(node: Node) -> dict[str, int]:
    return {
        name.removeprefix("moneyrocket-"): process.pid
        for process in node.processes()
        for name in (Path(word).name for word in process.command[:3])
        if name in PROGRAMS
    }


def _expected_roles(executables: Executables) -> list[str]:
    has_windows = executables.node.with_name("moneyrocket-gui").exists()
    return sorted(["node", "wallet", *(["gui"] if has_windows else [])])


def _outcomes(node: Node, pid: int, folder: Path) -> dict[str, dict[str, str]]:
    file = sandbox_probe.probe(pid, folder)
    # Windows that have nothing to do run no Python, and so no signal handler. A new block is something to show.
    node.generate(1, "raw(51)")
    return wait_until(
        lambda: sandbox_probe.read_outcomes(file), f"outcomes of process {pid}", timeout=node.timeout(30), accept=bool
    )


def test_forbidden_things_fail_in_every_process_and_allowed_ones_do_not(
    probed: Node | None, executables: Executables, tmp_path: Path
) -> None:
    if probed is None:
        return
    probed.start()
    if not _is_available(probed):
        probed.stop()
        assert "-sandbox=1: there is no sandbox" in probed.start_error("-sandbox=1")
        return

    pids = _pids(probed)
    assert sorted(pids) == _expected_roles(executables)
    for role, pid in pids.items():
        for thread, outcomes in _outcomes(probed, pid, tmp_path / "outcomes").items():
            failed = {attempt for attempt, outcome in outcomes.items() if outcome in ("EPERM", "EACCES")}
            others = {attempt: outcome for attempt, outcome in outcomes.items() if attempt not in failed}
            assert failed == FORBIDDEN[role], (role, thread)
            assert set(others.values()) == {"done"}, (role, thread, others)


def test_without_the_sandbox_all_of_it_works(probed: Node | None, executables: Executables, tmp_path: Path) -> None:
    if probed is None:
        return
    probed.start("-sandbox=0")

    pids = _pids(probed)
    assert sorted(pids) == _expected_roles(executables)
    for role, pid in pids.items():
        for thread, outcomes in _outcomes(probed, pid, tmp_path / "outcomes").items():
            assert set(outcomes.values()) == {"done"}, (role, thread, outcomes)


def _thread_states(pid: int) -> set[tuple[str, str]]:
    """What the kernel says of each thread of a process: NoNewPrivs and Seccomp."""
    states = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        states.add((fields["NoNewPrivs"], fields["Seccomp"]))
    return states


def test_every_thread_is_covered_and_rpc_says_so(node: Node) -> None:
    sandboxes = node.rpc.getsandboxinfo()

    if not node.settings.executables.is_multiprocess:
        assert [(each["enabled"], each["reason"]) for each in sandboxes] == [(False, "this program does not enter one")]
        return
    if not _is_available(node):
        assert "not in force: not available" in node.debug_log.path.read_text()
        return
    assert [each["role"] for each in sandboxes] == ["node", "wallet"]
    assert [each["network"] for each in sandboxes] == ["unrestricted", "none"]
    assert {each["pid"] for each in sandboxes} == {process.pid for process in node.processes()}
    for each in sandboxes:
        assert each["enabled"] and each["seccomp"] and each["landlock_abi"] >= 3
        assert _thread_states(each["pid"]) == {("1", "2")}
    wallets = str(node.chain_dir / "wallets")
    of_node, of_wallet = sandboxes
    assert wallets in of_wallet["write"]
    assert not any(path.startswith(wallets) for path in of_node["write"] + of_node["read"])
    assert not any(Path(wallets).is_relative_to(path) for path in of_node["write"] + of_node["read"])
    log = node.debug_log.path.read_text()
    assert "Sandbox of moneyrocket-node in force" in log
    assert "Sandbox of moneyrocket-wallet in force" in log


def test_switched_off(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    if not node.settings.executables.is_multiprocess:
        assert "Invalid parameter" in node.start_error("-sandbox=0")
        return

    node.start("-sandbox=0")

    reasons = {each["reason"] for each in node.rpc.getsandboxinfo()}
    assert reasons == {"switched off (-sandbox=0)"}
    assert node.launchers() == []
    assert "not in force: switched off (-sandbox=0)" in node.debug_log.path.read_text()


def test_files_named_in_requests(node: Node, wallet: RpcClient, tmp_path: Path) -> None:
    backup = tmp_path / "backup.dat"

    wallet.backupwallet(str(backup))
    node.rpc.restorewallet("again", str(backup))

    assert node.wallet("again").getbalance() == 10
    with pytest.raises(JsonRpcError, match="Wallet backup failed"):
        wallet.backupwallet(str(tmp_path / "no such folder" / "backup.dat"))
    with pytest.raises(JsonRpcError, match="does not exist"):
        node.rpc.restorewallet("third", str(tmp_path / "no such backup"))


def test_wallets_outside_of_the_folder_of_wallets(node_factory: NodeFactory, tmp_path: Path) -> None:
    node = node_factory.create()
    if not node.settings.executables.is_multiprocess:
        return
    outside = tmp_path / "outside"
    node.start()
    if not _is_available(node):
        return

    with pytest.raises(JsonRpcError, match=f"Start with -sandboxallow={tmp_path}"):
        node.rpc.createwallet(str(outside))

    node.restart(f"-sandboxallow={tmp_path}")
    node.rpc.createwallet(str(outside))
    node.restart(f"-wallet={outside}")
    assert node.rpc.listwallets() == [str(outside)]


def test_folders_of_wallets_and_blocks_elsewhere(node_factory: NodeFactory, tmp_path: Path) -> None:
    wallets, blocks = tmp_path / "wallets", tmp_path / "blocks"
    wallets.mkdir()
    blocks.mkdir()
    node = node_factory.create(f"-walletdir={wallets}", f"-blocksdir={blocks}", premined=False)

    node.start()
    node.rpc.createwallet("w")
    node.generate(1, "raw(51)")
    node.restart("-wallet=w")

    assert node.rpc.getblockcount() == 1
    assert (wallets / "w" / "wallet.dat").exists()
    assert (blocks / "regtest" / "blocks" / "blk00000.dat").exists()


def test_commands_of_the_user_run_outside(node_factory: NodeFactory, tmp_path: Path) -> None:
    names = ("started", "block", "stopped")
    started, block, stopped = (tmp_path / name for name in names)
    node = node_factory.create(
        f"-startupnotify=echo yes > {started}",
        f"-blocknotify=echo %s > {block}",
        f"-shutdownnotify=echo yes > {stopped}",
    )

    node.start()
    (block_hash,) = node.generate(1, "raw(51)")

    wait_until(
        lambda: block.read_text().strip() if block.exists() else "",
        "-blocknotify",
        timeout=node.timeout(10),
        accept=lambda text: text == block_hash,
    )
    wait_until(started.exists, "-startupnotify", timeout=node.timeout(10), accept=bool)
    node.stop()
    assert stopped.read_text() == "yes\n"


def test_the_node_goes_on_without_its_launcher(node: Node, wallet: RpcClient) -> None:
    if not node.settings.executables.is_multiprocess or not _is_available(node):
        return
    (launcher,) = node.launchers()

    os.kill(launcher.pid, 9)
    wait_until(node.launchers, "launcher gone", timeout=node.timeout(10), accept=lambda left: not left)

    assert wallet.getbalance() == 10
    assert len(node.generate(1, "raw(51)")) == 1
    session = node.pid
    node.kill()
    assert session_members(session) == []


def test_log_is_opened_again(node: Node) -> None:
    log, moved = node.debug_log.path, node.debug_log.path.with_name("debug.log.1")
    log.rename(moved)

    os.kill(node.pid, 1)
    wait_until(log.exists, "a new log", timeout=node.timeout(10), accept=bool)
    node.generate(1, "raw(51)")

    def both_have_written() -> bool:
        node.rpc.createwallet(f"w{len(node.rpc.listwallets())}")
        text = log.read_text()
        return "UpdateTip" in text and "Wallet completed creation" in text

    wait_until(both_have_written, "lines of node and wallet in the new log", timeout=node.timeout(10), accept=bool)


def test_a_wallet_process_on_its_own_reaches_its_node_and_its_users_only(
    node_factory: NodeFactory, tmp_path: Path
) -> None:
    node = node_factory.create("-disablewallet", "-ipcbind=unix")
    if not node.settings.executables.is_multiprocess:
        return
    node.start()
    wallet = node_factory.create_wallet(node)
    wallet.start()
    wallet.rpc.createwallet("w")
    wallet.wait_until_attached()
    if not _is_available(node):
        return

    (own,) = wallet.rpc.getsandboxinfo()
    of_node, attached = node.rpc.getsandboxinfo()

    assert own == attached
    assert own["network"] == f"unix, listen:{wallet.settings.rpc_port}"
    assert str(wallet.chain_dir / "wallets") in own["write"]
    assert not any(Path(path).is_relative_to(node.datadir) for path in own["write"])
    with pytest.raises(JsonRpcError, match=f"Start with -sandboxallow={tmp_path}"):
        wallet.wallet("w").backupwallet(str(tmp_path / "backup.dat"))
    wallet.wallet("w").backupwallet(str(wallet.chain_dir / "wallets" / "backup.dat"))
    assert "wallets" not in " ".join(of_node["write"] + of_node["read"])
