import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from moneyrocket.common import own_files


class Broker:
    """Works on the files of one folder, and notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self._folder = folder

    def covers(self, path: Path) -> bool:
        return path.parent == self._folder

    def open(self, path: Path, flags: int, mode: int) -> int:
        self.asked.append(f"open {path.name}")
        return os.open(path, flags, mode)

    def rename(self, path: Path, target: Path) -> None:
        self.asked.append(f"rename {path.name}")
        path.replace(target)

    def remove(self, path: Path) -> None:
        self.asked.append(f"remove {path.name}")
        path.unlink()

    def chmod(self, path: Path, mode: int) -> None:
        self.asked.append(f"chmod {path.name}")
        path.chmod(mode)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    (tmp_path / "own").mkdir()
    made = Broker(tmp_path / "own")
    own_files.set_file_broker(made)
    yield made
    own_files.set_file_broker(None)


def _work_on(file: Path) -> None:
    temporary = file.with_name("temporary")
    own_files.write_text(temporary, "text €\n")
    own_files.chmod(temporary, 0o640)
    own_files.rename(temporary, file)
    assert own_files.read_text(file) == "text €\n"
    assert file.stat().st_mode & 0o777 == 0o640
    own_files.write_bytes(file, b"less", sync=True)
    assert own_files.read_bytes(file) == b"less"
    own_files.remove(file)
    own_files.remove(file, missing_ok=True)
    with pytest.raises(FileNotFoundError):
        own_files.remove(file)


def test_without_a_broker_they_are_files_like_others(tmp_path: Path) -> None:
    _work_on(tmp_path / "file")


def test_a_broker_works_on_what_it_covers(broker: Broker, tmp_path: Path) -> None:
    _work_on(tmp_path / "own" / "file")

    assert broker.asked == [
        "open temporary", "chmod temporary", "rename temporary", "open file", "open file", "open file",
        "remove file", "remove file", "remove file",
    ]  # fmt: skip


def test_a_broker_is_not_asked_for_other_files(broker: Broker, tmp_path: Path) -> None:
    _work_on(tmp_path / "file")

    assert broker.asked == []
