import socket
from pathlib import Path

from functional_tests.framework.ports import FIRST_PORT, LAST_PORT, PortPool


def test_two_pools_never_share_a_port(tmp_path: Path) -> None:
    first, second = PortPool(tmp_path), PortPool(tmp_path)

    taken = [pool.take() for _ in range(50) for pool in (first, second)]

    assert len(set(taken)) == 100
    assert all(FIRST_PORT <= port <= LAST_PORT for port in taken)
    first.release_all()
    second.release_all()


def test_a_port_in_use_is_passed_over(tmp_path: Path) -> None:
    pool = PortPool(tmp_path)
    port = pool.take()
    pool.release(port)

    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        assert not pool._try_lock(port)
