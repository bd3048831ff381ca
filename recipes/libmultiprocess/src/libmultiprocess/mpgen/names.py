"""Names in a generated module."""

import re
import sys

_LINE_LENGTH = 120


class Imports:
    """Names that a generated module takes from elsewhere."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}
        self._owners: dict[str, str] = {}
        self._late: set[str] = set()

    def reserve(self, name: str) -> str:
        """Keep a name for the generated module itself."""
        self._owners[name] = ""
        return name

    def add(self, module: str, name: str, late: bool = False) -> str:
        """Import ``name``, which may be dotted, and return how to write it.

        The second of two modules that define the same name gives it under an alias.

        Args:
            module: where it is defined.
            name: what to import.
            late: whether only functions use the module, which is imported at the end.
        """
        if late:
            self._late.add(module)
        top, dot, rest = name.partition(".")
        known = self._names.setdefault(module, {})
        if top not in known:
            known[top] = self._free(top, module)
            self._owners[known[top]] = module
        return known[top] + dot + rest

    def _free(self, name: str, module: str) -> str:
        wanted = name
        while self._owners.get(wanted, module) != module:
            wanted = f"{module.rpartition('.')[2]}_{wanted}"
        return wanted

    def lines(self, text: str) -> list[str]:
        """Import statements for what ``text`` uses, the standard library's first."""
        words = set(re.findall(r"\w+", text))
        used = [module for module in self._used(words) if module not in self._late]
        standard = [name for name in used if name.partition(".")[0] in sys.stdlib_module_names]
        others = [name for name in used if name not in standard]
        return [*self._lines(standard, words), "", *self._lines(others, words)]

    def late_lines(self, text: str) -> list[str]:
        """Import statements for what only functions in ``text`` use."""
        words = set(re.findall(r"\w+", text))
        return self._lines([module for module in self._used(words) if module in self._late], words)

    def _used(self, words: set[str]) -> list[str]:
        return sorted(module for module, names in self._names.items() if not words.isdisjoint(names.values()))

    def _lines(self, modules: list[str], words: set[str]) -> list[str]:
        lines: list[str] = []
        for module in modules:
            names = [
                name if name == alias else f"{name} as {alias}"
                for name, alias in sorted(self._names[module].items())
                if alias in words
            ]
            line = f"from {module} import {', '.join(names)}"
            if len(line) > _LINE_LENGTH:
                line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
            lines.append(line)
        return lines
