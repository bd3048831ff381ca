"""Options, fixtures and failure reports of the functional tests."""

import os
import random
import re
import shlex
import shutil
import tempfile
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from functional_tests.framework.durations import record_durations, slowest_first
from functional_tests.framework.executables import (
    ExecutableNotFoundError,
    Executables,
    build_folders,
    find_executables,
)
from functional_tests.framework.mini_wallet import MiniWallet
from functional_tests.framework.node import Node
from functional_tests.framework.node_factory import FactorySettings, NodeFactory
from functional_tests.framework.peer import Peer
from functional_tests.framework.premined_chain import premined_chain
from functional_tests.framework.process import reap_noted_sessions
from functional_tests.framework.rpc_client import RpcClient
from functional_tests.framework.stacks import dump_stacks

collect_ignore = ["test_runner.py", "windows"]

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_NODE = "moneyrocket-node"
RUN_DIR_VARIABLE = "MONEYROCKET_FUNCTIONAL_RUN_DIR"
SEED_VARIABLE = "MONEYROCKET_FUNCTIONAL_SEED"

TEST_TIMEOUT = 240.0
"""Seconds, times --timeout-factor, after which a test's stacks and logs are shown and it is ended."""

LONGEST_NAME = 36
"""Characters of a test's folder name. The path of a socket in it has to fit into 107."""

