"""Pairs the methods of an interface with those of the class that it wraps."""

import builtins
import inspect
import re
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.context import names_of, wrapped_class
from libmultiprocess.mpgen.convert import Converters
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope
from libmultiprocess.mpgen.fields import FieldPlan, group_plan, pair_up, plan_field
from libmultiprocess.mpgen.model import FieldModel, InterfaceModel, MethodModel, NodeModel
from libmultiprocess.mpgen.names import Imports
from libmultiprocess.mpgen.objects import exception
from libmultiprocess.mpgen.python_types import Member, Parameter, Signature, location, signature_of, struct_members


@dataclass(frozen=True)
class ExceptionPlan:
    """A result that stands for an exception."""

    field: FieldModel
    cls: type
    class_name: str
    converter: Converter
    has: str


@dataclass(frozen=True)
class MethodPlan:
    """Everything that is written about a method.

    Attributes:
        method: in the schema.
        signature: in Python.
        where: both places, for messages.
        is_call: whether it is what a callable does.
        params: schema parameters with the Python ones they stand for.
        results: what it returns, in the schema's order.
        result_names: how the implementation's result holds each of several results: ``[0]`` or ``.name``.
        result_class: class that a client makes of several results, empty for a tuple.
        exceptions: results that stand for exceptions.
        connection: name for the connection that no parameter has.
    """

    method: MethodModel
    signature: Signature
    where: str
    is_call: bool
    params: list[tuple[FieldPlan, list[Parameter]]]
    results: list[FieldPlan]
    result_names: list[str]
    result_class: str
    exceptions: list[ExceptionPlan]
    connection: str

    @property
    def in_maps(self) -> list[str]:
        """Parameters that let the callee start threads at the caller."""
        return [item.name for item in self.method.params.fields if item.is_thread_map]

    @property
    def out_maps(self) -> list[str]:
        """Results that let the caller start threads at the callee."""
        return [item.name for item in self.method.results.fields if item.is_thread_map]

    def local(self, wanted: str) -> str:
        """A name that no parameter has."""
        return _free(wanted, self.signature)


def _free(wanted: str, signature: Signature) -> str:
    taken = {item.name for item in signature.parameters}
    while wanted in taken:
        wanted += "_"
    return wanted


@dataclass(frozen=True)
class _Returns:
    """What a method returns: result fields, and the Python value for each, which has a name if it is a member."""

    fields: list[FieldModel]
    members: list[Member]
    class_name: str = ""


