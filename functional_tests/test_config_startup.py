"""Options, configuration files, and refusals to start."""

import subprocess

from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import NodeFactory
from functional_tests.framework.premined_chain import HEIGHT
from functional_tests.framework.process import session_members
from functional_tests.framework.waiting import wait_until


def test_an_unknown_option_is_refused(node_factory: NodeFactory) -> None:
    node = node_factory.create()

    assert (
        node.start_error("-nosuchoption=1")
        == "Error: Error parsing command line arguments: Invalid parameter -nosuchoption=1"
    )


def test_a_missing_data_directory_is_refused(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    nowhere = node.datadir / "nowhere"

    assert node.start_error(f"-datadir={nowhere}") == f'Error: Specified data directory "{nowhere}" does not exist.'


def test_a_data_directory_serves_one_node_at_a_time(node: Node) -> None:
    second = subprocess.run(
        node.command(f"-rpcport={node.settings.rpc_port + 1}"), capture_output=True, text=True, check=False
    )

    assert second.returncode == 1
    assert f"Error: Cannot obtain a lock on directory {node.chain_dir}" in second.stderr


def test_options_come_from_the_configuration_file(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    (node.datadir / "custom.conf").write_text("[regtest]\nuacomment=from-the-file\n")

    node.start("-conf=custom.conf")

    assert "from-the-file" in node.rpc.getnetworkinfo()["subversion"]


def test_the_command_line_wins_over_the_configuration_file(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    (node.datadir / "custom.conf").write_text("[regtest]\nmempoolexpiry=5\nmaxmempool=7\n")

    node.start("-conf=custom.conf", "-maxmempool=9")

    assert node.rpc.getmempoolinfo()["maxmempool"] == 9_000_000


def test_a_broken_configuration_file_is_refused_with_its_line(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    (node.datadir / "custom.conf").write_text("[regtest]\nthis is no setting\n")

    assert "parse error on line 2: this is no setting" in node.start_error("-conf=custom.conf")


def test_a_bad_user_agent_comment_is_refused(node_factory: NodeFactory) -> None:
    node = node_factory.create()

    assert node.start_error("-uacomment=/") == "Error: User Agent comment (/) contains unsafe characters."


def test_version_and_help_are_printed_and_nothing_is_started(node_factory: NodeFactory) -> None:
    node = node_factory.create()
    executable = str(node.settings.executables.node)

    version = subprocess.run([executable, "-version"], capture_output=True, text=True, check=False)
    help_text = subprocess.run([executable, "-help"], capture_output=True, text=True, check=False)

    assert version.returncode == 0
    assert "version v" in version.stdout
    assert help_text.returncode == 0
    assert "Options:" in help_text.stdout
    assert "-datadir=<dir>" in help_text.stdout


def test_the_pid_file_names_the_process_and_goes_with_it(node: Node) -> None:
    (pid_file,) = node.chain_dir.glob("*.pid")

    assert int(pid_file.read_text()) == node.pid
    node.stop()
    assert not pid_file.exists()


def test_a_signal_stops_the_node_cleanly(node: Node) -> None:
    node.terminate()

    node.start()
    assert node.rpc.getblockcount() == HEIGHT


def test_daemonwait_returns_when_the_node_is_ready(node_factory: NodeFactory) -> None:
    node = node_factory.create()

    started = subprocess.run(node.command("-daemonwait"), capture_output=True, text=True, timeout=60, check=False)

    assert started.returncode == 0
    assert node.cli("getblockcount").stdout == str(HEIGHT)
    (pid_file,) = node.chain_dir.glob("*.pid")
    pid = int(pid_file.read_text())
    assert node.cli("stop").status == 0
    wait_until(lambda: not session_members(pid), "the daemon has ended", timeout=node.timeout(30))
