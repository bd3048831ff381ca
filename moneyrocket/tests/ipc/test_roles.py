"""What each role may ask for over TCP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from moneyrocket.interfaces.init import Component, GlobalArgs, Init, NotOfferedError
from moneyrocket.ipc.roles import CLIENT_ROLES, RoleInit

WHO = Component("tests", "1", 1, "regtest")
CALLS: dict[str, Callable[[Init], Any]] = {
    "make_echo": lambda init: init.make_echo(),
    "make_mining": lambda init: init.make_mining(),
    "make_rpc": lambda init: init.make_rpc(),
    "make_wallet_loader": lambda init: init.make_wallet_loader(GlobalArgs(""), Mock()),
    "make_node": lambda init: init.make_node(GlobalArgs("")),
    "attach_wallet": lambda init: init.attach_wallet(WHO, Mock()),
    "attach_node": lambda init: init.attach_node(WHO),
    "attach_to_node": lambda init: init.attach_to_node(WHO, Mock()),
}
MAY = {
    "wallet": {"make_echo", "attach_wallet"},
    "gui": {"make_echo", "attach_node"},
    "cli": {"make_echo", "make_mining", "make_rpc"},
}


def test_every_method_is_decided_about() -> None:
    methods = {name for name in dir(Init) if not name.startswith("_")}

    assert set(CALLS) == methods
    assert set(MAY) == set(CLIENT_ROLES)


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("method", CALLS)
def test_a_role_gets_what_it_needs_and_nothing_else(role: str, method: str) -> None:
    behind = Mock(spec=Init)
    offered = RoleInit(behind, role)

    if method in MAY[role]:
        assert CALLS[method](offered) is getattr(behind, method).return_value
    else:
        with pytest.raises(NotOfferedError):
            CALLS[method](offered)
        assert behind.method_calls == []
