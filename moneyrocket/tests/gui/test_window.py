"""The window as a whole: keyboard, names, themes, wallets, settings, start-up."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QFileDialog, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from moneyrocket.gui.application import Desktop
from moneyrocket.gui.dialogs.create_wallet import CreateWalletDialog
from moneyrocket.gui.dialogs.open_wallet import OpenWalletDialog
from moneyrocket.gui.dialogs.settings import SettingsDialog
from moneyrocket.gui.preferences import Choices, read_choices
from moneyrocket.gui.style.colors import DARK, LIGHT, NETWORKS, Colors, Tone
from moneyrocket.gui.style.theme import ThemeChoice
from moneyrocket.interfaces.node_values import BlockTip, SettingState
from moneyrocket.interfaces.wallet_values import TxStatus, TxType, WalletFailure, WalletRequestError
from moneyrocket.tests.gui.conftest import StartDesktop
from moneyrocket.tests.gui.fake_node import FakeNode, FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallet, txid
from moneyrocket.tests.gui.pages import known

Kind = TypeVar("Kind")
CONTROL = Qt.KeyboardModifier.ControlModifier
START_LIMIT = 1.5
"""Seconds from the start of the program to a window that can be used."""
START_PROGRAM = """
import time
began = time.perf_counter()
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from moneyrocket.gui.application import Desktop
from moneyrocket.gui.options import GuiOptions
from moneyrocket.gui.session import State
from moneyrocket.tests.gui.fake_node import FakeSource
application = QApplication(["moneyrocket-qt"])
desktop = Desktop(application, FakeSource(), GuiOptions("moneyrocket-qt", "main", Path(sys.argv[1])), processes=True)
desktop.window.show()
desktop.session.begin()
def usable():
    wallets = desktop.session.open_wallets
    return desktop.session.state is State.READY and wallets and wallets[0].balances is not None
while not usable():
    application.processEvents()
