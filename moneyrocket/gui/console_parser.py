"""Reading what is typed into the console: a method, its arguments, and calls within arguments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from moneyrocket.interfaces.json import Json
from moneyrocket.interfaces.node_values import RpcMethodInfo

SECRET_METHODS = frozenset(
    {
        "createwallet",
        "createwalletdescriptor",
        "encryptwallet",
        "importdescriptors",
        "importprivkey",
        "migratewallet",
        "sethdseed",
        "signmessagewithprivkey",
        "signrawtransactionwithkey",
        "walletpassphrase",
        "walletpassphrasechange",
    }
)
"""Methods whose arguments may be secret: not kept in the history."""


class ConsoleError(ValueError):
    """What was typed cannot be read."""


@dataclass(frozen=True, slots=True)
class Word:
    """An argument as typed, and whether it stood in quotes."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A method with arguments, of which each may be a call itself, then perhaps a part of its result."""

    method: str
    arguments: tuple[Word | Call, ...]
    path: tuple[str, ...] = ()


def parse_line(line: str) -> Call:
    """Read ``method arg "arg with space" other(arg)[part]``; parentheses and commas are allowed as well.

    Raises:
        ConsoleError: Quotes or brackets do not match, or there is no method.
    """
    parser = _Parser(line)
    call = parser.call(nested=False)
    if not call.method:
        raise ConsoleError("There is no command.")
    return call


def is_secret(line: str) -> bool:
    """Whether a line names a method whose arguments may be secret."""
    words = line.replace("(", " ").replace(")", " ").replace(",", " ").split()
    return any(word.casefold() in SECRET_METHODS for word in words)


def run_call(call: Call, methods: Mapping[str, RpcMethodInfo], execute: Callable[[str, Json], Json]) -> Json:
    """Run a call, and the calls within its arguments first.

    Args:
        call: What was typed.
        methods: The methods there are, by name: they say which arguments are JSON.
        execute: Runs a method with positional arguments, or named ones.

    Raises:
        ConsoleError: An argument is no JSON where JSON is needed, or there is no such part of a result.
    """
    info = methods.get(call.method)
    names = [argument.name.split("|") for argument in info.arguments] if info is not None else []
    positional: list[Json] = []
    named: dict[str, Json] = {}
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, Call):
            positional.append(run_call(argument, methods, execute))
            continue
        key, equals, rest = argument.text.partition("=")
        known = next((at for at, aliases in enumerate(names) if key in aliases), None)
        if equals and known is not None and not argument.quoted:
            named[key] = _value(Word(rest, False), info is not None and info.arguments[known].is_json)
            continue
        at = min(place, len(names) - 1)
        positional.append(_value(argument, info is not None and at >= 0 and info.arguments[at].is_json))
    if named and positional:
        raise ConsoleError("Name all arguments, or none.")
    result = execute(call.method, named or positional)
    for part in call.path:
        result = _part(result, part)
    return result


def spell(result: Json) -> str:
    """Spell a result for people: texts as they are, everything else as indented JSON."""
    if result is None:
        return ""
    return result if isinstance(result, str) else _to_json(result, "")


def _to_json(value: Json, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        lines = [f"{deeper}{json.dumps(str(key))}: {_to_json(each, deeper)}" for key, each in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        return "[\n" + ",\n".join(deeper + _to_json(each, deeper) for each in value) + f"\n{indent}]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False)


def _value(word: Word, is_json: bool) -> Json:
    if not is_json:
        return word.text
    try:
        value: Json = json.loads(word.text, parse_float=Decimal)
    except ValueError:
        raise ConsoleError(
            f"This argument has to be JSON (a number, true, false, a list \u2026): {word.text}"
        ) from None
    return value


def _part(value: Json, name: str) -> Json:
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    if isinstance(value, dict) and name in value:
        return value[name]
    raise ConsoleError(f"The result has no part {name}.")


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def call(self, *, nested: bool) -> Call:
        self._skip(" \t\n")
        method = self._bare()
        bracketed = nested or self._peek() == "("
        if self._peek() == "(":
            self._at += 1
        arguments: list[Word | Call] = []
        while True:
            self._skip(" \t\n," if bracketed else " \t\n")
            if not self._peek():
                if bracketed:
                    raise ConsoleError("A closing parenthesis is missing.")
                break
            if self._peek() == ")":
                if not bracketed:
                    raise ConsoleError("There is a closing parenthesis too many.")
                self._at += 1
                break
            arguments.append(self._argument())
        path = []
        while bracketed and self._peek() in ("[", "."):
            path.append(self._subscript())
        if not nested:
            self._skip(" \t\n")
            if self._peek():
                raise ConsoleError(f"This is too much: {self._text[self._at :]}")
        return Call(method, tuple(arguments), tuple(path))

    def _argument(self) -> Word | Call:
        quote = self._peek()
        if quote in ("'", '"'):
            return Word(self._quoted(quote), True)
        began = self._at
        word = self._bare()
        if self._peek() == "(" and word.isidentifier():
            self._at = began
            return self.call(nested=True)
        return Word(word, False)

    def _bare(self) -> str:
        """Takes a word, whose JSON brackets and quoted parts may hold anything."""
        taken, depth = "", 0
        while char := self._peek():
            if char in "[{":
                depth += 1
            elif char in "]}":
                depth -= 1
            elif depth == 0 and (char in " \t\n,()" or (char in "'\"" and not taken)):
                break
            elif char in "'\"":
                start = self._at
                self._quoted(char)
                # Inside JSON the quotes belong to it; elsewhere they only keep spaces together, as in a shell.
                part = self._text[start : self._at]
                taken += part if depth else part[1:-1]
                continue
            taken += char
            self._at += 1
        if depth > 0:
            raise ConsoleError("A closing bracket is missing.")
        return taken

    def _quoted(self, quote: str) -> str:
        self._at += 1
        taken = ""
        while (char := self._peek()) != quote:
            if not char:
                raise ConsoleError("A closing quote is missing.")
            if char == "\\" and quote == '"':
                self._at += 1
                char = self._peek()
            taken += char
            self._at += 1
        self._at += 1
        return taken

    def _subscript(self) -> str:
        if self._peek() == ".":
            self._at += 1
            return self._bare()
        end = self._text.find("]", self._at)
        if end < 0:
            raise ConsoleError("A closing bracket is missing.")
        name = self._text[self._at + 1 : end].strip("'\"")
        self._at = end + 1
        return name

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, characters: str) -> None:
        while (char := self._peek()) and char in characters:
            self._at += 1
