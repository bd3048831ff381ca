"""Pauses between attempts."""

from moneyrocket.common.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_begin_anew() -> None:
    backoff = Backoff(first=0.1, longest=1.0)

    pauses = [backoff.pause() for _ in range(6)]
    backoff.reset()

    for pause, full in zip(pauses, (0.1, 0.2, 0.4, 0.8, 1.0, 1.0), strict=True):
        assert 0.75 * full <= pause <= full
    assert backoff.pause() <= 0.1
