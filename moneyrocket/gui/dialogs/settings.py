"""Settings: of this program, which count at once, and of the node, which count from its next start on."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from moneyrocket.gui.context import Context
from moneyrocket.gui.node_options import NODE_OPTIONS, NodeOption, OptionKind, as_bool, as_number
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.style.theme import ThemeChoice
from moneyrocket.gui.units import Unit
from moneyrocket.gui.widgets.basics import Banner, label, pad, scrolled
from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node import Node
from moneyrocket.interfaces.node_values import SettingState


class OptionField:
    """The field of one option of the node.

    Args:
        option: The option.
        text: Its title, translated.
    """

    def __init__(self, option: NodeOption, text: str) -> None:
        self.option = option
        self.touched = False
        self.widget: QCheckBox | QSpinBox | QComboBox
        if option.kind is OptionKind.SWITCH:
            box = QCheckBox(text)
            box.clicked.connect(self._touch)
            self.widget = box
        elif option.kind is OptionKind.NUMBER:
            spin = QSpinBox()
            pad(spin)
            spin.setRange(option.lowest, option.highest)
            spin.setSuffix(option.unit)
            spin.valueChanged.connect(self._touch)
            self.widget = spin
        else:
            choice = QComboBox()
            choice.addItems(option.choices)
            choice.activated.connect(self._touch)
            self.widget = choice
        self.widget.setAccessibleName(text)
        self.widget.setEnabled(False)

    def show_state(self, state: SettingState) -> None:
        """Show what counts, or what is stored for the next start."""
        value = state.value if state.overridden or state.stored is None else state.stored
        self.widget.blockSignals(True)
        if isinstance(self.widget, QCheckBox):
            self.widget.setChecked(as_bool(value, bool(self.option.default)))
        elif isinstance(self.widget, QSpinBox):
            self.widget.setValue(as_number(value, cast(int, self.option.default)))
        else:
            self.widget.setCurrentText(str(self.option.default if value is None else value))
        self.widget.blockSignals(False)
        self.widget.setEnabled(not state.overridden)
        self.touched = False

    def value(self) -> Json:
        """Returns what to store, None for the default."""
        value: Json
        if isinstance(self.widget, QCheckBox):
            value = self.widget.isChecked()
            return None if value == self.option.default else value
        if isinstance(self.widget, QSpinBox):
            value = self.widget.value()
            return None if value == self.option.default else str(value)
        value = self.widget.currentText()
        return None if value == self.option.default else value

    def _touch(self) -> None:
        self.touched = True


class SettingsDialog(QDialog):
    """A tab for the program, and one for each group of the node's options."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.setWindowTitle(self.tr("Settings"))
        self.resize(680, 540)
        self.banner = Banner()
        self.tabs = QTabWidget()
        self.tabs.addTab(self._make_display(), self.tr("&Display"))
        self.fields: list[OptionField] = []
        for group, name in (
            ("node", self.tr("&Node")),
            ("network", self.tr("Net&work")),
            ("wallet", self.tr("W&allet")),
        ):
            self.tabs.addTab(self._make_group(group), name)
        self.box = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.banner)
        column.addWidget(self.box)
        self._ask()

    def _make_display(self) -> QWidget:
        choices = self.context.preferences.choices
        tab = QWidget()
        form = QFormLayout(tab)
        form.setContentsMargins(8, 16, 8, 8)
        form.setVerticalSpacing(12)
        self.theme = QComboBox()
        for name, choice in (
            (self.tr("As the system"), ThemeChoice.SYSTEM),
            (self.tr("Light"), ThemeChoice.LIGHT),
            (self.tr("Dark"), ThemeChoice.DARK),
        ):
            self.theme.addItem(name, choice)
        self.theme.setCurrentIndex(self.theme.findData(self.context.theme.choice))
        self.unit = QComboBox()
        for unit in Unit:
            self.unit.addItem(unit.label, unit)
        self.unit.setCurrentIndex(list(Unit).index(self.context.preferences.unit))
        self.conceal = QCheckBox(self.tr("&Hide amounts until they are asked for"))
        self.conceal.setChecked(choices.conceal)
        self.notify = QCheckBox(self.tr("&Tell about new transactions"))
        self.notify.setChecked(choices.notify)
        self.ask = QCheckBox(self.tr("&Ask before closing the program"))
        self.ask.setChecked(choices.ask_before_quit)
        form.addRow(self.tr("T&heme"), self.theme)
        form.addRow(self.tr("&Unit of amounts"), self.unit)
        for box in (self.conceal, self.notify, self.ask):
            form.addRow("", box)
        return tab

    def _make_group(self, group: str) -> QWidget:
        tab = QWidget()
        form = QFormLayout(tab)
        form.setContentsMargins(8, 16, 8, 8)
        form.setVerticalSpacing(10)
        for option in NODE_OPTIONS:
            if option.group != group:
                continue
            title = QCoreApplication.translate("NodeOptions", option.title)
            field = OptionField(option, title)
            self.fields.append(field)
            form.addRow("" if option.kind is OptionKind.SWITCH else title, field.widget)
            if option.hint:
                form.addRow("", label(QCoreApplication.translate("NodeOptions", option.hint), "small", wrap=True))
        return scrolled(tab)

    def _ask(self) -> None:
        node = self.context.session.node
        if node is None:
            self.banner.say(self.tr("There is no node at the moment: its settings cannot be changed."))
            return
        names = [field.option.name for field in self.fields]
        self.context.session.worker.call(
            lambda: [node.setting(name) for name in names], self._take, self._refused, context=self
        )

    def _take(self, states: list[SettingState]) -> None:
        for field, state in zip(self.fields, states, strict=True):
            field.show_state(state)
        held = [f"-{field.option.name}" for field, state in zip(self.fields, states, strict=True) if state.overridden]
        if held:
            text = self.tr("Set on the command line or in the configuration file, and so not here: {names}")
            self.banner.say(text.replace("{names}", ", ".join(held)), Tone.ACCENT)
        elif any(state.restart_needed for state in states):
            self.banner.say(self.tr("Some settings count from the next start on."), Tone.ACCENT)

    def accept(self) -> None:
        """Store what was changed."""
        choice = cast(ThemeChoice, self.theme.currentData())
        self.context.preferences.choose(
            theme=choice.value,
            unit=cast(Unit, self.unit.currentData()).value,
            conceal=self.conceal.isChecked(),
            notify=self.notify.isChecked(),
            ask_before_quit=self.ask.isChecked(),
        )
        if choice is not self.context.theme.choice:
            self.context.theme.choose(choice)
        node = self.context.session.node
        changes = {field.option.name: field.value() for field in self.fields if field.touched}
        if node is None or not changes:
            super().accept()
            return
        self.setEnabled(False)
        self.context.session.worker.call(
            lambda: _store(node, changes), self._stored, self._refused, context=self, patient=True
        )

    def _stored(self, failed: list[str]) -> None:
        self.setEnabled(True)
        if failed:
            self._refused(OSError(self.tr("The settings could not be written: ") + ", ".join(failed)))
            return
        self.context.told.emit(self.tr("Saved. The node takes it up at its next start."), Tone.POSITIVE)
        super().accept()

    def _refused(self, error: Exception) -> None:
        self.setEnabled(True)
        self.banner.say(str(error), Tone.DANGER)


def _store(node: Node, changes: dict[str, Json]) -> list[str]:
    return [name for name, value in changes.items() if not node.update_setting(name, value)]
