from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from moneyrocket.init import path_grants
from moneyrocket.init.path_grants import granted_paths
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.rpc import RpcRequest


class Launcher:
    def __init__(self) -> None:
        self.granted_now: list[tuple[str, bool]] = []

    @contextmanager
    def granted(self, path: str, *, write: bool) -> Iterator[None]:
        self.granted_now.append((path, write))
        yield
        self.granted_now.clear()


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> Launcher:
    made = Launcher()
    monkeypatch.setattr(path_grants, "launcher", lambda: made)
    return made


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("backupwallet", ["/b"], [("/b", True)]),
        ("backupwallet", {"destination": "/b"}, [("/b", True)]),
        ("backupwallet", ["b"], [(str(Path("b").absolute()), True)]),
        ("restorewallet", ["w", "/b"], [("/b", False)]),
        ("restorewallet", {"wallet_name": "w", "backup_file": "/b"}, [("/b", False)]),
        ("restorewallet", ["w"], []),
        ("backupwallet", [7], []),
        ("getbalance", ["/b"], []),
    ],
)
def test_paths_in_requests(launcher: Launcher, method: str, params: Json, expected: list[tuple[str, bool]]) -> None:
    with granted_paths(RpcRequest(method, params)):
        assert launcher.granted_now == expected

    assert launcher.granted_now == []


def test_without_a_launcher_nothing_is_granted() -> None:
    with granted_paths(RpcRequest("backupwallet", ["/b"])):
        pass
