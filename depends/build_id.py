"""Build ids: a package is built again exactly when something it is made from changed."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a package's binaries depend on.

    Attributes:
        version: Version of the package.
        recipe: SHA-256 of the recipe.
        source: SHA-256 of the source, or "" when the source is in the tree and part of `recipe`.
        options: Options that change the binaries.
        host: Host triplet.
        compiler: Identity of the compiler.
        python: ABI of the Python it is built for, or "".
        tools: SHA-256 of the pins of the build tools.
        requires: Build ids of the packages it is built against.
    """

    version: str
    recipe: str
    source: str
    options: str
    host: str
    compiler: str
    python: str
    tools: str
    requires: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; `from_json` reads it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Inputs":
        """Reads what `to_json` wrote.

        Raises:
            TypeError: A member is missing or unknown, as it is after a change of this class.
        """
        return cls(**data)


def build_id(inputs: Inputs) -> str:
    """Returns 20 hex digits that identify the build."""
    text = json.dumps(inputs.to_json(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def explain(old: Inputs | None, new: Inputs) -> str:
    """Says in a few words why `new` has to be built where `old` was there."""
    if old is None:
        return "not built yet"
    reasons = []
    for field, before in old.to_json().items():
        after = new.to_json()[field]
        if before == after:
            continue
        if field == "requires":
            changed = sorted(name for name in after if before.get(name) != after[name])
            reasons.append(f"{', '.join(changed) or 'a requirement'} changed")
        elif field in ("recipe", "source", "tools"):
            reasons.append({"recipe": "recipe", "source": "source", "tools": "build tools"}[field] + " changed")
        elif field == "compiler":
            reasons.append("compiler changed " + _compiler_change(before, after))
        else:
            reasons.append(f"{field} changed {before or 'none'} → {after or 'none'}")
    return "; ".join(reasons) or "its files are missing"


def _compiler_change(before: str, after: str) -> str:
    """The shortest text that shows a difference between two compiler identities."""
    pattern = re.compile(r"^(?P<kind>\S+) (?P<version>\S+) \[(?P<detail>.*)\]$", re.DOTALL)
    old, new = pattern.match(before), pattern.match(after)
    if old is None or new is None:
        return f"{before} → {after}"
    if old["kind"] != new["kind"]:
        return f"{old['kind']} {old['version']} → {new['kind']} {new['version']}"
    if old["version"] != new["version"]:
        return f"{old['kind']} {old['version']} → {new['version']}"
    return f"{old['detail']} → {new['detail']}"
