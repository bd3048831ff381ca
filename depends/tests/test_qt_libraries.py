"""Missing libraries of Qt are one message with the command that installs them."""

import pytest

from depends.qt_libraries import ALWAYS, X11, install_command, missing, package


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
        ("libX11.so.6", "libx11-6"),
        ("libz.so.1", "zlib1g"),
    ],
)
def test_packages_are_named_as_debian_does(library: str, expected: str) -> None:
    assert package(library) == expected


def test_what_the_loader_does_not_find_is_missing() -> None:
    def load(name: str) -> None:
        if name in ("libEGL.so.1", "libxcb.so.1"):
            raise OSError(name)

    absent = missing([*ALWAYS, *X11], load)

    assert install_command(absent) == "apt install libegl1 libxcb1"
