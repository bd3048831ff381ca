"""Peers and bans as tables."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QObject

from moneyrocket.gui.models.table import END, Column, TableModel
from moneyrocket.gui.style.colors import Tone
from moneyrocket.gui.times import absolute_time, byte_size, duration, isolate, milliseconds
from moneyrocket.gui.widgets.amounts import TONE_ROLE
from moneyrocket.interfaces.node_values import BanEntry, PeerInfo


def kind_text(peer: PeerInfo) -> str:
    """Name the kind of a connection."""
    names = {
        "inbound": QCoreApplication.translate("Peers", "Inbound"),
        "outbound-full-relay": QCoreApplication.translate("Peers", "Full relay"),
        "block-relay-only": QCoreApplication.translate("Peers", "Blocks only"),
        "manual": QCoreApplication.translate("Peers", "Manual"),
        "feeler": QCoreApplication.translate("Peers", "Feeler"),
        "addr-fetch": QCoreApplication.translate("Peers", "Address fetch"),
    }
    return names.get(peer.kind, peer.kind)


def network_text(network: str) -> str:
    """Name a network."""
    names = {"ipv4": "IPv4", "ipv6": "IPv6", "onion": "Tor", "i2p": "I2P", "cjdns": "CJDNS"}
    return names.get(network, QCoreApplication.translate("Peers", "local"))


class PeerModel(TableModel[PeerInfo]):
    """The connected peers."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("#", lambda peer: str(peer.id), sort_key=lambda peer: peer.id, align=END, width=48),
                Column(
                    QCoreApplication.translate("Peers", "Address"),
                    lambda peer: isolate(peer.address),
                    sort_key=lambda peer: peer.address,
                    tip=lambda peer: peer.address,
                ),
                Column(QCoreApplication.translate("Peers", "Kind"), kind_text, width=108),
                Column(
                    QCoreApplication.translate("Peers", "Network"), lambda peer: network_text(peer.network), width=84
                ),
                Column(
                    QCoreApplication.translate("Peers", "Ping"),
                    lambda peer: "\u2013" if peer.ping is None else milliseconds(peer.ping),
                    sort_key=lambda peer: peer.ping if peer.ping is not None else 1e9,
                    align=END,
                    roles={TONE_ROLE: lambda peer: Tone.WARNING if (peer.ping or 0) > 1 else Tone.NEUTRAL},
                    width=84,
                ),
                Column(
                    QCoreApplication.translate("Peers", "Sent"),
                    lambda peer: byte_size(peer.bytes_sent),
                    sort_key=lambda peer: peer.bytes_sent,
                    align=END,
                    width=80,
                ),
                Column(
                    QCoreApplication.translate("Peers", "Received"),
                    lambda peer: byte_size(peer.bytes_received),
                    sort_key=lambda peer: peer.bytes_received,
                    align=END,
                    width=88,
                ),
                Column(
                    QCoreApplication.translate("Peers", "Client"),
                    lambda peer: peer.user_agent.strip("/"),
                    tip=lambda peer: peer.user_agent,
                    width=150,
                ),
            ],
            lambda peer: peer.id,
            parent,
        )


class BanModel(TableModel[BanEntry]):
    """The bans in force."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column(QCoreApplication.translate("Peers", "Address or subnet"), lambda ban: ban.subnet),
                Column(
                    QCoreApplication.translate("Peers", "Banned"),
                    lambda ban: absolute_time(ban.created),
                    sort_key=lambda ban: ban.created,
                    width=150,
                ),
                Column(
                    QCoreApplication.translate("Peers", "Until"),
                    lambda ban: absolute_time(ban.until),
                    sort_key=lambda ban: ban.until,
                    width=150,
                ),
                Column(
                    QCoreApplication.translate("Peers", "Time left"),
                    lambda ban: duration(ban.until - time.time()),
                    sort_key=lambda ban: ban.until,
                    width=120,
                ),
            ],
            lambda ban: ban.subnet,
            parent,
        )
