"""Methods of interfaces, as generated modules list them."""

from collections.abc import Sequence
from typing import Any

from libmultiprocess.wire.codec import StructCodec, struct_codec
from libmultiprocess.wire.message import Message, Segment
from libmultiprocess.wire.types import CONTEXT_ID
from libmultiprocess.wire.values import Wire


class Method:
    """One method of an interface.

    Args:
        interface: pycapnp's interface schema (of the interface that declares the method).
        interface_name: its name without the file's.
        name: the method's name in the schema.
        has_context: whether calls carry threads.

    Attributes:
        full_name: ``Interface.method``.
        numbers: id of the interface and ordinal of the method.
    """

    def __init__(self, interface: Any, interface_name: str, name: str, has_context: bool) -> None:
        self.interface = interface
        self.name = name
        self.has_context = has_context
        self.full_name = f"{interface_name}.{name}"
        self._proto = interface.methods[name]
        self._params: StructCodec | None = None
        self._results: StructCodec | None = None
        self._numbers: tuple[int, int] | None = None
        self._context: tuple[str, int] | None = None

    # All of these are worked out at first use: an interface has many methods, and a process uses few of them.

    @property
    def numbers(self) -> tuple[int, int]:
        """Id of the interface and ordinal of the method."""
        if self._numbers is None:
            node = self.interface.node
            names = [str(proto.name) for proto in node.interface.methods]
            self._numbers = int(node.id), names.index(self.name)
        return self._numbers

    @property
    def params(self) -> StructCodec:
        """How parameters travel."""
        if self._params is None:
            self._params = struct_codec(self._proto.param_type)
        return self._params

    @property
    def results(self) -> StructCodec:
        """How results travel."""
        if self._results is None:
            self._results = struct_codec(self._proto.result_type)
        return self._results

    @property
    def context(self) -> tuple[str, int]:
        """Name of the parameter with the threads, and its place among the pointers."""
        if self._context is None:
            self._context = next(
                (item.name, item.index)
                for item in self.params.layout.pointers
                if item.type.kind == "struct" and item.type.schema.node.id == CONTEXT_ID
            )
        return self._context

    def read_threads(self, message: Message, content: tuple[Segment, int]) -> tuple[int | None, int | None]:
        """Places in the capability table of the thread that shall run a call and the one that waits.

        Raises:
            MalformedMessage: if the parameters are not what the schema says.
        """
        index = self.context[1]
        params = message.struct_at(*content)
        if params is None or index >= params[4]:
            return None, None
        context = message.struct_at(params[0], params[3] + index * 8)
        if context is None:
            return None, None
        segment, _, _, pointers, count = context
        thread = message.capability_at(segment, pointers) if count > 0 else None
        callback_thread = message.capability_at(segment, pointers + 8) if count > 1 else None
        return thread, callback_thread

    def read(
        self, codec: StructCodec, message: Message, content: tuple[Segment, int], capabilities: Sequence[Any]
    ) -> Wire:
        """Parameters or results as plain values; those of an empty struct if there are none.

        Raises:
            MalformedMessage: if the message is not what the schema says.
        """
        found = message.struct_at(*content) or (b"", 0, 0, 0, 0)
        return codec.read_at(message, found, capabilities)
