"""Triplets are compared without their vendor field."""

import pytest

from depends.errors import OptionError
from depends.triplet import host_triplet, machine_triplet, normalize_triplet


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x86_64-pc-linux-gnu", "x86_64-linux-gnu"),
        ("x86_64-linux-gnu", "x86_64-linux-gnu"),
        ("arm64-apple-darwin", "aarch64-apple-darwin"),
    ],
)
def test_normalize(text: str, expected: str) -> None:
    assert normalize_triplet(text) == expected


@pytest.mark.parametrize("text", ["linux", "a-b", "a-b-c-d-e", "--"])
def test_malformed_triplet_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="expected a triplet like"):
        normalize_triplet(text)


def test_this_machine_is_the_default_and_may_be_named() -> None:
    assert host_triplet(None) == host_triplet(machine_triplet()) == machine_triplet()


def test_cross_build_is_refused() -> None:
    with pytest.raises(OptionError, match="cross builds are not done yet"):
        host_triplet("sparc64-linux-gnu")
