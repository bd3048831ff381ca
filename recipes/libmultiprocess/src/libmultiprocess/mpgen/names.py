"""Names in a generated module."""

import re
import sys

_LINE_LENGTH = 120


class Imports:
    """Names that a generated module takes from elsewhere."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}
        self._owners: dict[str, str] = {}

    def reserve(self, name: str) -> str:
        """Keep a name for the generated module itself."""
        self._owners[name] = ""
        return name

    def add(self, module: str, name: str) -> str:
        """Import ``name``, which may be dotted, and return how to write it.

        The second of two modules that define the same name gives it under an alias.
        """
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
        lines: list[str] = []
        words = set(re.findall(r"\w+", text))
        used = sorted(module for module, names in self._names.items() if not words.isdisjoint(names.values()))
        standard = [name for name in used if name.partition(".")[0] in sys.stdlib_module_names]
        others = [name for name in used if name not in standard]
        for module in (*standard, "", *others):
            if not module:
                lines.append("")
                continue
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
