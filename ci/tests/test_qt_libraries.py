"""What the doctor looks for before a build is what the desktop programs look for when they start."""

from depends.qt_libraries import X11, package
from moneyrocket.gui import qt_check


def test_both_know_the_same_libraries() -> None:
    assert qt_check.X11 == X11


def test_both_name_the_same_packages() -> None:
    assert [qt_check._package(name) for name in X11] == [package(name) for name in X11]
