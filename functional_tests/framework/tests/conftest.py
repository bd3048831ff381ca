"""Fake daemons, each with one way to misbehave."""

import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from functional_tests.framework.executables import Executables
from functional_tests.framework.node import Node, NodeSettings
from functional_tests.framework.ports import PortPool

HEALTHY_DAEMON = """
import http.server, json, pathlib, signal, sys, threading
options = dict(a.lstrip("-").partition("=")[::2] for a in sys.argv[1:])
chain = pathlib.Path(options["datadir"]) / "regtest"
chain.mkdir(parents=True, exist_ok=True)
answers = {"getblockcount": 7, "getmempoolinfo": {"loaded": True}, "stop": "stopping"}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": answers[request["method"]]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if request["method"] == "stop":
            threading.Thread(target=server.shutdown).start()
    def log_message(self, *args):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
server = Server(("127.0.0.1", int(options["rpcport"])), Handler)
(chain / ".cookie").write_text("__cookie__:secret")
"""
SERVE = "server.serve_forever()\nserver.server_close()\n"


@pytest.fixture
def fake_node(tmp_path: Path) -> Iterator[Callable[[str], Node]]:
    """Makes a `Node` around a Python program that plays the daemon."""
    ports = PortPool(tmp_path / "ports")
    made: list[Node] = []

    def make(program: str) -> Node:
        executable = tmp_path / "faked"
        executable.write_text(f"#!{sys.executable}\n{program}")
        executable.chmod(executable.stat().st_mode | stat.S_IXUSR)
        (tmp_path / "pids").mkdir(exist_ok=True)
        node = Node(
            NodeSettings(
                executables=Executables(executable, executable),
                directory=tmp_path / "node",
                name="fake",
                p2p_port=ports.take(),
                rpc_port=ports.take(),
                pid_dir=tmp_path / "pids",
                timeout_factor=0.1,
            )
        )
        made.append(node)
        return node

    yield make
    for node in made:
        node.kill_all()
    ports.release_all()
