from moneyrocket.node.net.tx_requests import TxId, TxRequests

A = TxId(b"a" * 32, True)
B = TxId(b"b" * 32, True)


def test_only_one_peer_is_asked_at_a_time() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.announced(2, A, preferred=False, time=0)

    due, _ = requests.due(1, 10)
    requests.requested(1, A.hash, 70)

    assert due == [A]
    assert requests.due(2, 20) == ([], [])


def test_preferred_peer_goes_first_even_if_later() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.announced(2, A, preferred=True, time=0)

    assert requests.due(1, 10) == ([], [])
    assert requests.due(2, 10) == ([A], [])


def test_next_peer_is_asked_after_a_timeout() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.announced(2, A, preferred=False, time=0)
    requests.requested(1, A.hash, 70)

    assert requests.due(1, 71) == ([], [A])
    assert requests.due(2, 71) == ([A], [])


def test_next_peer_is_asked_when_the_first_has_nothing() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.announced(2, A, preferred=False, time=0)
    requests.requested(1, A.hash, 70)

    requests.answered(1, A.hash)

    assert requests.due(2, 10) == ([A], [])


def test_next_peer_is_asked_when_the_first_leaves() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.announced(2, A, preferred=False, time=0)
    requests.requested(1, A.hash, 70)

    requests.forget_peer(1)

    assert requests.due(2, 10) == ([A], [])


def test_nothing_is_due_before_its_time_and_order_is_kept() -> None:
    requests = TxRequests()
    requests.announced(1, B, preferred=False, time=5)
    requests.announced(1, A, preferred=False, time=0)

    assert requests.due(1, 4) == ([A], [])
    assert requests.due(1, 5) == ([B, A], [])


def test_nothing_is_left_once_all_have_answered() -> None:
    requests = TxRequests()
    requests.announced(1, A, preferred=False, time=0)
    requests.requested(1, A.hash, 70)

    requests.answered(1, A.hash)

    assert requests.count(1) == 0
    assert requests.candidates(A.hash) == []