class MethodPlanner:
    """Plans the methods of one interface.

    Args:
        converters: of the generated module.
        interface: the interface.
        parents: what it extends.
    """

    def __init__(self, converters: Converters, interface: InterfaceModel, parents: Sequence[NodeModel]) -> None:
        self._converters = converters
        self._interface = interface
        self._parents = parents
        self._class: Any = wrapped_class(interface)

    def plans(self) -> list[MethodPlan]:
        """The methods that have a Python counterpart.

        Raises:
            SchemaError: if interface and class do not fit together.
        """
        return [self._plan(method, signature) for method, signature in self._called_methods()]

    def _at(self, method: MethodModel) -> str:
        return f"{self._interface.file.path}:{method.line}: {'.'.join(self._interface.path)}.{method.name}"

    def _called_methods(self) -> list[tuple[MethodModel, Signature]]:
        interface, cls = self._interface, self._class
        methods = [item for item in interface.methods if item.name not in ("destroy", "construct")]
        if not isinstance(cls, type):
            if [item.name for item in methods] != ["call"]:
                raise SchemaError(f"{interface.where}: {interface.name} wraps a Callable, so it has one method, call")
            return [(methods[0], self._callable_signature(methods[0]))]
        found: list[tuple[MethodModel, Signature]] = []
        for method in methods:
            twin = next((other for other, _ in found if other.python_name == method.python_name), None)
            if twin is not None:
                raise SchemaError(f"{self._at(method)}: {twin.name} is {method.python_name} in Python already")
            function = inspect.getattr_static(cls, method.python_name, None)
            if function is None and method.reserved:
                continue
            if not inspect.isfunction(function):
                raise SchemaError(
                    f"{self._at(method)} has no method {method.python_name} in {cls.__qualname__} ({location(cls)})"
                )
            try:
                found.append((method, signature_of(function)))
            except SchemaError as error:
                raise SchemaError(f"{self._at(method)} / {error}") from None
        self._check_complete({method.python_name for method, _ in found})
        return found

    def _check_complete(self, covered: set[str]) -> None:
        interface, cls = self._interface, self._class
        for parent in self._parents:
            covered |= {item for item in dir(wrapped_class(parent)) if not item.startswith("__")}
        for name in sorted(getattr(cls, "__abstractmethods__", frozenset())):
            if name not in covered:
                value = inspect.getattr_static(cls, name)
                kind = "a property, which cannot cross" if isinstance(value, property) else "no method"
                value = value.fget if isinstance(value, property) else value
                raise SchemaError(
                    f"{location(value)}: {cls.__qualname__}.{name} has no method in interface "
                    f"{interface.name} ({interface.where})"
                    if kind == "no method"
                    else f"{location(value)}: {cls.__qualname__}.{name} is {kind} ({interface.where})"
                )

    def _callable_signature(self, method: MethodModel) -> Signature:
        interface = self._interface
        params, returns = typing.get_args(self._class)
        visible = method.visible_params()
        names = [name for item in visible for name in _call_names(item)]
        if params is Ellipsis or len(params) != len(names):
            wanted = "any number" if params is Ellipsis else str(len(params))
            raise SchemaError(f"{self._at(method)} has {len(names)} parameters, {interface.wrap} has {wanted}")
        parameters = tuple(Parameter(name, annotation) for name, annotation in zip(names, params, strict=True))
        return Signature(parameters, returns, interface.where, names_of(self._class))

    def _plan(self, method: MethodModel, signature: Signature) -> MethodPlan:
        where = f"{self._at(method)} / {signature.where}"
        for item in method.params.fields:
            if item.is_context and item.name != "context":
                raise SchemaError(f"{where}: {item.name}: a parameter of type Context is called context")
        connection = _free("connection", signature)
        params = self._params(method, signature, where, connection)
        returns = self._returns(method, signature, where)
        results = self._results(method, returns, where, connection)
        names = [f"[{index}]" if item.name == "" else f".{item.name}" for index, item in enumerate(returns.members)]
        label = f"{self._interface.name}.{method.name}"
        exceptions = [
            self._exception(item, method, Scope(signature.namespace, f"{label}: {item.name}", connection))
            for item in method.results.fields
            if "exception" in item.annotations
        ]
        is_call = not isinstance(self._class, type)
        return MethodPlan(
            method, signature, where, is_call, params, results, names, returns.class_name, exceptions, connection
        )

    def _params(
        self, method: MethodModel, signature: Signature, where: str, connection: str
    ) -> list[tuple[FieldPlan, list[Parameter]]]:
        pairing = pair_up(method.visible_params(), [item.name for item in signature.parameters])
        for name in pairing.names:
            raise SchemaError(f"{where}: parameter {name} is missing in the schema")
        for item in pairing.fields:
            wanted = f"parameter {item.python_name}" if item.count == 1 else f"{item.count} parameters in a row"
            raise SchemaError(f"{where}: schema parameter {item.name} has no Python {wanted}")
        found = []
        for item, indexes in pairing.pairs:
            group = [signature.parameters[index] for index in indexes]
            label = f"{self._interface.name}.{method.name}: {item.name}"
            scope = Scope(signature.namespace, label, connection)
            try:
                annotations = [parameter.annotation for parameter in group]
                plan = group_plan(self._converters, item, method.params, annotations, scope)
            except Mismatch as error:
                names = ", ".join(parameter.name for parameter in group)
                raise SchemaError(f"{where}: parameter {names}: {error}") from None
            found.append((plan, group))
        return found

    def _returns(self, method: MethodModel, signature: Signature, where: str) -> "_Returns":
        """What the Python method returns, taken apart if the schema has several results."""
        try:
            returns = self._converters.evaluate(signature.returns, signature.namespace)
        except Mismatch as error:
            raise SchemaError(f"{where}: result: {error}") from None
        fields = method.results.visible()
        if returns is None or returns is type(None):
            if any(item.type.kind != "void" for item in fields):
                raise SchemaError(f"{where}: returns None, but the schema has results")
            return _Returns([], [])
        if not fields:
            raise SchemaError(f"{where}: returns a value, but the schema has no result")
        if len(fields) == 1:
            return _Returns(fields, [Member("", returns, signature.namespace)])
        members = struct_members(returns) if isinstance(returns, type) and not typing.get_args(returns) else None
        if members is not None:
            pairing = pair_up(fields, [member.name for member in members])
            if not pairing.names and not pairing.fields and all(item.count == 1 for item in fields):
                ordered = [members[index] for item in fields for field, (index, *_) in pairing.pairs if field is item]
                return _Returns(fields, ordered, self._converters.render_class(returns))
        parts = typing.get_args(returns) if typing.get_origin(returns) is tuple else ()
        if len(parts) != len(fields):
            names = ", ".join(item.python_name for item in fields)
            raise SchemaError(
                f"{where}: the schema has {len(fields)} results, so a tuple of as many is returned, "
                f"or a dataclass or named tuple of {names}"
            )
        return _Returns(fields, [Member("", part, signature.namespace) for part in parts])

    def _results(self, method: MethodModel, returns: "_Returns", where: str, connection: str) -> list[FieldPlan]:
        found = []
        for item, member in zip(returns.fields, returns.members, strict=True):
            scope = Scope(member.namespace, f"{self._interface.name}.{method.name}: {item.name}", connection)
            try:
                found.append(plan_field(self._converters, item, method.results, member.annotation, scope))
            except Mismatch as error:
                raise SchemaError(f"{where}: result {item.name}: {error}") from None
        return found

    def _exception(self, item: FieldModel, method: MethodModel, scope: Scope) -> ExceptionPlan:
        cls, name, converter = exception(self._converters, item, self._at(method), scope)
        has = method.results.has(item)
        if not has and not item.type.is_pointer:
            raise SchemaError(
                f"{self._at(method)}: {item.name}: an exception of {item.type} needs a Bool field "
                f"{item.has_name} beside it that says whether it was raised"
            )
        return ExceptionPlan(item, cls, name, converter, has)


def _call_names(item: FieldModel) -> list[str]:
    if item.count == 1:
        return [item.python_name]
    return [f"{item.python_name}{index}" for index in range(item.count)]


def unhidden(plan: MethodPlan, body: Sequence[str], imports: Imports) -> list[str]:
    """The body of the client's method, in which a builtin that a parameter hides has another name.

    Raises:
        SchemaError: if a parameter hides another function that the body calls.
    """
    lines = list(body)
    for item in plan.signature.parameters:
        call = re.compile(rf"(?<![\w.\"]){item.name}\(")
        if not any(call.search(line) for line in lines):
            continue
        if not hasattr(builtins, item.name):
            raise SchemaError(
                f"{plan.where}: parameter {item.name} hides the function of that name, which its proxy calls; "
                "it needs another name"
            )
        imports.reserve(item.name)
        alias = imports.add("builtins", item.name)
        lines = [call.sub(f"{alias}(", line) for line in lines]
    return lines
