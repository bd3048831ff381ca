"""Payment requests as addresses with parameters (BIP21)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from moneyrocket.primitives.amount import COIN, MAX_MONEY, format_money

SCHEME = "bitcoin"


class PaymentUriError(ValueError):
    """What was given is not a payment request that this program can follow."""


@dataclass(frozen=True, slots=True)
class PaymentUri:
    """A request for money.

    Attributes:
        address: where to; not checked here.
        amount: how much (sat), or None when the sender decides.
        label: who or what gets it.
        message: what for.
    """

    address: str
    amount: int | None = None
    label: str = ""
    message: str = ""

    def to_text(self) -> str:
        """Spell it as a URI."""
        parts = []
        if self.amount is not None:
            text = format_money(self.amount)
            parts.append(f"amount={text.rstrip('0').rstrip('.')}")
        parts += [
            f"{name}={quote(text, safe='')}"
            for name, text in (("label", self.label), ("message", self.message))
            if text
        ]
        # An address in bech32 may be in upper case, which makes a smaller QR code; the scheme is what readers expect.
        return f"{SCHEME}:{self.address}" + ("?" + "&".join(parts) if parts else "")


def parse_payment_uri(text: str) -> PaymentUri:
    """Read a payment request, or a bare address.

    Raises:
        PaymentUriError: it is something else, asks for an impossible amount, or requires what is not known here.
    """
    text = text.strip()
    scheme, colon, rest = text.partition(":")
    if not colon:
        scheme, rest = SCHEME, text
    if scheme.lower() != SCHEME:
        raise PaymentUriError(f"Not a {SCHEME}: address: {text[:60]}")
    address, _, query = rest.removeprefix("//").partition("?")
    address = unquote(address).rstrip("/")
    if not address or not address.isalnum():
        raise PaymentUriError(f"There is no address in this request: {text[:60]}")
    amount: int | None = None
    texts = {"label": "", "message": ""}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        value = unquote(value)
        if name == "amount":
            amount = _parse_amount(value)
        elif name in texts:
            texts[name] = value
        elif name.startswith("req-"):
            raise PaymentUriError(f"The request needs something this program does not know: {name}")
    return PaymentUri(address, amount, texts["label"], texts["message"])


def _parse_amount(text: str) -> int:
    whole, _, rest = text.partition(".")
    digits = whole + rest
    if not digits or not (digits.isascii() and digits.isdigit()) or len(rest) > 8:
        raise PaymentUriError(f"Not an amount in BTC: {text}")
    amount = int(whole or "0") * COIN + int(rest.ljust(8, "0"))
    if amount > MAX_MONEY:
        raise PaymentUriError(f"More than there will ever be: {text} BTC")
    return amount
