"""Calls between Python processes that look like calls within one, over C++ libmultiprocess's protocol."""

from libmultiprocess.connection import Connection, Traffic, calling_connection
from libmultiprocess.custom import CustomType
from libmultiprocess.deadline import deadline
from libmultiprocess.errors import (
    AddressError,
    AddressInUse,
    ConversionError,
    Disconnected,
    IpcError,
    NobodyListens,
    PeerRefused,
    ProxyClosed,
    RemoteError,
    SchemaError,
    TimedOut,
)
from libmultiprocess.eventloop import EventLoop
from libmultiprocess.limits import Limits
from libmultiprocess.log import Describer, FunctionLog, Log
from libmultiprocess.method import Method
from libmultiprocess.process import SpawnedProcess, inherited_socket, spawn
from libmultiprocess.proxy import ProxyClient, ProxyServer, close, connection_of
from libmultiprocess.schema import load_schema
from libmultiprocess.stream import Listener, connect, connect_stream, listen, serve_stream
from libmultiprocess.wire.codec import struct_codec
from libmultiprocess.wire.values import Wire

__version__ = "0.1.0"

__all__ = [
    "AddressError",
    "AddressInUse",
    "Connection",
    "ConversionError",
    "CustomType",
    "Describer",
    "Disconnected",
    "EventLoop",
    "FunctionLog",
    "IpcError",
    "Limits",
    "Listener",
    "Log",
    "Method",
    "NobodyListens",
    "PeerRefused",
    "ProxyClient",
    "ProxyClosed",
    "ProxyServer",
    "RemoteError",
    "SchemaError",
    "SpawnedProcess",
    "TimedOut",
    "Traffic",
    "Wire",
    "calling_connection",
    "close",
    "connect",
    "connect_stream",
    "connection_of",
    "deadline",
    "inherited_socket",
    "listen",
    "load_schema",
    "serve_stream",
    "spawn",
    "struct_codec",
]
