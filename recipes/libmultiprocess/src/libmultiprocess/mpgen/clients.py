"""Writes the methods of proxy clients."""

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.convert import Converters
from libmultiprocess.mpgen.converter import Mismatch
from libmultiprocess.mpgen.literals import default_text
from libmultiprocess.mpgen.methods import MethodPlan, unhidden
from libmultiprocess.mpgen.model import MethodModel
from libmultiprocess.mpgen.text import build_lines, call_lines, dict_lines, indented, with_connection


def client_method(converters: Converters, plan: MethodPlan) -> list[str]:
    """One method, as lines of the class.

    Raises:
        SchemaError: if its signature cannot be written down.
    """
    try:
        header, returns = _header(converters, plan)
    except Mismatch as error:
        raise SchemaError(f"{plan.where}: {error}") from None
    body = with_connection([*_call(plan), *_raises(plan), *_return(plan, returns)], plan.connection)
    return ["", *indented(header, 1), *indented(unhidden(plan, body, converters.imports), 2)]


def _header(converters: Converters, plan: MethodPlan) -> tuple[list[str], str]:
    """The ``def`` line and the rendered return type."""
    signature = plan.signature
    parts = ["self"]
    keyword_only = positional_only = False
    for item in signature.parameters:
        if positional_only and not item.positional_only:
            parts.append("/")
        if item.keyword_only and not keyword_only:
            parts.append("*")
        keyword_only, positional_only = item.keyword_only, item.positional_only
        text = f"{item.name}: {converters.render(item.annotation, signature.namespace)}"
        try:
            default = default_text(item.default, converters.imports)
        except ValueError as error:
            raise SchemaError(f"{plan.where}: parameter {item.name}: its default {error}") from None
        parts.append(text if default is None else f"{text} = {default}")
    if positional_only:
        parts.append("/")
    returns = converters.render(signature.returns, signature.namespace)
    name = "__call__" if plan.is_call else plan.method.python_name
    line = f"def {name}({', '.join(parts)}) -> {returns}:"
    if len(line) > 116:
        return [f"def {name}(", *(f"    {part}," for part in parts), f") -> {returns}:"], returns
    return [line], returns


def _call(plan: MethodPlan) -> list[str]:
    build = [(field, [item.name for item in group]) for field, group in plan.params]
    wants = (plan.method.params.want(item) for item in plan.method.results.fields)
    more = [f'"{want}": True' for want in wants if want]
    more += [f'"{name}": {plan.connection}.export_thread_map()' for name in plan.in_maps]
    wire = plan.local("wire")
    target = ""
    if plan.results or plan.exceptions or plan.out_maps:
        target = f"{plan.local('results')} = "
    call = f'{target}self._call("{plan.method.name}", '
    lines = build_lines(wire, build, more)
    start = f"{wire}: Wire = "
    if len(lines) == 1:
        inline = call + lines[0].removeprefix(start) + ")"
        if len(inline) <= 112:
            lines = [inline]
        else:
            lines.append(f"{call}{wire})")
    else:
        lines.append(f"{call}{wire})")
    return [*lines, *_thread_maps(plan)]


def _thread_maps(plan: MethodPlan) -> list[str]:
    results = plan.local("results")
    return [f'{plan.connection}.set_thread_map({results}["{name}"])' for name in plan.out_maps]


def _raises(plan: MethodPlan) -> list[str]:
    lines = []
    results = plan.local("results")
    for item in plan.exceptions:
        value = f'{results}["{item.field.name}"]'
        condition = f'{results}["{item.has}"]' if item.has else f"{value} is not None"
        lines += [f"if {condition}:", f"    raise {item.converter.read(value)}"]
    return lines


def _return(plan: MethodPlan, returns: str) -> list[str]:
    results = plan.local("results")
    reads = [field.read(results) for field in plan.results]
    if not reads:
        return []
    if len(reads) > 1:
        if plan.result_class:
            reads = [f"{name[1:]}={read}" for name, read in zip(plan.result_names, reads, strict=True)]
        return call_lines(f"return {plan.result_class}" if plan.result_class else "return ", reads)
    if reads[0] == f'{results}["{plan.results[0].field.name}"]':
        # A message value has no static type; giving it one here keeps callers checked.
        value = plan.local("result")
        return [f"{value}: {returns} = {reads[0]}", f"return {value}"]
    return [f"return {reads[0]}"]


def construct_client(method: MethodModel) -> list[str]:
    """What the first proxy of a connection does before any other call."""
    params = [
        f'"{item.name}": self._connection.export_thread_map()' for item in method.params.fields if item.is_thread_map
    ]
    maps = [item.name for item in method.results.fields if item.is_thread_map]
    body = dict_lines(f'{"results = " if maps else ""}self._call("construct", ', params, ")")
    body += [f'self._connection.set_thread_map(results["{name}"])' for name in maps]
    return ["", "    def _construct(self) -> None:", *indented(body, 2)]
