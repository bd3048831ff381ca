"""A conversion of two parameters at once."""

from foo_kinds import Repeated

from libmultiprocess import CustomType


def build_repeated(value: tuple[str, int]) -> str:
    return f"{value[1]}*{value[0]}"


def read_repeated(text: str) -> Repeated:
    times, _, what = text.partition("*")
    return what, int(times)


TYPES = (CustomType("foo_kinds.Repeated", build_repeated, read_repeated),)
