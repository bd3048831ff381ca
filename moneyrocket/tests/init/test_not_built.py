"""Options that this version, or this system, does not have."""

import pytest

from moneyrocket.common.args import ArgsManager
from moneyrocket.common.errors import InitError
from moneyrocket.common.options_node import NODE_OPTIONS
from moneyrocket.init.not_built import refuse_unbuilt, refuse_unsupported


def args(*names: str) -> ArgsManager:
    made = ArgsManager(NODE_OPTIONS)
    for name in names:
        made.force_set(name, "1")
    return made


@pytest.mark.parametrize("name", ["-daemon", "-daemonwait"])
def test_windows_has_no_background(name: str) -> None:
    with pytest.raises(InitError, match=f"^{name} is not supported on this operating system; leave it out"):
        refuse_unsupported(args(name), "win32")


def test_windows_takes_a_node_in_the_foreground() -> None:
    refuse_unsupported(args(), "win32")


def test_other_systems_have_a_background() -> None:
    refuse_unsupported(args("-daemon"), "linux")


@pytest.mark.parametrize("name", ["-walletnotify", "-rest", "-onion"])
def test_what_is_not_built_is_refused_and_not_ignored(name: str) -> None:
    with pytest.raises(InitError, match=f"^{name}(=1)? is not supported by this version of Moneyrocket"):
        refuse_unbuilt(args(name))