application.processEvents()
taken = time.perf_counter() - began
import os
from moneyrocket.tests.gui.stall_watch import Scheduling
scheduling = Scheduling()
scheduling.open()
print(taken, scheduling.main_thread()[1], flush=True)
os._exit(0)
"""


def test_every_page_has_a_shortcut(qtbot: QtBot, desktop: Desktop) -> None:
    window = desktop.window
    window.activateWindow()
    for place, name in enumerate(window._names):
        key = Qt.Key(int(Qt.Key.Key_0) + (place + 1) % 10)
        QTest.keyClick(window, key, Qt.KeyboardModifier.AltModifier)
        assert window.page == name
        assert window.sidebar.buttons[name].isChecked()


def test_everything_that_takes_the_keyboard_has_a_name(qtbot: QtBot, desktop: Desktop) -> None:
    nameless = []
    for name in desktop.window._names:
        desktop.window.go_to(name)
        page = desktop.window.stack.currentWidget()
        assert page is not None
        for widget in page.findChildren(QWidget):
            if widget.focusPolicy() is Qt.FocusPolicy.NoFocus or widget.objectName().startswith("qt_"):
                continue
            if isinstance(widget, QAbstractButton | QComboBox | QLineEdit) and not _name(page, widget):
                nameless.append((name, type(widget).__name__, widget.toolTip()))
    assert nameless == []


def _name(page: QWidget, widget: QWidget) -> str:
    parent = widget.parentWidget()
    if parent is not None and parent.inherits("QAbstractSpinBox"):
        return "part of a spin box"
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    buddies = (label.text() for label in page.findChildren(QLabel) if label.buddy() is widget)
    return text or widget.accessibleName() or next(buddies, "")


def contrast(first: str, second: str) -> float:
    """Contrast of two colours as WCAG 2 defines it."""

    def luminance(text: str) -> float:
        color = QColor(text)
        shares = (color.redF(), color.greenF(), color.blueF())
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK])
def test_text_can_be_read_in_both_themes(colors: Colors) -> None:
    for ground in (colors.window, colors.surface, colors.sidebar):
        for tone in Tone:
            assert contrast(colors.tone(tone), ground) >= 4.5, (tone, ground)
    for tone in Tone:
        assert contrast(colors.tone(tone), colors.ground(tone)) >= 4.5, tone
    assert contrast(colors.on_accent, colors.accent) >= 4.5
    assert contrast(colors.text, colors.accent_soft) >= 4.5
    for ground in NETWORKS.values():
        assert contrast("#ffffff", ground) >= 4.0


def test_the_theme_is_changed_everywhere_and_remembered(qtbot: QtBot, desktop: Desktop) -> None:
    desktop.theme.choose(ThemeChoice.LIGHT)
    button = desktop.window.sidebar.buttons["send"]
    before = button.icon().pixmap(20, 20).toImage()
    QTest.keyClick(
        desktop.window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert desktop.theme.colors is DARK
    assert button.icon().pixmap(20, 20).toImage() != before
    assert desktop.preferences.choices.theme == "dark"


def test_choices_survive_and_broken_files_do_no_harm(qtbot: QtBot, desktop: Desktop, tmp_path: Path) -> None:
    desktop.preferences.choose(unit="sat", conceal=True)
    path = tmp_path / "gui" / "preferences.json"
    qtbot.waitUntil(lambda: path.exists() and read_choices(path).unit == "sat")
    assert read_choices(path).conceal
    path.write_text(json.dumps({"unit": "doubloon", "conceal": "", "fee_target": 12, "unknown": 1}), encoding="utf-8")
    assert read_choices(path) == replace(Choices(), fee_target=12)
    path.write_text("{", encoding="utf-8")
    assert read_choices(path) == Choices()


def test_a_backup_goes_where_the_user_says_and_the_node_allows_it(
    qtbot: QtBot, desktop: Desktop, node: FakeNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "backup.dat"
    allowed_while_written: list[tuple[str, bool]] = []

    def write(wallet: FakeWallet, path: str) -> None:
        allowed_while_written.extend(node.allowed_files)
        Path(path).write_bytes(b"wallet")

    monkeypatch.setattr(FakeWallet, "backup", write)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(backup), ""))

    desktop.window.wallet_actions.backup.trigger()

    qtbot.waitUntil(backup.exists)
    assert allowed_while_written == [(str(backup), True)]
    qtbot.waitUntil(lambda: node.allowed_files == [])


def test_wallets_are_created_opened_and_closed(qtbot: QtBot, desktop: Desktop) -> None:
    window = desktop.window
    window.wallet_actions.create.trigger()
    create = _dialog(CreateWalletDialog)
    create.name.setText("Savings")
    create.encrypt.setChecked(False)
    create.create_button.click()
    qtbot.waitUntil(create.banner.isVisible)
    assert "already exists" in create.banner.text.text()
    create.name.setText("Travel")
    create.encrypt.setChecked(True)
    create.passphrase.setText("horse battery")
    assert not create.create_button.isEnabled()
    create.again.setText("horse battery")
    create.create_button.click()
    qtbot.waitUntil(lambda: window.wallet is not None and window.wallet.name == "Travel")
    qtbot.waitUntil(lambda: window.status.lock.isVisible() and window.status.lock.text() == "Locked")
    assert window.sidebar.wallets.count() == 2
    window.wallet_actions.close.trigger()
    qtbot.waitUntil(lambda: window.wallet is not None and window.wallet.name == "Savings")
    window.wallet_actions.open.trigger()
    opening = _dialog(OpenWalletDialog)
    qtbot.waitUntil(lambda: opening.model.rowCount() == 2)
    assert opening.table.current_row().name == "Travel"
    opening.open_button.click()
    qtbot.waitUntil(lambda: window.wallet is not None and window.wallet.name == "Travel")


def _dialog(kind: type[Kind]) -> Kind:
    return next(each for each in QApplication.topLevelWidgets() if isinstance(each, kind) and each.isVisible())


def test_a_wallet_that_somebody_else_loads_appears(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    assert node.wallet_component is not None
    other = FakeWallet("From the console")
    node.wallet_component.open.append(other)
    for listener in node.wallet_component.listeners:
        listener(other)
    qtbot.waitUntil(lambda: desktop.session.find("From the console") is not None)
    qtbot.waitUntil(lambda: bool(other.listeners))
    other.tell(lambda listener: listener.unloaded())
    qtbot.waitUntil(lambda: desktop.session.find("From the console") is None)


def test_a_wallet_that_is_closed_before_it_was_seen_goes_again(
    qtbot: QtBot, desktop: Desktop, node: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FakeWallet, notifications: object) -> None:
        raise WalletRequestError(WalletFailure.UNLOADED, "The wallet was closed.")

    assert node.wallet_component is not None
    monkeypatch.setattr(FakeWallet, "handle_notifications", refuse)
    with qtbot.waitSignal(desktop.session.wallet_closed):
        for listener in node.wallet_component.listeners:
            listener(FakeWallet("Brief"))
    assert desktop.session.find("Brief") is None


def test_a_node_without_wallets_says_so(qtbot: QtBot, start: StartDesktop) -> None:
    desktop = start(FakeSource(FakeNode(None)))
    assert desktop.window.start.message.title.text() == "No wallets"
    assert not desktop.window.wallet_actions.create.isEnabled()


def test_payments_that_come_in_are_told_once(qtbot: QtBot, desktop: Desktop, wallet: FakeWallet) -> None:
    known(qtbot, desktop)
    qtbot.waitUntil(lambda: desktop.monitor.sync is not None)
    row = replace(
        wallet.rows[0],
        txid=txid(7),
        type=TxType.RECEIVED,
        amount=1_000,
        time=int(time.time()),
        status=TxStatus.UNCONFIRMED,
        confirmations=0,
        label="Anna",
    )
    wallet.rows.insert(0, row)
    wallet.tell(lambda listener: listener.transactions_changed([row.txid]))
    qtbot.waitUntil(desktop.window.toast.isVisible)
    assert desktop.window.toast.text.text() == "Received 0.00001000 BTC \u00b7 Anna"
    desktop.window.toast.hide()
    with qtbot.waitSignal(desktop.session.open_wallets[0].events.transactions_changed):
        wallet.tell(lambda listener: listener.transactions_changed([row.txid]))
    assert not desktop.window.toast.isVisible()


def test_sync_is_shown_with_the_time_left(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    now = int(time.time())
    node.chain = replace(
        node.chain, height=1000, tip_time=now - 10**7, verification_progress=0.25, initial_download=True
    )
    tip = BlockTip(1000, b"\x22" * 32, now - 10**7, 0.25, True)
    node.tell(lambda listener: listener.block_tip(tip))
    qtbot.waitUntil(lambda: "Catching up, 25.0 %" in desktop.window.status.text.text())
    assert desktop.monitor.sync is not None
    desktop.monitor.sync = replace(desktop.monitor.sync, seconds_left=7300.0)
    desktop.monitor.sync_changed.emit()
    assert "about 2 h 1 min left" in desktop.window.status.text.text()


def test_settings_of_program_and_node(qtbot: QtBot, desktop: Desktop, node: FakeNode) -> None:
    node.settings["prune"] = SettingState("550", None, True, False)
    desktop.window.open_settings()
    dialog = _dialog(SettingsDialog)
    fields = {field.option.name: field for field in dialog.fields}
    qtbot.waitUntil(fields["dbcache"].widget.isEnabled)
    assert not fields["prune"].widget.isEnabled()
    assert "-prune" in dialog.banner.text.text()
    dialog.unit.setCurrentIndex(3)
    spin = fields["dbcache"].widget
    spin.setProperty("value", 1000)
    dialog.accept()
    qtbot.waitUntil(lambda: node.settings.get("dbcache") == SettingState("1000", "1000", False, True))
    assert set(node.settings) == {"prune", "dbcache"}
    assert desktop.preferences.choices.unit == "sat"


def test_links_are_paid_from_the_send_page(qtbot: QtBot, desktop: Desktop) -> None:
    desktop.window.open_link("bitcoin:bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq?amount=1")
    assert desktop.window.page == "send"
    desktop.window.open_link("nonsense:x")
    assert desktop.window.toast.isVisible()


def test_the_first_usable_window_comes_soon(tmp_path: Path) -> None:
    times = []
    for _ in range(3):
        command = [sys.executable, "-c", START_PROGRAM, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        taken, queued = map(float, done.stdout.split()[-2:])
        # Not what other programs on this machine have taken from it.
        times.append(taken - queued)
        if times[-1] <= START_LIMIT:
            break
    print(f"first usable window after {min(times):.2f} s")
    assert min(times) <= START_LIMIT
