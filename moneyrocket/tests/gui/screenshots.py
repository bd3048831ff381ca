"""Draws every page and dialog over the fake node: `python -m moneyrocket.tests.gui.screenshots FOLDER`.

One run draws one scale (QT_SCALE_FACTOR) and one direction of writing; `ci/screenshots.py` makes all of them.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QDeadlineTimer, QEvent, QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QFont, QFontDatabase, QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from moneyrocket.gui.about import AboutDialog
from moneyrocket.gui.application import Desktop, program_icon
from moneyrocket.gui.bip21 import PaymentUri
from moneyrocket.gui.dialogs.confirm_payment import ConfirmPaymentDialog
from moneyrocket.gui.dialogs.create_wallet import CreateWalletDialog
from moneyrocket.gui.dialogs.open_wallet import OpenWalletDialog
from moneyrocket.gui.dialogs.passphrase import PassphraseDialog, PassphraseTask
from moneyrocket.gui.dialogs.settings import SettingsDialog
from moneyrocket.gui.dialogs.transaction_details import TransactionDialog
from moneyrocket.gui.options import GuiOptions
from moneyrocket.gui.pages.console_page import ConsolePage
from moneyrocket.gui.pages.mempool_page import MempoolPage
from moneyrocket.gui.pages.network_page import NetworkPage
from moneyrocket.gui.pages.peers_page import PeersPage
from moneyrocket.gui.pages.process_page import ProcessCard, ProcessPage
from moneyrocket.gui.pages.receive_page import ReceivePage
from moneyrocket.gui.pages.send_page import SendPage
from moneyrocket.gui.pages.transactions_page import TransactionsPage
from moneyrocket.gui.session import State
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.style.theme import ThemeChoice
from moneyrocket.gui.units import Unit
from moneyrocket.interfaces.node import NodeAbsentError, NodeStartError
from moneyrocket.interfaces.process import ProcessRole
from moneyrocket.interfaces.wallet_values import FeeChoice, Payment, TxQuery
from moneyrocket.tests.gui.fake_node import FakeSource
from moneyrocket.tests.gui.fake_wallet import FakeWallets, address
from moneyrocket.tests.gui.sample import sample_node, syncing

FONTS = ("Inter", "Noto Sans", "DejaVu Sans")
"""The first one that the machine has."""
COLORS = 256
PATIENCE_MS = 10_000
IPC_LINES = (
    "IpcServer recv request #{n} Wallet.transactions$Params (offset = 0, count = 200)",
    "IpcServer send response #{n} Wallet.transactions$Results",
    "IpcClient send Chain.getTip$Params ()",
    "IpcClient recv Chain.getTip$Results (height = 900000)",
    "IpcServer post request #{n} {{Node.networkState$Params ()}}",
)


def until(done: Callable[[], bool], what: str) -> None:
    """Let the program run until ``done``.

    Raises:
        TimeoutError: naming ``what`` did not come.
    """
    deadline = QDeadlineTimer(PATIENCE_MS)
    while not done():
        if deadline.hasExpired():
            raise TimeoutError(what)
        QApplication.processEvents()


def few_colors(picture: QImage) -> QImage:
    """Keep the most frequent colours, as many as a byte can tell apart: a third of the size, and nobody sees it."""
    plain = picture.convertToFormat(QImage.Format.Format_RGB32)
    counted = Counter(memoryview(plain.constBits()).cast("B").cast("I"))
    table = [color for color, _ in counted.most_common(COLORS)]
    if len(table) < len(counted):
        plain = plain.convertToFormat(QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.ThresholdDither)
    return plain


class Studio:
    """Draws into a folder.

    Args:
        folder: Where to.
        suffix: End of every file name, which tells theme, scale and direction.
    """

    def __init__(self, folder: Path, suffix: str, theme: ThemeChoice) -> None:
        self.folder = folder
        self.suffix = suffix
        self.theme = theme

    def open(self, source: FakeSource, *, chain: str = "main", wait: bool = True) -> Desktop:
        """Start the program."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        options = GuiOptions("moneyrocket-gui", chain, Path(tempfile.mkdtemp(prefix="moneyrocket-screenshots-")))
        desktop = Desktop(application, source, options, processes=True)
        desktop.theme.choose(self.theme)
        desktop.window.show()
        desktop.session.begin()
        if wait:
            until(lambda: desktop.session.state is State.READY, "the node")
            component = source.node.wallet_component
            count = len(component.open) if component is not None else 0
            until(lambda: len(desktop.session.open_wallets) == count, "the wallets")
            until(lambda: desktop.monitor.network is not None, "the network's state")
        return desktop

    def shoot(self, widget: QWidget, name: str) -> None:
        """Draw a widget once everything under way has been shown."""
        for _ in range(6):
            QApplication.processEvents()
        picture = few_colors(widget.grab().toImage())
        picture.save(str(self.folder / f"{name}-{self.suffix}.png"), quality=0)

    def dialog(self, dialog: QDialog, name: str, ready: Callable[[], bool] = lambda: True) -> None:
        """Draw a dialog."""
        dialog.show()
        until(ready, name)
        self.shoot(dialog, name)
        dialog.close()
        dialog.deleteLater()

    def close(self, desktop: Desktop) -> None:
        """End the program."""
        desktop.session.stop()
        until(lambda: desktop.session.state is State.STOPPED, "the end")
        desktop.window.close()
        desktop.end()
        desktop.window.deleteLater()
        desktop.session.deleteLater()
        desktop.theme.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def draw_pages(studio: Studio) -> None:
    """Draw the pages with a busy wallet."""
    desktop = studio.open(FakeSource(sample_node()))
    window = desktop.window
    until(lambda: desktop.session.open_wallets[0].balances is not None, "balances")
    studio.shoot(window, "overview")
    desktop.preferences.choose(conceal=True)
    studio.shoot(window, "overview-hidden")
    desktop.preferences.choose(conceal=False)
    window.go_to("send")
    studio.shoot(window, "send-empty")
    send = window.stack.currentWidget()
    assert isinstance(send, SendPage)
    send.fill(PaymentUri(address(903), 24_500_000, "Book shop"))
    send.fill(PaymentUri(address(905), 1_250_000, "Bicycle workshop on the corner of the old market square"))
    until(send.review.isEnabled, "the preview")
    studio.shoot(window, "send")
    send.forms[0].address.setText("bc1qnothing")
    until(lambda: bool(send.forms[0].verdict.text()), "the verdict")
    studio.shoot(window, "send-error")
    window.go_to("receive")
    receive = window.stack.currentWidget()
    assert isinstance(receive, ReceivePage)
    until(lambda: receive.card.request is not None, "the requests")
    studio.shoot(window, "receive")
    window.go_to("transactions")
    history = window.stack.currentWidget()
    assert isinstance(history, TransactionsPage)
    until(lambda: history.model.rowCount() > 0, "the history")
    history.table.selectRow(3)
    studio.shoot(window, "transactions")
    history.filter.text.setText("nobody")
    until(lambda: history.model.rowCount() == 0, "the empty history")
    studio.shoot(window, "transactions-nothing")
    window.go_to("addresses")
    until(lambda: _rows(window.stack.currentWidget()) > 0, "the addresses")
    studio.shoot(window, "addresses")
    window.go_to("peers")
    peers = window.stack.currentWidget()
    assert isinstance(peers, PeersPage)
    until(lambda: peers.model.rowCount() > 0, "the peers")
    studio.shoot(window, "peers")
    peers.table.selectRow(1)
    studio.shoot(window, "peers-details")
    window.go_to("network")
    network = window.stack.currentWidget()
    assert isinstance(network, NetworkPage)
    _fill_traffic(network)
    studio.shoot(window, "network")
    window.go_to("mempool")
    pool = window.stack.currentWidget()
    assert isinstance(pool, MempoolPage)
    until(pool.bars.isVisible, "the mempool")
    studio.shoot(window, "mempool")
    draw_console(studio, desktop)
    draw_processes(studio, desktop)
    draw_dialogs(studio, desktop)
    window.go_to("overview")
    desktop.context.told.emit("Received 0.30404548 BTC \u00b7 Savings", Tone.POSITIVE)
    studio.shoot(window, "toast")
    window.choose_wallet(desktop.session.find("Empty"))
    until(lambda: desktop.session.open_wallets[2].balances is not None, "balances")
    studio.shoot(window, "overview-empty")
    studio.close(desktop)


