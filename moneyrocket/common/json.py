"""The type of JSON values, in settings as in RPC, and the error of a text that is none."""

TYPE_CHECKING = False  # Known to type checkers; importing it from typing would slow moneyrocket-cli down.
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import TypeAlias

    Json: TypeAlias = bool | int | float | Decimal | str | list["Json"] | dict[str, "Json"] | None
    """A JSON value. Amounts are `Decimal` so that no digit is lost."""
else:
    Json = "Json"


class JsonError(ValueError):
    """The text is not JSON."""
