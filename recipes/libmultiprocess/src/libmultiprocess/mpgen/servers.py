"""Writes the methods of proxy servers."""

from libmultiprocess.errors import SchemaError
from libmultiprocess.mpgen.converter import Mismatch
from libmultiprocess.mpgen.fields import FieldPlan, group_reads
from libmultiprocess.mpgen.methods import ExceptionPlan, MethodPlan
from libmultiprocess.mpgen.model import MethodModel
from libmultiprocess.mpgen.text import build_lines, call_lines, dict_lines, indented, with_connection


def server_method(plan: MethodPlan) -> list[str]:
    """One method, as lines of the class.

    Raises:
        SchemaError: if its parameters cannot be passed.
    """
    target = "self._impl" if plan.is_call else f"self._impl.{plan.method.python_name}"
    body = call_lines(f"result = {target}" if plan.results else target, _arguments(plan))
    if plan.exceptions:
        body = ["try:", *indented(body, 1)]
        for item in _specific_first(plan.exceptions):
            body += [f"except {item.class_name} as error:", *indented(_exception(item), 1)]
    maps = [f'{plan.connection}.set_thread_map(wire["{name}"])' for name in plan.in_maps]
    body = with_connection([*maps, *body, *_results(plan)], plan.connection)
    return ["", f"    def serve_{plan.method.python_name}(self, wire: Wire) -> Wire:", *indented(body, 2)]


def _arguments(plan: MethodPlan) -> list[str]:
    arguments = []
    for field, group in plan.params:
        names, by_name = [item.name for item in group], [item.keyword_only for item in group]
        try:
            arguments += group_reads(field, "wire", names, by_name)
        except Mismatch as error:
            raise SchemaError(f"{plan.where}: parameter {', '.join(names)}: {error}") from None
    return arguments


def _specific_first(exceptions: list[ExceptionPlan]) -> list[ExceptionPlan]:
    """Classes before those they derive from, which would catch them as well."""
    return sorted(exceptions, key=lambda item: -len(item.cls.__mro__))


def _exception(item: ExceptionPlan) -> list[str]:
    entries = [f'"{item.field.name}": {item.converter.build("error")}']
    if item.has:
        entries.append(f'"{item.has}": True')
    return dict_lines("return ", entries)


def _results(plan: MethodPlan) -> list[str]:
    texts = [f"result{name}" for name in plan.result_names] if len(plan.results) > 1 else ["result"]
    always: list[tuple[FieldPlan, list[str]]] = []
    wanted: list[str] = []
    for field, text in zip(plan.results, texts[: len(plan.results)], strict=True):
        want = plan.method.params.want(field.field)
        if not want:
            always.append((field, [text]))
            continue
        condition = f'wire["{want}"]'
        if field.absent_as_none:
            condition += f" and {text} is not None"
        wanted += [f"if {condition}:", *indented(field.statements("results", text), 1)]
    more = [f'"{name}": {plan.connection}.export_thread_map()' for name in plan.out_maps]
    lines = build_lines("results", always, more)
    if len(lines) == 1 and not wanted:
        return [lines[0].replace("results: Wire = ", "return ", 1)]
    return [*lines, *wanted, "return results"]


def construct_server(method: MethodModel) -> list[str]:
    """The peer's counterpart of the client's ``_construct``."""
    body = [
        f'self._connection.set_thread_map(wire["{item.name}"])' for item in method.params.fields if item.is_thread_map
    ]
    entries = [
        f'"{item.name}": self._connection.export_thread_map()' for item in method.results.fields if item.is_thread_map
    ]
    body += dict_lines("return ", entries)
    return ["", "    def serve_construct(self, wire: Wire) -> Wire:", *indented(body, 2)]
