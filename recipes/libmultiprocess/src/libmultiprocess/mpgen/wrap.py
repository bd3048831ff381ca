"""Breaks generated lines that are too long, where the language allows it and a reader expects it."""

from typing import Final

LINE_LENGTH: Final = 120
_CLAUSES: Final = ((" for ",), (" if ", " else "), (" or ",))
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


def wrap(line: str) -> list[str]:
    """One statement, or one element of a bracketed list with its comma, on as many lines as it needs."""
    text = line.lstrip(" ")
    indent = line[: len(line) - len(text)]
    if text.endswith(","):
        return _element(indent, text[:-1], ",")
    return _split_brackets(indent, text, "") if len(line) > LINE_LENGTH else [line]


def _element(indent: str, text: str, end: str) -> list[str]:
    """An expression within brackets, where a line may end anywhere."""
    if len(indent) + len(text) + len(end) <= LINE_LENGTH:
        return [indent + text + end]
    for words in _CLAUSES:
        cuts = [index for index in _outside(text) if text.startswith(words, index)]
        if cuts:
            return _split_words(indent, text, cuts, end)
    return _split_brackets(indent, text, end)


def _split_words(indent: str, text: str, cuts: list[int], end: str) -> list[str]:
    """A comprehension or conditional: each clause on a line."""
    lines = []
    for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
        lines += _element(indent, text[start:stop].strip(), end if stop == len(text) else "")
    return lines


def _split_brackets(indent: str, text: str, end: str) -> list[str]:
    """What the last brackets hold on lines of its own."""
    opened = [index for index in _outside(text) if text[index] in _CLOSING]
    pairs = [(index, _close(text, index)) for index in opened]
    pairs = [(start, stop) for start, stop in pairs if stop - start > 1]
    if not pairs:
        return [indent + text + end]
    start, stop = pairs[-1]
    body = text[start + 1 : stop]
    lines = [indent + text[: start + 1]]
    outside = _outside(body)
    # A comprehension is one element, and takes no comma at its end.
    is_comprehension = any(body.startswith(" for ", index) for index in outside)
    commas = [] if is_comprehension else [index for index in outside if body[index] == ","]
    comma = "" if is_comprehension else ","
    for first, last in zip([0, *(index + 1 for index in commas)], [*commas, len(body)], strict=True):
        part = body[first:last].strip()
        if part:
            lines += _element(indent + "    ", part, comma)
    return [*lines, indent + text[stop:] + end]


def _outside(text: str) -> list[int]:
    """Positions that are within neither brackets nor quotes; an opening bracket itself counts."""
    found = []
    index = 0
    while index < len(text):
        found.append(index)
        character = text[index]
        if character in "\"'":
            index = _end_of_string(text, index)
        elif character in _CLOSING:
            index = _close(text, index)
        index += 1
    return found


def _end_of_string(text: str, start: int) -> int:
    index = start + 1
    while text[index] != text[start]:
        index += 2 if text[index] == "\\" else 1
    return index


def _close(text: str, start: int) -> int:
    """Position of the bracket that closes the one at ``start``."""
    index = start + 1
    while text[index] != _CLOSING[text[start]]:
        if text[index] in "\"'":
            index = _end_of_string(text, index)
        elif text[index] in _CLOSING:
            index = _close(text, index)
        index += 1
    return index
