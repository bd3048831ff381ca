"""Payments from one wallet to another while the programs come and go, each accounted for at the end."""

import http.client
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from functional_tests.framework.rpc_client import HttpStatusError, JsonRpcError, RpcClient

Connect = Callable[[], RpcClient]
"""Gives a wallet's methods; raises `OSError` while nobody answers."""

LEFT_MEANWHILE = -18
SATOSHI = Decimal("0.00000001")
NO_ANSWER = (OSError, HttpStatusError, http.client.HTTPException, ValueError)


class Outcome(Enum):
    """What the payer was told."""

    PAID = "paid"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The connection broke, or the wallet's process ended, before the answer: it may be paid, once, or not."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that was tried. No two have the same amount."""

    amount: Decimal
    outcome: Outcome
    txid: str = ""
    text: str = ""


class Traffic:
    """Pays from one wallet to another, one payment at a time, in a thread of its own until it is stopped.

    Args:
        ways: how the payer can be reached; each payment takes one of them.
        payee: the payee's wallet.
        choice: decides.
        base: the amounts begin here, BTC.
    """

    def __init__(self, ways: list[Connect], payee: Connect, choice: random.Random, base: Decimal) -> None:
        self._ways = ways
        self._payee = payee
        self._choice = choice
        self._next = base
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self.payments: list[Payment] = []
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End after the payment that is being made.

        Raises:
            AssertionError: it hangs, or met an error that no payment should meet.
        """
        self._stopping.set()
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "a payment hangs"
        assert self.failure is None, f"unexpected: {self.failure!r}"

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._choice.uniform(0.0, 0.1)):
                self._pay()
        except BaseException as error:
            self.failure = error

    def _pay(self) -> None:
        try:
            address = self._payee().getnewaddress()
        except (*NO_ANSWER, JsonRpcError):
            return
        self._next += SATOSHI
        amount = self._next
        try:
            payer = self._choice.choice(self._ways)()
        except OSError:
            return
        try:
            txid = payer.sendtoaddress(address, str(amount))
        except JsonRpcError as error:
            outcome = Outcome.UNKNOWN if error.code == LEFT_MEANWHILE else Outcome.REFUSED
            self.payments.append(Payment(amount, outcome, text=f"{error.code}: {error.message}"))
        except ConnectionRefusedError as error:
            self.payments.append(Payment(amount, Outcome.REFUSED, text=repr(error)))
        except NO_ANSWER as error:
            self.payments.append(Payment(amount, Outcome.UNKNOWN, text=repr(error)))
        else:
            self.payments.append(Payment(amount, Outcome.PAID, txid))

    def summary(self) -> str:
        """How the payments went, in numbers."""
        counts = Counter(payment.outcome for payment in self.payments)
        return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)

    def assert_accounted(self, payer: RpcClient, payee: RpcClient) -> None:
        """Every payment that was told of is there once, every refused one is not, and both wallets agree."""
        sent, received = _by_amount(payer, "send"), _by_amount(payee, "receive")
        for payment in self.payments:
            out, in_ = sent.get(-payment.amount, []), received.get(payment.amount, [])
            assert out == in_, f"payer and payee disagree on {payment}: {out} and {in_}"
            if payment.outcome is Outcome.PAID:
                assert out == [payment.txid], f"{payment} is in the wallet as {out}"
            elif payment.outcome is Outcome.REFUSED:
                assert out == [], f"{payment} was made all the same: {out}"
            else:
                assert len(out) <= 1, f"{payment} was made more than once: {out}"


def _by_amount(wallet: RpcClient, category: str) -> dict[Decimal, list[str]]:
    found: dict[Decimal, list[str]] = {}
    for row in _history(wallet):
        if row["category"] == category:
            assert row["confirmations"] > 0, f"not confirmed: {row}"
            found.setdefault(row["amount"], []).append(row["txid"])
    return found


def _history(wallet: RpcClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = wallet.listtransactions("*", 1_000_000)
    return rows
