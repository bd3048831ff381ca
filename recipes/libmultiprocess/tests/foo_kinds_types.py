"""A conversion of two parameters at once."""

from foo_kinds import Mark, Note, Repeated, Span

from libmultiprocess import CustomType, Wire


def build_repeated(value: tuple[str, int]) -> str:
    return f"{value[1]}*{value[0]}"


def read_repeated(text: str) -> Repeated:
    times, _, what = text.partition("*")
    return what, int(times)


def build_note(note: Note) -> str:
    return note.text


def read_note(text: str | None) -> Note:
    return Note("none" if text is None else text)


def build_span(span: Span) -> Wire:
    return {"first": span.first, "last": span.first + span.length}


def read_span(wire: Wire) -> Span:
    return Span(wire["first"], wire["last"] - wire["first"])


def build_mark(mark: Mark) -> Wire:
    return {"text": mark.text}


def read_mark(wire: Wire) -> Mark:
    return Mark(wire["text"] or "")


TYPES = (
    CustomType("foo_kinds.Span", build_span, read_span),
    CustomType("foo_kinds.Mark", build_mark, read_mark),
    CustomType("foo_kinds.Repeated", build_repeated, read_repeated),
    CustomType("foo_kinds.Note", build_note, read_note, nullable=True),
)
