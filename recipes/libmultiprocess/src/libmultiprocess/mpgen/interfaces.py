"""Writes the client and the server class for an interface."""

from typing import Any

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.clients import client_method, construct_client
from libmultiprocess.mpgen.context import names_of, wrapped_class
from libmultiprocess.mpgen.convert import Converters
from libmultiprocess.mpgen.methods import MethodPlan, MethodPlanner
from libmultiprocess.mpgen.model import InterfaceModel, python_name
from libmultiprocess.mpgen.python_types import location
from libmultiprocess.mpgen.servers import construct_server, server_method


class InterfaceWriter:
    """Makes the text for one interface.

    Args:
        converters: of the generated module.
        interface: the interface.
    """

    def __init__(self, converters: Converters, interface: InterfaceModel) -> None:
        self._converters = converters
        self._interface = interface
        self._class: Any = wrapped_class(interface)
        self._parents = [self._parent(schema) for schema in interface.schema.superclasses]
        self._table = f"_{python_name(interface.name).upper()}_METHODS"

    def write(self) -> str:
        """The method table, the client class and the server class.

        Raises:
            SchemaError: if interface and class do not fit together.
        """
        self._check_ambiguous()
        self._check_bases()
        plans = MethodPlanner(self._converters, self._interface, self._parents).plans()
        lines = [*self._method_table(), "", "", *self._client(plans), "", "", *self._server(plans)]
        return "\n".join(lines) + "\n"

    def _parent(self, schema: Any) -> InterfaceModel:
        node = self._converters.node_of(schema)
        if not isinstance(node, InterfaceModel):
            interface = self._interface
            raise SchemaError(
                f"{interface.where}: {interface.name} extends {schema.node.displayName}, "
                "which has no $Proxy.wrap in the files of this run"
            )
        return node

    def _ancestors(self) -> dict[int, InterfaceModel]:
        found: dict[int, InterfaceModel] = {}

        def visit(interface: InterfaceModel) -> None:
            for schema in interface.schema.superclasses:
                node = self._converters.node_of(schema)
                if isinstance(node, InterfaceModel) and node.id not in found:
                    found[node.id] = node
                    visit(node)

        visit(self._interface)
        return found

    def _check_bases(self) -> None:
        for parent in self._parents:
            if self._converters.in_cycle(parent):
                raise SchemaError(
                    f"{self._interface.where}: {self._interface.name} extends {parent.name} ({parent.where}), "
                    "whose file imports this one; put both interfaces into one file"
                )
            base = wrapped_class(parent)
            if not (isinstance(self._class, type) and isinstance(base, type) and issubclass(self._class, base)):
                raise SchemaError(
                    f"{self._interface.where}: {self._interface.name} extends {parent.name} ({parent.where}), "
                    f"so {self._interface.wrap} ({location(self._class)}) must derive from {parent.wrap}"
                )

    def _check_ambiguous(self) -> None:
        """Methods are called by name, so each name is one method; every object has one destructor."""
        owners: dict[str, InterfaceModel] = {}
        for owner in (self._interface, *self._ancestors().values()):
            for method in owner.methods:
                other = owners.setdefault(method.name, owner)
                if other is not owner and method.name not in ("destroy", "construct"):
                    raise SchemaError(
                        f"{self._interface.where}: {self._interface.name} has two methods {method.name}: that of "
                        f"{other.name} ({other.where}) and that of {owner.name} ({owner.where})"
                    )

    def _generated(self, node: InterfaceModel, suffix: str) -> str:
        return self._converters.generated(node, node.name + suffix)

    @property
    def _schema(self) -> str:
        return f"_SCHEMA.{'.'.join(self._interface.path)}.schema"

    def _method_table(self) -> list[str]:
        name = self._interface.name
        method_class = self._converters.imports.add("libmultiprocess", "Method")
        inherited = [f"    **{self._generated(parent, 'Client')}._methods," for parent in self._parents]
        own = [
            f'    "{method.name}": {method_class}({self._schema}, "{name}", "{method.name}", '
            f"has_context={method.has_context}),"
            for method in self._interface.methods
        ]
        return (
            [f"{self._table} = {{", *inherited, *own, "}"]
            if inherited or own
            else [f"{self._table}: dict[str, {method_class}] = {{}}"]
        )

    def _type_name(self) -> str:
        return self._converters.render(self._class, names_of(self._class))

    def _client(self, plans: list[MethodPlan]) -> list[str]:
        imports = self._converters.imports
        class_var = imports.add("typing", "ClassVar")
        type_name = self._type_name()
        bases = [self._generated(parent, "Client") for parent in self._parents]
        bases = bases or [imports.add("libmultiprocess", "ProxyClient")]
        if isinstance(self._class, type):
            # It comes last, so that the generated methods win.
            bases.append(type_name)
        lines = [
            f"class {self._interface.name}Client({', '.join(bases)}):",
            f'    """{_article(type_name)} in another process."""',
            "",
            f"    _interface: {class_var}[Any] = {self._schema}",
            f"    _methods = {self._table}",
        ]
        for plan in plans:
            lines += client_method(self._converters, plan)
        construct = self._interface.method("construct")
        return lines if construct is None else lines + construct_client(construct)

    def _server(self, plans: list[MethodPlan]) -> list[str]:
        imports = self._converters.imports
        class_var = imports.add("typing", "ClassVar")
        type_name = self._type_name()
        article = _article(type_name)
        lines = [
            f"class {self._interface.name}Server({imports.add('libmultiprocess', 'ProxyServer')}[{type_name}]):",
            f'    """Lets another process call {article[0].lower()}{article[1:]} of this one."""',
            "",
            f"    interface: {class_var}[Any] = {self._schema}",
            f"    _methods = {self._table}",
        ]
        hook = self._destroy_hook()
        if hook:
            lines.append(f'    _on_destroy = "{hook}"')
        run = [f"        **{self._generated(parent, 'Server')}._run," for parent in self._parents]
        for plan in plans:
            lines += server_method(plan)
            run.append(f'        "{plan.method.name}": serve_{plan.method.python_name},')
        construct = self._interface.method("construct")
        if construct is not None:
            lines += construct_server(construct)
            run.append('        "construct": serve_construct,')
        if run:
            mapping, function = (imports.add("collections.abc", name) for name in ("Mapping", "Callable"))
            lines += ["", f"    _run: {class_var}[{mapping}[str, {function}[..., Wire]]] = {{", *run, "    }"]
        return lines

    def _destroy_hook(self) -> str:
        """The method to call on an object that is no longer held; an inherited one counts."""
        for owner in (self._interface, *self._ancestors().values()):
            destroy = owner.method("destroy")
            name = "" if destroy is None else str(destroy.annotations.get("name", ""))
            if destroy is None or not name:
                continue
            if not hasattr(self._class, name):
                raise SchemaError(
                    f"{owner.file.path}:{destroy.line}: {owner.name}.destroy names {name}, "
                    f"which {self._class.__qualname__} ({location(self._class)}) does not have"
                )
            return name
        return ""


def _article(type_name: str) -> str:
    return ("An " if type_name[:1] in "AEIOUaeiou" else "A ") + type_name
