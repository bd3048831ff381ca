"""The type of JSON values that cross a boundary."""

from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "None | bool | int | float | Decimal | str | list[Json] | dict[str, Json]"
"""A JSON value. Amounts are `Decimal` so that no digit is lost."""
