"""A conversion of two parameters at once."""

from foo_kinds import Note, Repeated

from libmultiprocess import CustomType


def build_repeated(value: tuple[str, int]) -> str:
    return f"{value[1]}*{value[0]}"


def read_repeated(text: str) -> Repeated:
    times, _, what = text.partition("*")
    return what, int(times)


def build_note(note: Note) -> str:
    return note.text


def read_note(text: str | None) -> Note:
    return Note("none" if text is None else text)


TYPES = (
    CustomType("foo_kinds.Repeated", build_repeated, read_repeated),
    CustomType("foo_kinds.Note", build_note, read_note, nullable=True),
)
