from pathlib import Path

from moneyrocket.sandbox.paths import around, python_paths


def test_a_folder_without_hidden_ones_stays_whole(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()

    assert around([tmp_path / "open"], [tmp_path / "secret"]) == (tmp_path / "open",)


def test_a_hidden_folder_is_left_out_and_what_is_beside_it_stays(tmp_path: Path) -> None:
    for name in ("a/b/secret", "a/b/other", "a/c"):
        (tmp_path / name).mkdir(parents=True)

    found = around([tmp_path / "a"], [tmp_path / "a/b/secret"])

    assert set(found) == {tmp_path / "a/b/other", tmp_path / "a/c"}


def test_nothing_is_left_of_what_lies_in_a_hidden_folder(tmp_path: Path) -> None:
    (tmp_path / "secret/part").mkdir(parents=True)

    assert around([tmp_path / "secret", tmp_path / "secret/part"], [tmp_path / "secret"]) == ()


def test_links_to_a_hidden_folder_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/way").symlink_to(tmp_path / "secret")

    assert around([tmp_path / "a/way"], [tmp_path / "secret"]) == ()
    assert around([tmp_path / "way"], [tmp_path / "a"]) == (tmp_path / "way",)


def test_a_hidden_folder_that_is_named_by_a_link_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "a/real").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a/real")

    assert around([tmp_path / "a"], [tmp_path / "link"]) == ()


def test_python_needs_packages_and_not_what_lies_beside_them() -> None:
    paths = python_paths()
    tree = Path(__file__).resolve().parents[3]

    assert Path(__file__).resolve().parents[2] in paths
    assert tree not in paths