def draw_console(studio: Studio, desktop: Desktop) -> None:
    """Draw the console after some commands."""
    desktop.window.go_to("console")
    console = desktop.window.stack.currentWidget()
    assert isinstance(console, ConsolePage)
    until(lambda: bool(console.methods), "the methods")
    document = console.output.document()
    for line in ("getblockcount", "getblockchaininfo", "getblock(getblockhash(0))[tx][0]", "nosuchmethod"):
        wanted = document.blockCount() + 2
        console.line.setText(line)
        console.submit()
        until(partial(_has_blocks, console, wanted), f"the answer to {line}")
    console.line.setText("getblock ")
    studio.shoot(desktop.window, "console")


def draw_processes(studio: Studio, desktop: Desktop, name: str = "processes") -> None:
    """Draw the process panel after a minute."""
    desktop.window.go_to("processes")
    page = desktop.window.stack.currentWidget()
    assert isinstance(page, ProcessPage)
    until(lambda: len(page.cards) == 3, "the processes")
    until(lambda: page.cards[ProcessRole.NODE].values[1].text() != "\u2013", "rates")
    source = random.Random(5)
    for card in page.findChildren(ProcessCard):
        for place, line in enumerate(card.lines):
            level = line.samples[-1] if line.samples else 1.0
            line.samples.clear()
            waves = (math.sin(step / 6 + place) for step in range(60))
            line.samples.extend(level * (1 + 0.1 * (place + 1) * wave + source.random() * 0.1) for wave in waves)
    lines = [IPC_LINES[place % len(IPC_LINES)].format(n=4200 + place // 2) for place in range(40)]
    page._arrived(lines)
    studio.shoot(desktop.window, name)


def draw_dialogs(studio: Studio, desktop: Desktop) -> None:
    """Draw every dialog."""
    session, window = desktop.session.open_wallets[0], desktop.window
    payments = [Payment(address(903), 24_500_000, label="Book shop"), Payment(address(905), 1_250_000, True)]
    prepared = session.wallet.prepare_payment(payments, FeeChoice(), True)
    studio.dialog(ConfirmPaymentDialog(payments, prepared, session.title, Unit.BTC, window), "dialog-confirm")
    row = session.wallet.transactions(TxQuery(), 3, 1).rows[0]
    details = TransactionDialog(session, row.txid, Unit.BTC, window)
    studio.dialog(details, "dialog-transaction", lambda: details.details is not None)
    create = CreateWalletDialog(desktop.session, window)
    create.name.setText("Savings")
    create.more.setChecked(True)
    studio.dialog(create, "dialog-create")
    opening = OpenWalletDialog(desktop.session, window)
    studio.dialog(opening, "dialog-open", lambda: opening.model.rowCount() > 0)
    for task in PassphraseTask:
        studio.dialog(PassphraseDialog(task, "Savings", window), f"dialog-{task.value}")
    for place in range(4):
        settings = SettingsDialog(desktop.context, window)
        settings.tabs.setCurrentIndex(place)
        studio.dialog(settings, f"dialog-settings-{place}", lambda: settings.fields[0].widget.isEnabled())  # noqa: B023 - called at once
    about = AboutDialog(desktop.context, window)
    studio.dialog(about, "dialog-about", lambda: bool(about.facts.values[0].text()))


def draw_attached(studio: Studio) -> None:
    """Draw a node that runs on its own: its processes, and the window while it is away."""
    address = "unix:/home/ada/.moneyrocket/node.sock"
    source = FakeSource(sample_node(), attached_to=address)
    desktop = studio.open(source)
    until(lambda: desktop.session.open_wallets[0].balances is not None, "balances")
    draw_processes(studio, desktop, "processes-attached")
    source.error = NodeAbsentError(f"Nobody listens at {address.removeprefix('unix:')}: there is no such socket")
    source.lose(f"The node at {address} has gone")
    until(lambda: "Nobody" in desktop.session.problem and desktop.session.state is State.LOST, "the second look")
    desktop.window.go_to("overview")
    studio.shoot(desktop.window, "node-away")
    studio.close(desktop)


def draw_states(studio: Studio) -> None:
    """Draw what is seen when something is wrong, or not there yet."""
    node = sample_node()
    syncing(node)
    source = FakeSource(node, chain="signet")
    desktop = studio.open(source, chain="signet")
    until(lambda: desktop.monitor.sync is not None, "the state of the chain")
    desktop.monitor.sync = (
        replace(desktop.monitor.sync, seconds_left=11_400, rate=0.0631) if desktop.monitor.sync else None
    )
    desktop.monitor._poll.stop()
    desktop.monitor.sync_changed.emit()
    studio.shoot(desktop.window, "syncing")
    source.error = NodeStartError("the address is in use")
    source.lose()
    until(lambda: desktop.session.state is State.LOST, "the loss")
    studio.shoot(desktop.window, "node-lost")
    until(lambda: desktop.session.state is State.FAILED, "the failure")
    studio.shoot(desktop.window, "node-failed")
    studio.close(desktop)
    starting = FakeSource(sample_node(), chain="regtest")
    starting.node.start_gate.clear()
    desktop = studio.open(starting, chain="regtest", wait=False)
    until(lambda: desktop.session.state is State.STARTING, "the start")
    starting.node.tell(lambda listener: listener.init_message("Loading block index\u2026"))
    studio.shoot(desktop.window, "starting")
    starting.node.start_gate.set()
    studio.close(desktop)
    desktop = studio.open(FakeSource(sample_node(FakeWallets([])), chain="testnet4"), chain="testnet4")
    studio.shoot(desktop.window, "welcome")
    studio.close(desktop)


def _has_blocks(console: ConsolePage, count: int) -> bool:
    return console.output.document().blockCount() >= count


def _rows(page: QWidget | None) -> int:
    model = getattr(page, "model", None)
    return int(model.rowCount()) if model is not None else 0


def _fill_traffic(page: NetworkPage) -> None:
    source = random.Random(3)
    level = 30_000.0
    for second in range(1800):
        level += source.uniform(-3000, 3000) + (30_000 - level) * 0.01
        burst = 160_000 if second % 590 < 9 else 0
        page.received.samples.append(max(500.0, level + burst))
        page.sent.samples.append(max(300.0, level * 0.45 + 9000 * math.sin(second / 140)))
    page.graph.update()


def _print_unexpected(_: QtMsgType, __: QMessageLogContext, text: str) -> None:
    if "propagateSizeHints" not in text:  # what the platform without a screen cannot do
        print(text, file=sys.stderr)


def main(arguments: list[str]) -> int:
    """Draw everything; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--right-to-left", action="store_true")
    parser.add_argument("--suffix", required=True)
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    qInstallMessageHandler(_print_unexpected)
    application = QApplication(["moneyrocket-gui"])
    families = QFontDatabase.families()
    family = next(
        (name for name in ("Inter", "Noto Sans", "DejaVu Sans") if name in families), application.font().family()
    )
    application.setFont(QFont(family, 10))
    application.setWindowIcon(program_icon())
    application.setCursorFlashTime(0)
    if chosen.right_to_left:
        application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    studio = Studio(chosen.folder, chosen.suffix, ThemeChoice(chosen.theme))
    draw_pages(studio)
    draw_attached(studio)
    draw_states(studio)
    sys.stdout.flush()
    # Worker threads may still be waiting for a fake that hangs.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
