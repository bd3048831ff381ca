from pathlib import Path

from functional_tests.framework.durations import record_durations, recorded_durations, slowest_first


def test_slow_and_unknown_tests_come_first(tmp_path: Path) -> None:
    record = tmp_path / "durations.json"
    record_durations({"quick": 0.2, "slow": 9.1}, record)

    assert recorded_durations(record) == {"quick": 0.0, "slow": 9.0}
    assert slowest_first(["quick", "slow", "new"], key=str, path=record) == ["new", "slow", "quick"]
