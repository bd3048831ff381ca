"""The type of JSON values, in settings as in RPC."""

from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None"
"""A JSON value. Amounts are `Decimal` so that no digit is lost."""