FAILED = pytest.StashKey[bool]()
DURATIONS: dict[str, float] = {}
"""Seconds by test id in the process that collects the reports, set-up and teardown included."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that other test suites of this kind have, under the same names."""
    group = parser.getgroup("functional")
    group.addoption(
        "--moneyrocketd",
        default=os.environ.get("MONEYROCKETD", DEFAULT_NODE),
        help="node to test, name or path (default: $MONEYROCKETD, else %(default)s)",
    )
    group.addoption("--timeout-factor", type=float, default=1.0, help="scales every wait (default: 1)")
    group.addoption("--no-sigterm", action="store_true", help="stop nodes by RPC: a Windows program takes no signals")
    group.addoption("--randomseed", type=int, default=None, help="seed of the tests' random choices")
    group.addoption(
        "--record-durations", action="store_true", help="write durations.json anew, after a whole green run"
    )
    group.addoption("--nocleanup", action="store_true", help="keep every test's directory, not only of failed ones")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run in parallel unless a number of processes is given (``-n 0`` for none)."""
    if _is_worker(config) or config.option.usepdb or config.option.collectonly:
        return
    if config.option.numprocesses is None:
        config.option.numprocesses = default_jobs()
        config.option.dist = "load"
        config.option.maxschedchunk = 1


def default_jobs() -> int:
    """As many tests at once as keep the processors busy while nodes wait for one another."""
    return (os.cpu_count() or 1) + 1


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput") or "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Once per run, not once per worker: the folder and the seed that all workers share."""
    config.addinivalue_line("markers", "components: for programs that are started on their own and attach to a node")
    if _is_worker(config):
        return
    run_dir = Path(tempfile.mkdtemp(prefix="moneyrocket-functional-"))
    (run_dir / "pids").mkdir()
    seed = config.getoption("--randomseed")
    os.environ[RUN_DIR_VARIABLE] = str(run_dir)
    os.environ[SEED_VARIABLE] = str(seed if seed is not None else random.randrange(2**32))


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is tested, and how to repeat it."""
    return [
        f"node: {config.getoption('--moneyrocketd')}",
        f"random seed: {os.environ[SEED_VARIABLE]}, directory: {os.environ[RUN_DIR_VARIABLE]}",
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests first, so that none is left running alone at the end; a missing executable stops the run here."""
    limit = TEST_TIMEOUT * config.getoption("--timeout-factor")
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(limit))
    if not Path(config.getoption("--moneyrocketd")).name.endswith("-node"):
        left_out = [item for item in items if item.get_closest_marker("components")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if any("executables" in getattr(item, "fixturenames", ()) for item in items):
        _executables_or_exit(config)
    items[:] = slowest_first(items, key=lambda item: item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what a test took."""
    DURATIONS[report.nodeid] = DURATIONS.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what a killed worker left running, and remove the run's folder if no test failed."""
    if _is_worker(session.config):
        return
    if session.config.getoption("--record-durations") and not session.testsfailed:
        record_durations(DURATIONS)
    run_dir = Path(os.environ[RUN_DIR_VARIABLE])
    reap_noted_sessions(run_dir / "pids")
    if not session.testsfailed and not session.config.getoption("--nocleanup"):
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To a failure add what explains it, taken before anything is killed; a skip nobody asked for is a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped without being asked to: {report.longrepr}"
    if report.failed:
        item.stash[FAILED] = True
        if report.when == "call":
            _add_evidence(item, report)
    return report


def _add_evidence(item: pytest.Item, report: pytest.TestReport) -> None:
    factory = getattr(item, "funcargs", {}).get("node_factory")
    if not isinstance(factory, NodeFactory):
        return
    if "Timeout" in str(report.longrepr):
        running = [process for node in factory.nodes if node.running for process in node.processes()]
        report.sections.append(("stacks of all processes", dump_stacks(running)))
    report.sections.append(("nodes", factory.evidence()))
    report.sections.append(("directory", str(_test_dir(item))))
    command = [
        "python", "-m", "pytest", item.nodeid, "-n0",
        f"--moneyrocketd={item.config.getoption('--moneyrocketd')}", f"--randomseed={os.environ[SEED_VARIABLE]}",
    ]  # fmt: skip
    report.sections.append(("run this test again", shlex.join(command)))


def _test_dir(item: pytest.Item) -> Path:
    readable = re.sub(r"\W+", "_", item.nodeid.rpartition("/")[2]).strip("_")
    if len(readable) > LONGEST_NAME:
        # Tests whose names differ only at the end must not share a folder.
        readable = f"{readable[: LONGEST_NAME - 9]}_{zlib.crc32(item.nodeid.encode()):08x}"
    return Path(os.environ[RUN_DIR_VARIABLE]) / readable


def _executables_or_exit(config: pytest.Config) -> Executables:
    try:
        return find_executables(
            config.getoption("--moneyrocketd"),
            build_folders(ROOT),
            takes_sigterm=not config.getoption("--no-sigterm"),
        )
    except ExecutableNotFoundError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def executables(request: pytest.FixtureRequest) -> Executables:
    """The programs under test."""
    return _executables_or_exit(request.config)


@pytest.fixture
def node_factory(request: pytest.FixtureRequest, executables: Executables) -> Iterator[NodeFactory]:
    """Makes nodes for one test, and takes them down after it."""
    config = request.config
    run_dir = Path(os.environ[RUN_DIR_VARIABLE])
    factor = config.getoption("--timeout-factor")
    random.seed(f"{os.environ[SEED_VARIABLE]} {request.node.nodeid}")
    factory = NodeFactory(
        FactorySettings(
            executables=executables,
            directory=_test_dir(request.node),
            pid_dir=run_dir / "pids",
            premined=premined_chain(executables, run_dir, factor),
            timeout_factor=factor,
        )
    )
    yield factory
    factory.close()
    if not config.getoption("--nocleanup") and not request.node.stash.get(FAILED, False):
        factory.remove_directories()


@pytest.fixture
def node(node_factory: NodeFactory) -> Node:
    """A running node with the pre-mined chain."""
    return node_factory.start()


@pytest.fixture
def nodes(node_factory: NodeFactory) -> list[Node]:
    """Two running nodes with the pre-mined chain, linked."""
    return node_factory.start_many(2)


@pytest.fixture
def mini_wallet(node: Node) -> MiniWallet:
    """The pre-mined coins of ``node``."""
    return MiniWallet(node)


@pytest.fixture
def wallet(node: Node, mini_wallet: MiniWallet) -> RpcClient:
    """A wallet named ``w`` of ``node``, with one confirmed coin of 10 BTC."""
    node.rpc.createwallet("w")
    client = node.wallet("w")
    mini_wallet.fund(client.getnewaddress(), 10 * 100_000_000)
    return client


@pytest.fixture
def peer(node: Node) -> Iterator[Peer]:
    """A P2P peer of ``node`` that has shaken hands."""
    with Peer(node) as connected:
        yield connected
