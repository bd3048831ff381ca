"""Overview, send, receive, address book."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.bip21 import PaymentUri
from moneyrocket.gui.dialogs.confirm_payment import ConfirmPaymentDialog
from moneyrocket.gui.dialogs.edit_label import EditLabelDialog
from moneyrocket.gui.dialogs.unlock import UnlockDialog
from moneyrocket.gui.pages.address_book_page import AddressBookPage
from moneyrocket.gui.pages.overview_page import OverviewPage
from moneyrocket.gui.pages.receive_page import ReceivePage, uri_of
from moneyrocket.gui.pages.send_page import SendPage
from moneyrocket.gui.units import Unit
from moneyrocket.interfaces.wallet_values import AddressEntry, AddressPurpose, Payment, WalletBalances
from moneyrocket.tests.gui.fake_wallet import FakeWallet, address
from moneyrocket.tests.gui.pages import known, open_page


def dialog_of(kind: type) -> object:
    """Returns the open dialog of a kind, None if there is none."""
    return next((each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible()), None)


def test_overview_shows_balances_and_recent_rows(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    known(qtbot, desktop)
    page = open_page(desktop, "overview", OverviewPage)
    qtbot.waitUntil(lambda: page._lines[0].isVisible())
    assert page.available.text() == "1.84502137 BTC"
    assert page.parts["pending"][1].text() == "0.02500000 BTC"
    assert not page.parts["immature"][1].isVisible()
    wallet.balance = WalletBalances(5, 0, 50, 0)
    wallet.tell(lambda listener: listener.balances_changed())
    qtbot.waitUntil(lambda: page.available.text() == "0.00000005 BTC")
    assert page.parts["immature"][1].isVisible()


def test_amounts_can_be_hidden_and_spelled_in_other_units(qtbot: QtBot, desktop: Desktop) -> None:
    known(qtbot, desktop)
    page = open_page(desktop, "overview", OverviewPage)
    desktop.preferences.choose(conceal=True)
    assert "1.84" not in page.available.text()
    desktop.preferences.choose(conceal=False, unit=Unit.SAT.value)
    assert page.available.text() == "184\u2009502\u2009137 sat"


def test_an_empty_wallet_says_what_to_do(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    known(qtbot, desktop)
    wallet.rows.clear()
    page = open_page(desktop, "overview", OverviewPage)
    wallet.tell(lambda listener: listener.transactions_changed([]))
    qtbot.waitUntil(page.empty.isVisible)


def test_a_payment_is_previewed_confirmed_and_sent(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    page = open_page(desktop, "send", SendPage)
    assert not page.review.isEnabled()
    page.fill(PaymentUri(address(1), 10_000_000, "Book shop"))
    second = page.add_recipient()
    second.address.setText(address(2))
    second.amount.field.setText("0.05")
    second.subtract.setChecked(True)
    qtbot.waitUntil(page.review.isEnabled)
    assert page.amounts["fee"].text().startswith("0.0000")
    assert wallet.prepared and not any(wallet.prepared)
    page.review.click()
    qtbot.waitUntil(lambda: dialog_of(ConfirmPaymentDialog) is not None)
    dialog = dialog_of(ConfirmPaymentDialog)
    assert isinstance(dialog, ConfirmPaymentDialog)
    assert wallet.sent == []
    dialog.send.click()
    qtbot.waitUntil(lambda: len(wallet.sent) == 1)
    assert wallet.sent[0] == [
        Payment(address(1), 10_000_000, False, "Book shop"),
        Payment(address(2), 5_000_000, True, None),
    ]
    qtbot.waitUntil(page.banner.isVisible)
    assert page.forms[0].is_blank() and len(page.forms) == 1


def test_what_is_wrong_is_said_and_nothing_is_sent(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    page = open_page(desktop, "send", SendPage)
    form = page.forms[0]
    form.address.setText("nonsense")
    form.amount.field.setText("1")
    qtbot.waitUntil(form.verdict.isVisible)
    assert "Invalid" in form.verdict.text()
    assert page.payments() is None
    form.address.setText(address(1))
    form.amount.field.setText("500")
    qtbot.waitUntil(lambda: "Insufficient funds" in page.note.text())
    assert not page.review.isEnabled()


def test_a_payment_link_typed_into_the_address_fills_the_form(qtbot: QtBot, desktop: Desktop) -> None:
    page = open_page(desktop, "send", SendPage)
    page.forms[0].address.setText(f"bitcoin:{address(3)}?amount=0.25&label=Rent")
    form = page.forms[0]
    assert (form.address.text(), form.amount.amount(), form.label_field.text()) == (address(3), 25_000_000, "Rent")


def test_a_locked_wallet_asks_for_its_passphrase_and_goes_on(
    qtbot: QtBot, desktop: Desktop, wallet: FakeWallet
) -> None:
    wallet.passphrase = "horse"
    wallet.state = replace(wallet.state, encrypted=True, locked=True)
    page = open_page(desktop, "send", SendPage)
    page.fill(PaymentUri(address(1), 1_000_000))
    qtbot.waitUntil(page.review.isEnabled)
    page.review.click()
    qtbot.waitUntil(lambda: dialog_of(UnlockDialog) is not None)
    dialog = dialog_of(UnlockDialog)
    assert isinstance(dialog, UnlockDialog)
    dialog.old.setText("wrong")
    dialog.accept_button.click()
    qtbot.waitUntil(dialog.error.isVisible)
    dialog.old.setText("horse")
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: dialog_of(ConfirmPaymentDialog) is not None)
    confirm = dialog_of(ConfirmPaymentDialog)
    assert isinstance(confirm, ConfirmPaymentDialog)
    confirm.reject()


def test_everything_goes_with_the_fee_taken_from_it(qtbot: QtBot, desktop: Desktop) -> None:
    session = known(qtbot, desktop)
    page = open_page(desktop, "send", SendPage)
    page.forms[0].address.setText(address(1))
    page.forms[0].everything.click()
    assert session.balances is not None
    assert page.forms[0].amount.amount() == session.balances.available
    assert page.forms[0].subtract.isChecked()
    qtbot.waitUntil(page.review.isEnabled)


def test_a_request_is_made_shown_listed_and_removed(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    known(qtbot, desktop)
    page = open_page(desktop, "receive", ReceivePage)
    assert page.empty.isVisible()
    page.label_field.setText("Anna")
    page.amount.field.setText("0.5")
    page.message.setText("Tickets & more")
    page.create_button.click()
    qtbot.waitUntil(lambda: page.card.request is not None)
    request = page.card.request
    assert request is not None and (request.label, request.amount) == ("Anna", 50_000_000)
    assert uri_of(request) == f"bitcoin:{request.address}?amount=0.5&label=Anna&message=Tickets%20%26%20more"
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    page.card.copy_address.click()
    assert QGuiApplication.clipboard().text() == request.address
    page.table.selectRow(0)
    page._remove()
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)


def test_no_address_is_made_before_the_wallet_has_told_its_types(qtbot: QtBot, desktop: Desktop) -> None:
    session = known(qtbot, desktop)
    page = open_page(desktop, "receive", ReceivePage)
    told, session.info = session.info, None
    page._show_types()
    assert not page.create_button.isEnabled()
    session.info = told
    page._show_types()
    assert page.create_button.isEnabled()


def test_a_wallet_without_keys_says_so(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    known(qtbot, desktop)
    wallet.state = replace(wallet.state, can_receive=False, private_keys=False)
    page = open_page(desktop, "receive", ReceivePage)
    wallet.tell(lambda listener: listener.status_changed())
    qtbot.waitUntil(page.banner.isVisible)
    assert not page.create_button.isEnabled()


def test_qr_codes_have_whole_modules_and_a_quiet_zone(qtbot: QtBot, desktop: Desktop) -> None:
    page = open_page(desktop, "receive", ReceivePage)
    page.card.qr.show_text("bitcoin:bc1qexample")
    image = page.card.qr.image(300)
    scale = image.width() // 33  # version 2 has 25 modules, and 4 on each side
    assert image.width() == 33 * scale
    white, black = Qt.GlobalColor.white, Qt.GlobalColor.black
    assert image.pixelColor(4 * scale - 1, 4 * scale) == white
    assert image.pixelColor(4 * scale, 4 * scale) == black


def test_the_address_book_is_searched_edited_and_paid_from(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    for number, name in enumerate(("Anna", "Bert", "Cecilia")):
        entry = AddressEntry(address(number), name, AddressPurpose.SEND)
        wallet.book[entry.address] = entry
    page = open_page(desktop, "addresses", AddressBookPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    page.search.setText("bert")
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    page.table.selectRow(0)
    page._edit(page.table.currentIndex())
    dialog = dialog_of(EditLabelDialog)
    assert isinstance(dialog, EditLabelDialog)
    dialog.label_field.setText("Bert's shop")
    dialog.save.click()
    qtbot.waitUntil(lambda: wallet.book[address(1)].label == "Bert's shop")
    qtbot.waitUntil(lambda: page.model.index(0, 0).data() == "Bert's shop")
    page.table.selectRow(0)
    page._pay()
    send = desktop.window.stack.currentWidget()
    assert isinstance(send, SendPage)
    assert send.forms[0].address.text() == address(1)
    open_page(desktop, "addresses", AddressBookPage)
    page.search.setText("")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    page.own.click()
    qtbot.waitUntil(page.empty.isVisible)
