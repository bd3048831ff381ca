"""Python's side of the comparison: finding classes by name, their methods, fields and annotations."""

import builtins
import collections.abc
import dataclasses
import enum
import functools
import importlib
import inspect
import operator
import re
import types
import typing
from typing import Any

from libmultiprocess.chrono import Unit
from libmultiprocess.errors import SchemaError


def resolve_name(name: str, where: str) -> Any:
    """Import what a dotted name such as ``package.module.Class`` means.

    Raises:
        SchemaError: if there is no such thing.
    """
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        module_name = ".".join(parts[:cut])
        try:
            value: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is not None and (module_name == error.name or module_name.startswith(error.name + ".")):
                continue
            raise SchemaError(f"{where}: cannot import {module_name}: {error}") from error
        try:
            for part in parts[cut:]:
                value = getattr(value, part)
        except AttributeError:
            raise SchemaError(f"{where}: {module_name} has no {'.'.join(parts[cut:])}") from None
        return value
    if len(parts) == 1 and hasattr(builtins, name):
        return getattr(builtins, name)
    raise SchemaError(f"{where}: there is no module for {name}")


def resolve_callable(text: str, where: str) -> Any:
    """Evaluate a wrap such as ``Callable[[package.module.Class], int]``.

    Raises:
        SchemaError: if a name in it is unknown.
    """
    names: dict[str, Any] = {"Callable": collections.abc.Callable, "None": None}

    def replace(match: re.Match[str]) -> str:
        dotted = match[0]
        if dotted in names or hasattr(builtins, dotted):
            return dotted
        key = dotted.replace(".", "__")
        names[key] = resolve_name(dotted, where)
        return key

    try:
        return eval(re.sub(r"[A-Za-z_][\w.]*", replace, text), names)
    except (SyntaxError, TypeError, NameError) as error:
        raise SchemaError(f"{where}: $Proxy.wrap({text!r}): {error}") from None


def location(value: Any) -> str:
    """File and line where a class or function is defined."""
    value = inspect.unwrap(value) if callable(value) else value
    try:
        return f"{inspect.getsourcefile(value)}:{inspect.getsourcelines(value)[1]}"
    except (TypeError, OSError):
        return str(getattr(value, "__qualname__", value))


def name_of(annotation: Any) -> str:
    """An annotation, for messages."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__qualname__
    return str(annotation).replace("collections.abc.", "").replace("typing.", "")


def evaluate(annotation: Any, namespace: dict[str, Any], known: typing.Callable[[Any], bool]) -> Any:
    """Follow strings, forward references, aliases and ``Annotated`` until something concrete or ``known`` comes."""
    for _ in range(10):
        if known(annotation):
            return annotation
        if isinstance(annotation, typing.ForwardRef):
            annotation = annotation.__forward_arg__
        elif isinstance(annotation, str):
            annotation = eval(annotation, namespace)
        elif typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation
    return annotation


def unit_of(annotation: Any) -> Unit | None:
    """The unit of a duration or point in time such as `libmultiprocess.chrono.Seconds`."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return None
    return next((item for item in annotation.__metadata__ if isinstance(item, Unit)), None)


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One parameter of a Python method."""

    name: str
    annotation: Any
    default: Any = inspect.Parameter.empty
    keyword_only: bool = False
    positional_only: bool = False


@dataclasses.dataclass(frozen=True)
class Signature:
    """A Python method without ``self``."""

    parameters: tuple[Parameter, ...]
    returns: Any
    where: str
    namespace: dict[str, Any]


def signature_of(function: Any) -> Signature:
    """The signature of a method of a class.

    Raises:
        SchemaError: if a parameter has no annotation, or takes any number of arguments.
    """
    where = location(function)
    signature = inspect.signature(function)
    parameters = []
    for item in list(signature.parameters.values())[1:]:
        if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD):
            raise SchemaError(f"{where}: {function.__qualname__}: *{item.name} cannot cross processes")
        if item.annotation is item.empty:
            raise SchemaError(f"{where}: {function.__qualname__}: parameter {item.name} has no annotation")
        kinds = (item.kind is item.KEYWORD_ONLY, item.kind is item.POSITIONAL_ONLY)
        parameters.append(Parameter(item.name, item.annotation, item.default, *kinds))
    if signature.return_annotation is signature.empty:
        raise SchemaError(f"{where}: {function.__qualname__} has no return annotation")
    namespace = module_names(inspect.unwrap(function))
    return Signature(tuple(parameters), signature.return_annotation, where, namespace)


@dataclasses.dataclass(frozen=True)
class Member:
    """What a class that travels as a struct is made of, or one part of it.

    Attributes:
        name: the attribute, and the parameter that sets it.
        annotation: its type.
        namespace: where the annotation was written.
        keyword_only: whether it is set by keyword only.
    """

    name: str
    annotation: Any
    namespace: dict[str, Any]
    keyword_only: bool = False


def struct_members(cls: type) -> list[Member] | None:
    """What makes up a dataclass, named tuple or exception; None for other classes."""
    if dataclasses.is_dataclass(cls):
        fields = [item for item in dataclasses.fields(cls) if item.init]
        return [Member(item.name, item.type, _namespace_of(cls, item.name), item.kw_only is True) for item in fields]
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        found = []
        for name in cls._fields:
            owner = _owner_of(cls, name)
            found.append(Member(name, inspect.get_annotations(owner)[name], module_names(owner)))
        return found
    if issubclass(cls, BaseException):
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        namespace = module_names(inspect.unwrap(cls.__init__))
        return [
            Member(item.name, item.annotation, namespace, item.kind is item.KEYWORD_ONLY)
            for item in parameters
            if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)
        ]
    return None


def _owner_of(cls: type, name: str) -> type:
    return next((base for base in cls.__mro__ if name in inspect.get_annotations(base)), cls)


def _namespace_of(cls: type, name: str) -> dict[str, Any]:
    return module_names(_owner_of(cls, name))


def module_names(value: Any) -> dict[str, Any]:
    """The names in the module that defines a class or function."""
    module = inspect.getmodule(value)
    return dict(vars(module)) if module is not None else {}


def optional_of(annotation: Any) -> Any:
    """``T`` of ``T | None``; None if the annotation is something else."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [item for item in typing.get_args(annotation) if item is not type(None)]
        if rest and len(rest) < len(typing.get_args(annotation)):
            return functools.reduce(operator.or_, rest)
    return None


def is_buffer(annotation: Any) -> bool:
    """Whether the annotation is ``collections.abc.Buffer``, or a union of types of byte strings."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return all(item in (bytes, bytearray, memoryview) for item in typing.get_args(annotation))
    # It is new in Python 3.12.
    return annotation is getattr(collections.abc, "Buffer", bytes) and annotation is not bytes


def is_enum(annotation: Any, value_type: type) -> bool:
    """Whether the annotation is an enumeration of which every value is a ``value_type``."""
    return (
        isinstance(annotation, type)
        and issubclass(annotation, enum.Enum)
        and bool(list(annotation))
        and all(isinstance(member.value, value_type) for member in annotation)
    )
