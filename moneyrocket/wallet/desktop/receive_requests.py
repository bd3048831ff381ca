"""Payments that the user asked for, kept in the wallet's file."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Final

from moneyrocket.common import clock
from moneyrocket.interfaces.wallet_values import ReceiveRequest
from moneyrocket.wallet.wallet import Wallet

_ROW: Final = "receive_requests"


def receive_requests(wallet: Wallet) -> list[ReceiveRequest]:
    """The stored requests, newest first. Call under the wallet's lock."""
    stored = wallet.database.get(_ROW)
    return [ReceiveRequest(**entry) for entry in json.loads(stored)] if isinstance(stored, str) else []


def add_request(wallet: Wallet, request: ReceiveRequest) -> ReceiveRequest:
    """Store a request with a new id and the current time. Call under the wallet's lock."""
    known = receive_requests(wallet)
    number = 1 + max((other.id for other in known), default=0)
    added = replace(request, id=number, time=clock.now())
    _store(wallet, [added, *known])
    return added


def remove_request(wallet: Wallet, request_id: int) -> bool:
    """Forget a request; False if there is none. Call under the wallet's lock."""
    known = receive_requests(wallet)
    left = [request for request in known if request.id != request_id]
    if len(left) == len(known):
        return False
    _store(wallet, left)
    return True


def _store(wallet: Wallet, requests: list[ReceiveRequest]) -> None:
    wallet.database.put(_ROW, json.dumps([asdict(request) for request in requests]))
    wallet.events.address_book()
