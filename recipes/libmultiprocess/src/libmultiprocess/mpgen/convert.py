"""Which conversion fits an annotation and a schema type."""

import sys
import typing
from dataclasses import replace
from typing import Any

from libmultiprocess.mpgen import containers, objects, scalars
from libmultiprocess.mpgen.context import Context
from libmultiprocess.mpgen.converter import Converter, Mismatch, Scope
from libmultiprocess.mpgen.python_types import name_of
from libmultiprocess.wire.types import WireType


class Converters(Context):
    """Finds conversions for one generated module."""

    def converter(self, annotation: Any, wire: WireType, scope: Scope) -> Converter:
        """How a value annotated so becomes a field of type ``wire``.

        Raises:
            Mismatch: if it cannot.
        """
        annotation = self.evaluate(annotation, scope.namespace)
        custom = self.custom(annotation)
        if custom is not None:
            return scalars.hook(self, custom, wire)
        if isinstance(annotation, typing.NewType):
            return self._new_type(annotation, wire, scope)
        optional = self.optional(annotation)
        if optional is not None:
            return containers.optional(self, optional, wire, scope)
        found = self._object(annotation, wire, scope) or scalars.scalar(self, annotation, wire, scope)
        if found is None:
            raise Mismatch(f"{name_of(annotation)} does not fit {wire}")
        return found

    def _object(self, annotation: Any, wire: WireType, scope: Scope) -> Converter | None:
        origin, args = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
        if wire.kind == "interface":
            return objects.interface(self, annotation, wire, scope)
        if wire.kind == "list" and origin in containers.LISTS:
            return containers.sequence(self, containers.LISTS[origin], args, wire, scope)
        if wire.kind == "list" and origin in containers.DICTS:
            return containers.mapping(self, containers.DICTS[origin], args, wire, scope)
        if wire.kind == "struct" and origin is tuple:
            return containers.record(self, args, wire, scope)
        if wire.kind == "struct" and isinstance(annotation, type):
            return objects.struct(self, annotation, wire, scope)
        return None

    def _new_type(self, annotation: typing.NewType, wire: WireType, scope: Scope) -> Converter:
        namespace = {**scope.namespace, **_module_of(annotation)}
        inside = self.converter(annotation.__supertype__, wire, replace(scope, namespace=namespace))
        name = self.render(annotation, scope.namespace)
        return Converter(inside.build, lambda text: f"{name}({inside.read(text)})", empty=inside.empty)


def _module_of(annotation: typing.NewType) -> dict[str, Any]:
    module = sys.modules.get(str(annotation.__module__))
    return dict(vars(module)) if module is not None else {}
