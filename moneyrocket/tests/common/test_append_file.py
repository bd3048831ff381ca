"""Files that several processes append to."""

import os
from pathlib import Path

from moneyrocket.common.append_file import open_append


def test_writes_of_two_holders_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "file"
    first, second = open_append(path), open_append(path)
    try:
        os.write(first, b"one\n")
        os.write(second, b"two\n")
        os.write(first, b"three\n")
    finally:
        os.close(first)
        os.close(second)

    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_an_existing_file_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before\r\n")
    descriptor = open_append(path)
    os.write(descriptor, b"after\n")
    os.close(descriptor)

    assert path.read_bytes() == b"before\r\nafter\n"
