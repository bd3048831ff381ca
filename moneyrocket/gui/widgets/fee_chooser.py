"""How fast a payment should confirm, or what it may cost."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QRadioButton

from moneyrocket.gui.preferences import Preferences
from moneyrocket.gui.units import format_fee_rate
from moneyrocket.gui.wallet_session import WalletSession
from moneyrocket.gui.widgets.basics import Card, label, pad
from moneyrocket.interfaces.wallet_values import FeeChoice, FeeRateInfo

TARGETS = (2, 4, 6, 12, 24, 48, 144, 504, 1008)
"""Blocks, as in Bitcoin Core."""


class FeeChooser(Card):
    """An estimate for a number of blocks, or a rate of one's own.

    Args:
        session: The wallet that pays.
        preferences: Remember the choice.

    Signals:
        changed: Another choice.
    """

    changed = Signal()

    def __init__(self, session: WalletSession, preferences: Preferences) -> None:
        super().__init__(self.tr("Fee"))
        self._session = session
        self._preferences = preferences
        choices = preferences.choices
        self.estimate = QRadioButton(self.tr("&Estimated, to confirm within"))
        self.custom = QRadioButton(self.tr("&Own rate"))
        group = QButtonGroup(self)
        group.addButton(self.estimate)
        group.addButton(self.custom)
        self.target = QComboBox()
        self.target.setAccessibleName(self.tr("Confirm within"))
        for blocks in TARGETS:
            self.target.addItem(self._describe(blocks), blocks)
        self.target.setCurrentIndex(TARGETS.index(choices.fee_target) if choices.fee_target in TARGETS else 2)
        self.estimated = label(kind="muted")
        self.rate = QDoubleSpinBox()
        self.rate.setLocale(QLocale.c())
        pad(self.rate)
        self.rate.setDecimals(3)
        self.rate.setRange(0.001, 100_000)
        self.rate.setSuffix(" sat/vB")
        self.rate.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.rate.setValue(choices.fee_rate / 1000)
        self.rate.setAccessibleName(self.tr("Fee rate in satoshi per virtual byte"))
        self.required = label(kind="muted")
        self.replaceable = QCheckBox(self.tr("&Replaceable by a transaction with a higher fee (RBF)"))
        self.replaceable.setChecked(True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for place, row in enumerate(
            ((self.estimate, self.target, self.estimated), (self.custom, self.rate, self.required))
        ):
            for column, widget in enumerate(row):
                grid.addWidget(widget, place, column)
        grid.addWidget(self.replaceable, 2, 0, 1, 3)
        grid.setColumnStretch(2, 1)
        self.body.addLayout(grid)
        (self.custom if choices.fee_mode == "custom" else self.estimate).setChecked(True)
        self._enable()
        self.estimate.toggled.connect(self._changed)
        self.target.currentIndexChanged.connect(self._changed)
        self.rate.valueChanged.connect(self._changed)
        self.replaceable.toggled.connect(self._changed)

    def choice(self) -> FeeChoice:
        """Returns what was chosen."""
        if self.custom.isChecked():
            return FeeChoice(fee_rate=round(self.rate.value() * 1000), replaceable=self.replaceable.isChecked())
        return FeeChoice(conf_target=self.target.currentData(), replaceable=self.replaceable.isChecked())

    def refresh(self) -> None:
        """Ask what the estimate is now."""
        wallet, choice = self._session.wallet, FeeChoice(conf_target=self.target.currentData())
        self._session.worker.call(
            lambda: wallet.fee_rate(choice), self._take, lambda _: None, key="fee-rate", context=self
        )

    def _take(self, info: FeeRateInfo) -> None:
        if not info.rate:
            self.estimated.setText(self.tr("No estimate yet: choose your own rate"))
        elif info.from_fallback:
            text = self.tr("{rate}, the fallback fee: there is no estimate yet")
            self.estimated.setText(text.replace("{rate}", format_fee_rate(info.rate)))
        else:
            self.estimated.setText(f"\u2248 {format_fee_rate(info.rate)}")
        text = self.tr("at least {rate}")
        self.required.setText(text.replace("{rate}", format_fee_rate(info.required)))

    def _changed(self) -> None:
        self._enable()
        self._preferences.choose(
            fee_mode="custom" if self.custom.isChecked() else "estimate",
            fee_target=self.target.currentData(),
            fee_rate=round(self.rate.value() * 1000),
        )
        if self.sender() is self.target:
            self.refresh()
        self.changed.emit()

    def _enable(self) -> None:
        self.target.setEnabled(self.estimate.isChecked())
        self.rate.setEnabled(self.custom.isChecked())

    def _describe(self, blocks: int) -> str:
        minutes = blocks * 10
        if minutes < 60:
            time = self.tr("{n} minutes").replace("{n}", str(minutes))
        elif minutes < 48 * 60:
            hours = minutes / 60
            time = self.tr("1 hour") if hours == 1 else self.tr("{n} hours").replace("{n}", f"{hours:g}")
        else:
            time = self.tr("{n} days").replace("{n}", f"{minutes / 1440:g}")
        return self.tr("{n} blocks (about {time})").replace("{n}", str(blocks)).replace("{time}", time)
