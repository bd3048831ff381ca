"""Every kind of value there and back."""

from typing import Any

import pytest

from libmultiprocess import ConversionError


def test_numbers(foo: Any) -> None:
    assert foo.add(1, -2) == -1
    assert foo.add_out(3, 4) == 7
    assert foo.add_in_out(1, 2) == 3
    assert foo.pass_double(0.1) == 0.1


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, "1", None, 1.5])
def test_a_value_that_is_no_int32_is_refused_here(foo: Any, value: object) -> None:
    with pytest.raises(ConversionError, match=r"FooInterface\.add"):
        foo.add(value, 0)
    assert foo.add(1, 1) == 2


def test_struct_of_containers(foo: Any) -> None:
    from foo import FooStruct

    value = FooStruct("name", {1, 2}, [False, True], 3, frozenset({4}), {"five": 5, "": 0})
    assert foo.pass_struct(value) == value


def test_empty_struct_members(foo: Any) -> None:
    from foo import FooStruct

    value = FooStruct("", set(), [], None, frozenset(), {})
    assert foo.pass_struct(value) == value


def test_optional_zero_is_not_none(foo: Any) -> None:
    from foo import FooStruct

    value = FooStruct("", set(), [], 0, frozenset(), {})
    assert foo.pass_struct(value).optional_int == 0


def test_map_of_generic_pairs(foo: Any) -> None:
    assert foo.map_size({"a": "b", "c": ""}) == 2


def test_hooks(foo: Any) -> None:
    from foo import FooCustom, FooMessage

    assert foo.pass_custom(FooCustom("t", 5)) == FooCustom("t", 5)
    assert foo.pass_message(FooMessage("init")).text == "init build read build read"


def test_rest(foo: Any) -> None:
    from foo import FooEmpty, FooEnum, FooMutable

    assert foo.pass_empty(FooEmpty()) == FooEmpty()
    assert foo.pass_mutable(FooMutable("init")).message == "init called"
    assert foo.pass_enum(FooEnum.TWO) is FooEnum.TWO
    assert foo.pass_data(b"\x00\xff") == b"\x00\xff"
    assert foo.pass_data_pointers([b"", b"a" * 1000]) == [b"", b"a" * 1000]


def test_a_megabyte(foo: Any) -> None:
    data = bytes(range(256)) * 4096
    assert foo.pass_data(data) == data


def test_declared_exception_arrives_as_its_type(foo: Any) -> None:
    from foo import FooStruct, FooStructError

    value = FooStruct("bad", {1}, [True], None, frozenset(), {"x": 1})
    with pytest.raises(FooStructError) as caught:
        foo.raise_struct(value)
    assert caught.value.value == value
