"""Conversions that the schema leaves to Python."""

from foo import FooCustom, FooMessage

from libmultiprocess import CustomType, Wire


def build_custom(value: FooCustom) -> Wire:
    return {"v1": value.text, "v2": value.number}


def read_custom(wire: Wire) -> FooCustom:
    return FooCustom(wire["v1"] or "", wire["v2"])


def build_message(value: FooMessage) -> Wire:
    return {"message": value.text + " build"}


def read_message(wire: Wire) -> FooMessage:
    return FooMessage(wire["message"] + " read")


TYPES = (
    CustomType("foo.FooCustom", build_custom, read_custom),
    CustomType("foo.FooMessage", build_message, read_message),
)
