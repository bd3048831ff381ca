"""What is told of strangers: each, or how many."""

from libmultiprocess.refusals import Refusals


def test_each_stranger_gets_a_line() -> None:
    lines: list[str] = []
    refusals = Refusals(lines.append)
    assert not refusals.add("a", "a:1", "it showed no certificate")
    assert not refusals.add("b", "b:1", "it hung up")
    assert lines == [
        "refused a connection from a:1: it showed no certificate",
        "refused a connection from b:1: it hung up",
    ]
    assert refusals.sum_up(everything=True) is None
    assert len(lines) == 2


def test_many_from_one_address_get_one_line() -> None:
    lines: list[str] = []
    refusals = Refusals(lines.append, lines=2, quiet=0)
    counted = [refusals.add("a", f"a:{number}", f"reason {number}") for number in range(5)]
    assert counted == [False, False, True, True, True]
    assert len(lines) == 2
    refusals.sum_up()
    assert lines[2:] == ["refused 3 more connections from a; the last: reason 4"]
    assert not refusals.add("b", "b:1", "reason")


def test_the_sum_waits_until_it_is_quiet() -> None:
    lines: list[str] = []
    refusals = Refusals(lines.append, lines=0, quiet=3600, window=7200)
    refusals.add("a", "a:1", "reason")
    assert refusals.sum_up() == 3600
    assert lines == []
    assert refusals.sum_up(everything=True) is None
    assert lines == ["refused 1 more connection from a; the last: reason"]


def test_a_new_window_has_its_own_lines() -> None:
    lines: list[str] = []
    refusals = Refusals(lines.append, lines=1, window=0, quiet=0)
    for number in range(3):
        assert not refusals.add("a", f"a:{number}", "reason")
    assert len(lines) == 3


def test_many_addresses_take_bounded_memory() -> None:
    lines: list[str] = []
    refusals = Refusals(lines.append, lines=1)
    for number in range(10_000):
        refusals.add(f"host{number}", f"host{number}:1", "reason")
    assert len(refusals._sources) < 300
    refusals.sum_up(everything=True)
    assert len(lines) < 300
    assert lines[-1].endswith("more connections from other addresses; the last: reason")
