"""Classes that inherit from those of another module."""

from abc import abstractmethod
from collections.abc import Sequence

from foo_base import Described, Name, Readable, Writable


class Document(Readable, Writable):
    """Two bases."""

    @abstractmethod
    def rename(self, name: Name) -> Name: ...


class SignedDocument(Document):
    """A base with bases."""

    @abstractmethod
    def sign(self) -> str: ...


class Library(Described):
    """Makes documents."""

    @abstractmethod
    def open(self) -> SignedDocument: ...

    @abstractmethod
    def read_all(self, documents: Sequence[Readable]) -> list[str]: ...


class MemoryDocument(SignedDocument):
    """A document in memory."""

    def __init__(self) -> None:
        self.text = ""
        self.was_closed = False

    def read(self) -> str:
        return self.text

    def write(self, text: str) -> None:
        self.text += text

    def rename(self, name: Name) -> Name:
        return Name(name.name.upper())

    def sign(self) -> str:
        return f"signed: {self.text}"

    def closed(self) -> None:
        self.was_closed = True


class MemoryLibrary(Library):
    """A library of one document."""

    def __init__(self) -> None:
        self.document = MemoryDocument()

    def open(self) -> SignedDocument:
        return self.document

    def describe(self) -> str:
        return "one document"

    def read_all(self, documents: Sequence[Readable]) -> list[str]:
        return [document.read() for document in documents]
