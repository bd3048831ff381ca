from pathlib import Path

from functional_tests.framework.logs import LogSource, merge_logs, unexpected_lines


def test_logs_merge_in_order_of_time_and_keep_continuation_lines(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("2026-01-01T00:00:01.5Z first\n  more of it\n2026-01-01T00:00:03Z third\n")
    b.write_text("2026-01-01T00:00:02Z second\n")

    merged = merge_logs([LogSource("node0", a), LogSource("node1", b)])

    words = [line.split()[-1] for line in merged.splitlines()]
    assert words == ["first", "it", "second", "third"]


def test_only_the_last_lines_are_shown_when_asked(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"2026-01-01T00:00:0{i}Z line{i}\n" for i in range(5)))

    assert merge_logs([LogSource("n", log)], last=2).split() == [
        "n", "2026-01-01T00:00:03Z", "line3", "n", "2026-01-01T00:00:04Z", "line4",
    ]  # fmt: skip


def test_a_traceback_in_a_log_is_found(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("2026-01-01T00:00:00Z fine\nTraceback (most recent call last):\n")

    assert unexpected_lines(LogSource("node0", log)) == ["node0: Traceback (most recent call last):"]
