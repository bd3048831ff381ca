"""Methods of interfaces, as generated modules list them."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from libmultiprocess.wire.codec import StructCodec, Wire, struct_codec
from libmultiprocess.wire.message import Message, Segment
from libmultiprocess.wire.types import CONTEXT_ID


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

    @cached_property
    def numbers(self) -> tuple[int, int]:
        """Id of the interface and ordinal of the method."""
        node = self.interface.node
        names = [str(proto.name) for proto in node.interface.methods]
        return int(node.id), names.index(self.name)

    @cached_property
    def params(self) -> StructCodec:
        """How parameters travel."""
        return struct_codec(self._proto.param_type)

    @cached_property
    def results(self) -> StructCodec:
        """How results travel."""
        return struct_codec(self._proto.result_type)

    @cached_property
    def context(self) -> tuple[str, int]:
        """Name of the parameter with the threads, and its place among the pointers."""
        for item in self.params.layout.pointers:
            if item.type.kind == "struct" and item.type.schema.node.id == CONTEXT_ID:
                return item.name, item.index
        raise ValueError(f"{self.full_name} has no context")

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
