"""The type of JSON values that cross a boundary."""

from moneyrocket.common.json import Json

__all__ = ["Json"]
