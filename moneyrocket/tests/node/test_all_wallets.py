"""Wallets of several components, seen as one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from moneyrocket.interfaces.wallet import Wallets
from moneyrocket.interfaces.wallet_values import NewWallet, WalletFailure, WalletRequestError
from moneyrocket.node.desktop.all_wallets import AllWallets, stats_of, wallets_of
from moneyrocket.tests.gui.fake_wallet import FakeWallet, FakeWallets


class Gone(FakeWallets):
    """A component whose process has ended."""

    def loaded(self) -> Any:
        raise ConnectionError("gone")

    list_directory = process_stats = loaded

    def handle_loaded(self, loaded: object) -> Any:
        raise ConnectionError("gone")


def loader(wallets: Wallets) -> Any:
    return SimpleNamespace(wallets=lambda: wallets)


@pytest.fixture
def first() -> FakeWallets:
    return FakeWallets([FakeWallet("One")])


@pytest.fixture
def second() -> FakeWallets:
    return FakeWallets([FakeWallet("Two"), FakeWallet("Three")])


@pytest.fixture
def both(first: FakeWallets, second: FakeWallets) -> AllWallets:
    return AllWallets([first, second])


def names(wallets: Wallets) -> list[str]:
    return [wallet.name() for wallet in wallets.loaded()]


def test_one_component_is_handed_on_as_it_is(first: FakeWallets, second: FakeWallets) -> None:
    assert wallets_of([]) is None
    assert wallets_of([loader(first)]) is first
    assert isinstance(wallets_of([loader(first), loader(second)]), AllWallets)


def test_the_wallets_of_all_in_their_order(both: AllWallets) -> None:
    assert names(both) == ["One", "Two", "Three"]
    assert [entry.name for entry in both.list_directory()] == ["One", "Two", "Three"]


def test_new_wallets_are_made_in_the_first(both: AllWallets, first: FakeWallets) -> None:
    both.create(NewWallet("New"))

    assert names(first) == ["One", "New"]
    assert both.directory() == first.directory()


def test_a_wallet_is_unloaded_and_loaded_where_it_is(both: AllWallets, first: FakeWallets, second: FakeWallets) -> None:
    both.unload("Two", None)
    assert names(second) == ["Three"]

    both.load("Two", None)

    assert names(second) == ["Three", "Two"]
    assert names(first) == ["One"]


def test_a_wallet_that_is_nowhere_is_an_error(both: AllWallets) -> None:
    with pytest.raises(WalletRequestError) as caught:
        both.load("Nobody's", None)

    assert caught.value.failure is WalletFailure.NOT_FOUND


def test_a_subscription_is_one_to_all(both: AllWallets, first: FakeWallets, second: FakeWallets) -> None:
    told: list[str] = []
    handler = both.handle_loaded(lambda wallet: told.append(wallet.name()))

    first.create(NewWallet("Here"))
    second.create(NewWallet("There"))
    handler.disconnect()
    second.create(NewWallet("Later"))

    assert told == ["Here", "There"]


def test_a_component_that_has_gone_is_as_if_it_were_not_there(second: FakeWallets) -> None:
    left = Gone([FakeWallet("One")])
    wallets = AllWallets([left, second])

    wallets.handle_loaded(lambda wallet: None).disconnect()
    wallets.unload("Two", None)

    assert names(wallets) == ["Three"]
    assert stats_of([loader(left)]) == []
