"""Writes the Python module for one schema file."""

import enum
import inspect
from typing import Any

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.convert import Context, Converter, Mismatch, default_text, struct_plan, wrapped_class
from libmultiprocess.mpgen.model import (
    FieldModel,
    FieldsModel,
    FileModel,
    InterfaceModel,
    MethodModel,
    NodeModel,
    StructModel,
    python_name,
)
from libmultiprocess.mpgen.python_types import Parameter, Signature, location, optional_of, signature_of

_BASE_METHODS = frozenset(vars(object))


class ModuleWriter:
    """Makes the text of one generated module.

    Args:
        model: the schema file.
        nodes: wrapped nodes of all files by schema id.
        import_prefix: package of the generated modules.
        annotation_names: annotation ids of proxy.capnp.
    """

    def __init__(
        self, model: FileModel, nodes: dict[int, NodeModel], import_prefix: str, annotation_names: dict[int, str]
    ) -> None:
        self._model = model
        self._nodes = nodes
        self._context = Context(model, nodes, import_prefix, annotation_names)

    def write(self) -> str:
        """The module's text.

        Raises:
            SchemaError: if schema and classes do not fit together.
        """
        bodies = [self._struct(struct) for struct in self._model.structs]
        for interface in self._in_order(self._model.interfaces):
            bodies.append(self._interface(interface))
        imports = self._context.imports
        imports.add("pathlib", "Path")
        imports.add("typing", "Any")
        if bodies:
            imports.add("libmultiprocess", "Connection")
            imports.add("libmultiprocess", "Wire")
        imports.add("libmultiprocess", "load_schema")
        head = [
            f'"""Proxies for {self._model.path.name}, written by mpgen: edits are lost at the next build."""\n',
            *imports.lines(),
            "",
            f'_SCHEMA: Any = load_schema(Path(__file__).with_name("{self._model.path.name}"))',
        ]
        return "\n".join(head) + "\n\n\n" + "\n\n".join(bodies).rstrip("\n") + "\n"

    def _in_order(self, interfaces: list[InterfaceModel]) -> list[InterfaceModel]:
        """Base interfaces before those that extend them."""
        ids = {item.schema.node.id: item for item in interfaces}
        done: dict[int, InterfaceModel] = {}

        def visit(item: InterfaceModel) -> None:
            for parent in item.schema.superclasses:
                if parent.node.id in ids:
                    visit(ids[parent.node.id])
            done.setdefault(item.schema.node.id, item)

        for item in interfaces:
            visit(item)
        return list(done.values())

    def _schema_path(self, node: NodeModel) -> str:
        return "_SCHEMA." + ".".join(node.path)

    # Structs.

    def _struct(self, struct: StructModel) -> str:
        cls = wrapped_class(struct)
        class_name = self._context._render_class(cls)
        reader = self._context.imports.add("libmultiprocess", "struct_codec")
        name = python_name(struct.name)
        namespace = self._class_namespace(cls)
        plain: list[str] = []
        optional: list[str] = []
        reads = []
        for item, member, annotation in struct_plan(cls, struct.members, struct.where):
            where = f"{struct.where}: {struct.name}.{item.name} / {cls.__qualname__}.{member} ({location(cls)})"
            converter, has = self._converter(item, struct.members, annotation, namespace, where)
            self._build(plain, optional, item, has, converter, f"value.{member}")
            reads.append(self._read(item, has, converter, "wire"))
        lines = [
            f"_{name.upper()} = {reader}({self._schema_path(struct)}.schema)",
            "",
            "",
            f"def build_{name}(value: {class_name}, connection: Connection) -> Wire:",
            f'    """{class_name} as a message value."""',
            *self._build_lines("wire", plain, optional),
            "    return wire",
            "",
            "",
            f"def read_{name}(wire: Wire | None, connection: Connection) -> {class_name}:",
            f'    """The inverse of `build_{name}`; None stands for a struct of defaults."""',
        ]
        if reads:
            lines += ["    if wire is None:", f"        wire = _{name.upper()}.defaults()"]
            lines += [f"    return {class_name}(", *(f"        {text}," for text in reads), "    )"]
        else:
            lines.append(f"    return {class_name}()")
        return "\n".join(lines) + "\n"

    def _class_namespace(self, cls: Any) -> dict[str, Any]:
        module = inspect.getmodule(cls)
        return dict(vars(module)) if module is not None else {}

    def _converter(
        self, item: FieldModel, fields: FieldsModel, annotation: Any, namespace: dict[str, Any], where: str
    ) -> tuple[Converter, str]:
        """The converter of a field, and the name of the Bool beside it if that is how it is optional."""
        try:
            resolved = self._context.evaluate(annotation, namespace)
            inner = None if self._context.custom(resolved) else optional_of(resolved)
            if inner is not None and fields.has(item):
                return self._context.converter(inner, item.type, namespace), item.has_name
            return self._context.converter(resolved, item.type, namespace), ""
        except Mismatch as error:
            raise SchemaError(f"{where}: {error}") from None

    @staticmethod
    def _build(
        plain: list[str], optional: list[str], item: FieldModel, has: str, converter: Converter, text: str
    ) -> None:
        if has or converter.nullable:
            optional.append(f"if {text} is not None:")
            optional.append(f'    WIRE["{item.name}"] = {converter.build(text)}')
            if has:
                optional.append(f'    WIRE["{has}"] = True')
        else:
            plain.append(f'"{item.name}": {converter.build(text)}')

    @staticmethod
    def _build_lines(variable: str, plain: list[str], optional: list[str]) -> list[str]:
        line = f"    {variable}: Wire = {{{', '.join(plain)}}}"
        if len(line) > 118:
            line = f"    {variable}: Wire = {{\n" + "".join(f"        {text},\n" for text in plain) + "    }"
        return [line, *("    " + text.replace("WIRE[", variable + "[") for text in optional)]

    @staticmethod
    def _read(item: FieldModel, has: str, converter: Converter, variable: str) -> str:
        text = f'{variable}["{item.name}"]'
        if has:
            return f'{converter.read_field(text)} if {variable}["{has}"] else None'
        return converter.read_field(text)

    # Interfaces.

    def _interface(self, interface: InterfaceModel) -> str:
        cls = wrapped_class(interface)
        is_callable = not isinstance(cls, type)
        imports = self._context.imports
        method_class = imports.add("libmultiprocess", "Method")
        client_base = imports.add("libmultiprocess", "ProxyClient")
        server_base = imports.add("libmultiprocess", "ProxyServer")
        class_var = imports.add("typing", "ClassVar")
        name = interface.name
        table = f"_{python_name(name).upper()}_METHODS"
        path = self._schema_path(interface)
        parents = [self._parent(parent, interface) for parent in interface.schema.superclasses]
        type_name = self._context.render(cls, self._class_namespace(cls))
        called = self._called_methods(interface, cls, parents)
        client_lines, server_lines, run = [], [], []
        for method, signature in called:
            client_lines += self._client_method(interface, method, signature, is_callable)
            server_lines += self._server_method(interface, method, signature, is_callable)
            run.append(f'        "{method.name}": serve_{method.python_name},')
        if any(method.name == "construct" for method in interface.methods):
            construct = next(method for method in interface.methods if method.name == "construct")
            client_lines += self._construct_client(construct)
            server_lines += self._construct_server(construct)
            run.append('        "construct": serve_construct,')
        destroy = next((method for method in interface.methods if method.name == "destroy"), None)
        lines = [f"{table} = {{"]
        for parent in parents:
            lines.append(f"    **{self._context.generated(parent, f'{parent.name}Client')}._methods,")
        for method in interface.methods:
            lines.append(
                f'    "{method.name}": {method_class}({path}.schema, "{name}", "{method.name}", '
                f"has_context={method.has_context}),"
            )
        lines += ["}", "", ""]
        # The abstract class comes last, so that the generated methods win.
        client_parents = [self._context.generated(parent, f"{parent.name}Client") for parent in parents]
        bases = [*(client_parents or [client_base])]
        if not is_callable:
            bases.append(type_name)
        lines += [
            f"class {name}Client({', '.join(bases)}):",
            f'    """{self._article(type_name)} in another process."""',
            "",
            f"    _interface: {class_var}[Any] = {path}.schema",
            f"    _methods = {table}",
            *client_lines,
            "",
            "",
            f"class {name}Server({server_base}[{type_name}]):",
            f'    """Lets another process call {self._article(type_name).lower()} of this one."""',
            "",
            f"    interface: {class_var}[Any] = {path}.schema",
            f"    _methods = {table}",
        ]
        if destroy is not None and "name" in destroy.annotations:
            self._check_hook(interface, destroy, cls)
            lines.append(f'    _on_destroy = "{destroy.annotations["name"]}"')
        lines += server_lines
        inherited = [
            f"        **{self._context.generated(parent, f'{parent.name}Server')}._run,  # type: ignore[dict-item]"
            for parent in parents
        ]
        if run or inherited:
            lines += ["", "    _run = {", *inherited, *run, "    }"]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _article(type_name: str) -> str:
        return ("An " if type_name[:1] in "AEIOUaeiou" else "A ") + type_name

    def _check_hook(self, interface: InterfaceModel, destroy: MethodModel, cls: Any) -> None:
        name = destroy.annotations["name"]
        if not hasattr(cls, name):
            raise SchemaError(
                f"{self._model.path}:{destroy.line}: {interface.name}.destroy names {name}, "
                f"which {cls.__qualname__} ({location(cls)}) does not have"
            )

    def _parent(self, schema: Any, interface: InterfaceModel) -> NodeModel:
        node = self._nodes.get(schema.node.id)
        if node is None:
            raise SchemaError(f"{interface.where}: {interface.name} extends an interface without a $Proxy.wrap")
        return node

    def _called_methods(
        self, interface: InterfaceModel, cls: Any, parents: list[NodeModel]
    ) -> list[tuple[MethodModel, Signature]]:
        """The interface's methods with their Python signatures, checked for completeness in both directions."""
        methods = [item for item in interface.methods if item.name not in ("destroy", "construct")]
        if not isinstance(cls, type):
            if [item.name for item in methods] != ["call"]:
                raise SchemaError(f"{interface.where}: {interface.name} wraps a Callable, so it has one method, call")
            return [(methods[0], self._callable_signature(methods[0], cls, interface))]
        found = []
        for method in methods:
            function = inspect.getattr_static(cls, method.python_name, None)
            where = f"{self._model.path}:{method.line}"
            if function is None and method.reserved:
                continue
            if not inspect.isfunction(function):
                raise SchemaError(
                    f"{where}: {interface.name}.{method.name} has no method {method.python_name} "
                    f"in {cls.__qualname__} ({location(cls)})"
                )
            found.append((method, signature_of(function)))
        covered = {method.python_name for method, _ in found}
        for parent in parents:
            covered |= {item for item in dir(wrapped_class(parent)) if not item.startswith("__")}
        for name in sorted(getattr(cls, "__abstractmethods__", frozenset())):
            if name not in covered:
                function = inspect.getattr_static(cls, name)
                raise SchemaError(
                    f"{location(function)}: {cls.__qualname__}.{name} has no method in interface "
                    f"{interface.name} ({interface.where})"
                )
        return found

    def _callable_signature(self, method: MethodModel, cls: Any, interface: InterfaceModel) -> Signature:
        import typing

        params, returns = typing.get_args(cls)
        fields = method.params.visible()
        if len(params) != len(fields):
            raise SchemaError(
                f"{self._model.path}:{method.line}: {interface.name}.call has {len(fields)} parameters, "
                f"{interface.wrap} has {len(params)}"
            )
        parameters = tuple(
            Parameter(item.python_name, annotation, inspect.Parameter.empty, False)
            for item, annotation in zip(fields, params, strict=True)
        )
        return Signature(parameters, returns, interface.where, {})

    def _pairs(
        self, interface: InterfaceModel, method: MethodModel, signature: Signature
    ) -> list[tuple[FieldModel, Parameter]]:
        where = f"{self._model.path}:{method.line}: {interface.name}.{method.name} / {signature.where}"
        fields = {item.python_name: item for item in method.params.visible()}
        parameters = {item.name: item for item in signature.parameters}
        for name in parameters:
            if name not in fields:
                raise SchemaError(f"{where}: parameter {name} is missing in the schema")
        for name, item in fields.items():
            if name not in parameters:
                raise SchemaError(f"{where}: schema parameter {item.name} has no Python parameter {name}")
        return [(fields[name], parameter) for name, parameter in parameters.items()]

    def _header(self, name: str, signature: Signature) -> tuple[list[str], str]:
        """The ``def`` line of a client method and the rendered return type."""
        parts = ["self"]
        keyword_only = False
        for item in signature.parameters:
            if item.keyword_only and not keyword_only:
                keyword_only = True
                parts.append("*")
            text = f"{item.name}: {self._context.render(item.annotation, signature.namespace)}"
            default = default_text(item.default)
            if isinstance(item.default, enum.Enum):
                default = f"{self._context._render_class(type(item.default))}.{item.default.name}"
            if default is not None:
                text += f" = {default}"
            elif item.default is not inspect.Parameter.empty:
                raise SchemaError(f"{signature.where}: the default of {item.name} cannot be written down")
            parts.append(text)
        returns = self._context.render(signature.returns, signature.namespace)
        line = f"    def {name}({', '.join(parts)}) -> {returns}:"
        if len(line) > 120:
            return [f"    def {name}(", *(f"        {part}," for part in parts), f"    ) -> {returns}:"], returns
        return [line], returns

    def _results(
        self, interface: InterfaceModel, method: MethodModel, signature: Signature
    ) -> tuple[list[tuple[FieldModel, Converter, str]], bool]:
        """Result fields with converters, and whether Python sees them as a tuple."""
        import typing

        where = f"{self._model.path}:{method.line}: {interface.name}.{method.name} / {signature.where}"
        try:
            returns = self._context.evaluate(signature.returns, signature.namespace)
        except Mismatch as error:
            raise SchemaError(f"{where}: result: {error}") from None
        fields = method.results.visible()
        if returns is None or returns is type(None):
            if fields:
                raise SchemaError(f"{where}: returns None, but the schema has results")
            return [], False
        if not fields:
            raise SchemaError(f"{where}: returns a value, but the schema has no result")
        annotations: tuple[Any, ...] = (returns,)
        if len(fields) > 1:
            annotations = typing.get_args(returns) if typing.get_origin(returns) is tuple else ()
            if len(annotations) != len(fields):
                raise SchemaError(f"{where}: the schema has {len(fields)} results, so a tuple of as many is returned")
        found = []
        for item, annotation in zip(fields, annotations, strict=True):
            at = f"{where}: result {item.name}"
            found.append((item, *self._converter(item, method.results, annotation, signature.namespace, at)))
        return found, len(fields) > 1

    @staticmethod
    def _local(wanted: str, signature: Signature) -> str:
        taken = {item.name for item in signature.parameters}
        while wanted in taken:
            wanted += "_"
        return wanted

    def _client_method(
        self, interface: InterfaceModel, method: MethodModel, signature: Signature, is_callable: bool
    ) -> list[str]:
        try:
            header, _ = self._header("__call__" if is_callable else method.python_name, signature)
        except Mismatch as error:
            where = f"{self._model.path}:{method.line}: {interface.name}.{method.name} / {signature.where}"
            raise SchemaError(f"{where}: {error}") from None
        wire, results = self._local("wire", signature), self._local("results", signature)
        plain: list[str] = []
        optional: list[str] = []
        for item, parameter in self._pairs(interface, method, signature):
            where = f"{self._model.path}:{method.line}: {interface.name}.{method.name} / {signature.where}"
            at = f"{where}: parameter {parameter.name}"
            converter, has = self._converter(item, method.params, parameter.annotation, signature.namespace, at)
            self._build(plain, optional, item, has, converter, parameter.name)
        for item in method.params.fields:
            if item.is_thread_map:
                plain.append(f'"{item.name}": connection.export_thread_map()')
        found, many = self._results(interface, method, signature)
        body = self._build_lines(wire, plain, optional)
        exceptions = [item for item in method.results.fields if "exception" in item.annotations]
        thread_maps = [item for item in method.results.fields if item.is_thread_map]
        call = f'self._call("{method.name}", {wire})'
        if not optional and len(body[0]) < 100 and "\n" not in body[0]:
            call = f'self._call("{method.name}", {{{", ".join(plain)}}})'
            body = []
        body.append(f"    {results} = {call}" if found or exceptions or thread_maps else f"    {call}")
        for item in thread_maps:
            body.append(f'    connection.set_thread_map({results}["{item.name}"])')
        for item in exceptions:
            _, converter = self._context.exception(item, f"{self._model.path}:{method.line}")
            value = f'{results}["{item.name}"]'
            body += [f"    if {value} is not None:", f"        raise {converter.read(value)}"]
        reads = [self._read(item, has, converter, results) for item, converter, has in found]
        if many:
            body.append("    return (" + ", ".join(reads) + ")")
        elif reads:
            text, type_text = reads[0], self._context.render(signature.returns, signature.namespace)
            if text == f'{results}["{found[0][0].name}"]':
                # A message value has no static type; giving it one here keeps callers checked.
                value = self._local("result", signature)
                body += [f"    {value}: {type_text} = {text}", f"    return {value}"]
            else:
                body.append(f"    return {text}")
        if any("connection" in line for line in body):
            body.insert(0, "    connection = self._connection")
        return ["", *header, *("    " + line.replace("\n", "\n    ") for line in body)]

    def _server_method(
        self, interface: InterfaceModel, method: MethodModel, signature: Signature, is_callable: bool
    ) -> list[str]:
        where = f"{self._model.path}:{method.line}: {interface.name}.{method.name} / {signature.where}"
        arguments = []
        for item, parameter in self._pairs(interface, method, signature):
            at = f"{where}: parameter {parameter.name}"
            converter, has = self._converter(item, method.params, parameter.annotation, signature.namespace, at)
            text = self._read(item, has, converter, "wire")
            arguments.append(f"{parameter.name}={text}" if parameter.keyword_only else text)
        found, many = self._results(interface, method, signature)
        target = "self._impl" if is_callable else f"self._impl.{method.python_name}"
        call = f"{target}({', '.join(arguments)})"
        if len(call) > 95:
            call = f"{target}(\n" + "".join(f"        {argument},\n" for argument in arguments) + "    )"
        body = [f"    result = {call}" if found else f"    {call}"]
        exceptions = [item for item in method.results.fields if "exception" in item.annotations]
        if exceptions:
            body = ["    try:", *("    " + line.replace("\n", "\n    ") for line in body)]
            for item in exceptions:
                class_name, converter = self._context.exception(item, f"{self._model.path}:{method.line}")
                body += [
                    f"    except {class_name} as error:",
                    f'        return {{"{item.name}": {converter.build("error")}}}',
                ]
        plain: list[str] = []
        optional: list[str] = []
        for index, (item, converter, has) in enumerate(found):
            self._build(plain, optional, item, has, converter, f"result[{index}]" if many else "result")
        for item in method.params.fields:
            if item.is_thread_map:
                body.insert(0, f'    connection.set_thread_map(wire["{item.name}"])')
        for item in method.results.fields:
            if item.is_thread_map:
                plain.append(f'"{item.name}": connection.export_thread_map()')
        if optional:
            body += [*self._build_lines("results", plain, optional), "    return results"]
        else:
            body.append(f"    return {{{', '.join(plain)}}}")
        if any("connection" in line for line in body):
            body.insert(0, "    connection = self._connection")
        name = f"serve_{method.python_name}"
        header = ["", f"    def {name}(self, wire: Wire) -> Wire:"]
        return header + ["    " + line.replace("\n", "\n    ") for line in body]

    def _construct_client(self, method: MethodModel) -> list[str]:
        lines = ["", "    def _construct(self) -> None:"]
        params = [
            f'"{item.name}": self._connection.export_thread_map()'
            for item in method.params.fields
            if item.is_thread_map
        ]
        maps = [item.name for item in method.results.fields if item.is_thread_map]
        call = f'self._call("construct", {{{", ".join(params)}}})'
        lines.append(f"        results = {call}" if maps else f"        {call}")
        lines += [f'        self._connection.set_thread_map(results["{name}"])' for name in maps]
        return lines

    def _construct_server(self, method: MethodModel) -> list[str]:
        lines = ["", "    def serve_construct(self, wire: Wire) -> Wire:"]
        for item in method.params.fields:
            if item.is_thread_map:
                lines.append(f'        self._connection.set_thread_map(wire["{item.name}"])')
        results = [
            f'"{item.name}": self._connection.export_thread_map()'
            for item in method.results.fields
            if item.is_thread_map
        ]
        return [*lines, f"        return {{{', '.join(results)}}}"]
