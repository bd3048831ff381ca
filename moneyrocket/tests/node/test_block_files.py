"""Block files in Bitcoin Core's format."""

from __future__ import annotations

from pathlib import Path

import pytest

from moneyrocket.common.errors import InitError
from moneyrocket.node.block_files import BlockFileError, BlockFiles, load_xor_key
from moneyrocket.node.block_index import FilePosition

MAGIC = b"\xfa\xbf\xb5\xda"
KEY = bytes(range(1, 9))


def test_records_are_read_back(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    positions = [files.write_block(bytes((n,)) * (n * 37 + 1), n, 0) for n in range(20)]

    assert [files.read_block(position) for position in positions] == [bytes((n,)) * (n * 37 + 1) for n in range(20)]
    files.close()


def test_the_layout_is_magic_size_and_data(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=bytes(8))

    position = files.write_block(b"block", 0, 0)

    assert position == FilePosition(0, 8)
    assert (tmp_path / "blk00000.dat").read_bytes() == MAGIC + b"\x05\0\0\0" + b"block"
    files.close()


def test_the_key_covers_the_whole_file(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    files.write_block(b"first", 0, 0)
    files.write_block(b"second", 1, 0)

    raw = (tmp_path / "blk00000.dat").read_bytes()

    plain = bytes(byte ^ KEY[place % 8] for place, byte in enumerate(raw))
    assert plain == MAGIC + b"\x05\0\0\0first" + MAGIC + b"\x06\0\0\0second"
    files.close()


def test_undo_data_is_checked(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    files.write_block(b"block", 0, 0)
    position = FilePosition(0, files.write_undo(0, b"undo", b"\x01" * 32))

    assert files.read_undo(position, b"\x01" * 32) == b"undo"
    with pytest.raises(BlockFileError, match="checksum"):
        files.read_undo(position, b"\x02" * 32)
    files.close()


def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY, max_file_size=100)
    positions = [files.write_block(bytes(40), n, 0) for n in range(4)]

    assert [position.file for position in positions] == [0, 0, 1, 1]
    assert files.infos[0].height_last == 1
    assert all(files.read_block(position) == bytes(40) for position in positions)
    files.close()


def test_what_the_index_does_not_name_is_overwritten(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    files.write_block(b"kept", 0, 0)
    infos = list(files.infos)
    files.write_block(b"lost in a crash", 1, 0)
    files.close()
    again = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    again.infos = infos

    position = again.write_block(b"next", 1, 0)

    assert position == FilePosition(0, 8 + 4 + 8)
    assert again.read_block(position) == b"next"
    again.close()


def test_missing_and_cut_files_are_told(tmp_path: Path) -> None:
    files = BlockFiles(tmp_path, MAGIC, xor_key=KEY)
    position = files.write_block(b"block", 0, 0)
    path = tmp_path / "blk00000.dat"
    data = path.read_bytes()

    path.write_bytes(data[:-1])
    with pytest.raises(BlockFileError, match="cut off"):
        files.read_block(position)
    path.unlink()
    with pytest.raises(BlockFileError, match="cannot read"):
        files.read_block(position)
    files.close()


def test_the_key_is_made_once(tmp_path: Path) -> None:
    key = load_xor_key(tmp_path, wanted=True)

    assert len(key) == 8
    assert load_xor_key(tmp_path, wanted=True) == key
    with pytest.raises(InitError, match="can not be disabled"):
        load_xor_key(tmp_path, wanted=False)


def test_old_files_stay_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "blk00000.dat").touch()

    assert load_xor_key(tmp_path, wanted=True) == bytes(8)
